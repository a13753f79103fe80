-- One attack a line, for MySQL and MariaDB. Nothing here may change anything, and each must be refused or stopped. A line that starts with ~ may run, and must leave nothing behind.
INSERT INTO account VALUES (9, 'x', 1)
UPDATE account SET balance = 0
DELETE FROM account
DELETE FROM account RETURNING *
INSERT INTO account VALUES (12, 'x', 1) RETURNING id
REPLACE INTO account VALUES (1, 'x', 1)
TRUNCATE TABLE account
WITH d AS (SELECT 1) DELETE FROM account
WITH d AS (SELECT 1 AS n) UPDATE account SET balance = (SELECT n FROM d)
CREATE TABLE intruder AS SELECT * FROM account
CREATE TABLE intruder (a int)
CREATE TEMPORARY TABLE intruder (a int)
CREATE VIEW intruder AS SELECT 1
CREATE DATABASE intruder
CREATE USER intruder
CREATE FUNCTION intruder() RETURNS int RETURN 1
CREATE FUNCTION intruder RETURNS STRING SONAME 'evil.so'
CREATE EVENT intruder ON SCHEDULE EVERY 1 DAY DO DELETE FROM account
CREATE SERVER intruder FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')
DROP TABLE account
DROP DATABASE mysql
ALTER TABLE account ADD COLUMN intruder int
ALTER USER CURRENT_USER() IDENTIFIED BY 'x'
RENAME TABLE account TO gone
GRANT ALL ON *.* TO intruder
REVOKE ALL ON *.* FROM PUBLIC
SELECT * FROM account INTO OUTFILE '/tmp/nl2sql_attack_outfile'
SELECT 'x' INTO DUMPFILE '/tmp/nl2sql_attack_dumpfile'
SELECT * INTO OUTFILE '/tmp/nl2sql_attack_outfile2' FROM account
SELECT 1 INTO @x
(SELECT 1) INTO @x
SELECT 1 UNION SELECT 2 INTO OUTFILE '/tmp/nl2sql_attack_union'
SELECT LOAD_FILE('/etc/passwd')
SELECT `load_file`('/etc/passwd')
LOAD DATA INFILE '/etc/passwd' INTO TABLE account
LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE account
LOAD XML INFILE '/etc/passwd' INTO TABLE account
COMMIT
ROLLBACK
START TRANSACTION READ WRITE
BEGIN
SAVEPOINT intruder
BEGIN NOT ATOMIC DELETE FROM account; END
BEGIN NOT ATOMIC COMMIT; SET SESSION TRANSACTION READ WRITE; DELETE FROM account; END
IF 1 THEN DELETE FROM account; END IF
SELECT 1; DELETE FROM account
SELECT 1; COMMIT; DELETE FROM account
SELECT 1;; DROP TABLE account
SELECT 'a\'; DELETE FROM account; -- '; DELETE FROM account
SELECT 1 /*!; DELETE FROM account */
SELECT 1 /*!50000 INTO OUTFILE '/tmp/nl2sql_attack_comment' */
/*!50000 DELETE FROM account */
SELECT 1 /*M!100000 INTO OUTFILE '/tmp/nl2sql_attack_comment' */
SET SESSION TRANSACTION READ WRITE
SET SESSION transaction_read_only = 0
SET STATEMENT max_statement_time = 0 FOR SELECT 1
SET STATEMENT tx_read_only = 0 FOR DELETE FROM account
SET GLOBAL max_connections = 1
SET GLOBAL general_log = 1
SET PASSWORD = 'x'
SET ROLE ALL
SET @x = 1
SELECT @x := 1
SELECT @x := balance FROM account
SELECT SLEEP(30)
SELECT sleep (30) FROM account
SELECT BENCHMARK(10000000000, SHA2('x', 512))
~ SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c
SELECT SUM(a.id) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j, digits k, digits l
~ WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n a, n b
SELECT GET_LOCK('intruder', 10)
SELECT RELEASE_LOCK('intruder')
SELECT RELEASE_ALL_LOCKS()
SELECT * FROM account FOR UPDATE
SELECT * FROM account FOR UPDATE SKIP LOCKED
SELECT * FROM account LOCK IN SHARE MODE
SELECT * FROM account FOR SHARE
SELECT NEXT VALUE FOR counter
SELECT NEXTVAL(counter)
SELECT SETVAL(counter, 1000)
SELECT PREVIOUS VALUE FOR counter
SELECT wipe()
SELECT `wipe`()
SELECT wipe() FROM account
SELECT * FROM wiping_view
SELECT * FROM account WHERE wipe() > 0
SELECT locks()
CALL wipe_procedure()
DO wipe()
DO SLEEP(30)
LOCK TABLES account WRITE
UNLOCK TABLES
FLUSH TABLES WITH READ LOCK
FLUSH PRIVILEGES
FLUSH LOGS
RESET MASTER
RESET QUERY CACHE
PURGE BINARY LOGS BEFORE NOW()
KILL 1
KILL QUERY 1
SHUTDOWN
HANDLER account OPEN
HANDLER account READ FIRST
PREPARE intruder FROM 'DELETE FROM account'
EXECUTE intruder
EXECUTE IMMEDIATE 'DELETE FROM account'
DEALLOCATE PREPARE intruder
EXPLAIN DELETE FROM account
ANALYZE DELETE FROM account
ANALYZE FORMAT=JSON SELECT 1
ANALYZE TABLE account
OPTIMIZE TABLE account
REPAIR TABLE account
CHECK TABLE account
INSTALL SONAME 'ha_federatedx'
INSTALL PLUGIN intruder SONAME 'evil.so'
UNINSTALL PLUGIN intruder
CHANGE MASTER TO MASTER_HOST = 'x'
START SLAVE
USE mysql
SHOW GRANTS
XA START 'intruder'
BINLOG 'x'
CACHE INDEX account IN intruder
SELECT MASTER_POS_WAIT('x', 1)
SELECT MASTER_GTID_WAIT('0-1-1')
SELECT sys_exec('touch /tmp/nl2sql_attack_udf')
SELECT id, wipe() FROM account UNION SELECT 1, 2
SELECT * FROM (SELECT wipe()) AS w
SELECT CASE WHEN wipe() THEN 1 END
SELECT COALESCE(NULL, wipe())
SELECT (SELECT wipe())
SELECT * FROM account ORDER BY wipe()
SELECT COUNT(*) FROM account GROUP BY wipe()
SELECT COUNT(*) FROM account HAVING wipe() = 1
WITH w AS (SELECT wipe() AS n) SELECT * FROM w
VALUES (wipe())
SELECT wipe () FROM account
SELECT `wipe` ()
SELECT hides_a_write() FROM account
SELECT * FROM hiding_view
SELECT unlimited()
SELECT changes_server()
SELECT advances()
SELECT remembers()
SELECT switches()
SELECT bends()
SELECT * FROM account WHERE id = 1 INTO @a, @b, @c
SELECT id INTO OUTFILE '/tmp/nl2sql_attack_fields' FIELDS TERMINATED BY ',' FROM account
SELECT 'x' FROM account INTO DUMPFILE '/tmp/nl2sql_attack_dump2'
(SELECT * FROM account) INTO OUTFILE '/tmp/nl2sql_attack_paren'
SELECT * FROM (SELECT 1 INTO OUTFILE '/tmp/nl2sql_attack_inner') AS t
WITH w AS (SELECT 1) SELECT * FROM w INTO OUTFILE '/tmp/nl2sql_attack_with'
SELECT CONVERT(LOAD_FILE('/etc/passwd') USING utf8mb4)
SELECT LENGTH(load_file (0x2f6574632f706173737764))
SELECT * FROM account WHERE name = LOAD_FILE('/etc/hostname')
SELECT SLEEP(30) FROM account
SELECT IF(1, SLEEP(30), 0)
SELECT * FROM account WHERE SLEEP(10)
SELECT BENCHMARK(1000000000, MD5('a'))
SELECT IF(BENCHMARK(100000000, SHA1('a')), 1, 0)
SELECT RELEASE_LOCK('x'), GET_LOCK('intruder', 0)
SELECT IS_FREE_LOCK('intruder'), GET_LOCK('intruder', 0)
SELECT @@session.tx_read_only := 0
SELECT @a
SELECT @a := 1, @b := @a + 1
SELECT @`a` := 1
SELECT @'a' := 1
SELECT @total := @total + balance FROM account, (SELECT @total := 0) AS t
SET @@session.tx_read_only = 0
SET SESSION tx_read_only = OFF
SET GLOBAL tx_read_only = 1
SET SESSION sql_mode = 'ANSI_QUOTES'
SET autocommit = 1
SET max_statement_time = 0
SET STATEMENT max_statement_time = 0 FOR SELECT SLEEP(30)
SET STATEMENT sql_mode = '' FOR INSERT INTO account VALUES (20, 'x', 1)
SET NAMES latin1
SET CHARACTER SET latin1
SET PASSWORD FOR root@localhost = PASSWORD('x')
SET DEFAULT ROLE NONE
SET TRANSACTION READ WRITE
START TRANSACTION
START TRANSACTION READ WRITE, WITH CONSISTENT SNAPSHOT
COMMIT WORK AND CHAIN
ROLLBACK AND CHAIN
ROLLBACK TO SAVEPOINT intruder
RELEASE SAVEPOINT intruder
LOCK TABLES account READ
LOCK TABLE account WRITE CONCURRENT
BACKUP STAGE START
BACKUP LOCK account
FLUSH TABLES
FLUSH STATUS
FLUSH HOSTS
FLUSH QUERY CACHE
FLUSH LOCAL TABLES account FOR EXPORT
RESET SLAVE ALL
RESET PERSIST
STOP SLAVE
CHANGE MASTER TO MASTER_USE_GTID = no
KILL SOFT CONNECTION 1
KILL QUERY ID 1
KILL HARD USER nobody
SHUTDOWN WAIT FOR ALL SLAVES
RESTART
HANDLER account READ NEXT
HANDLER account CLOSE
EXECUTE IMMEDIATE 'SELECT 1'
EXECUTE IMMEDIATE CONCAT('DELETE', ' FROM account')
PREPARE p FROM 'SELECT 1'
DROP PREPARE intruder
DO wipe()
DO @x := 1
CALL sys.execute_prepared_stmt('DELETE FROM account')
CALL mysql.intruder()
BEGIN NOT ATOMIC SET SESSION tx_read_only = 0; DELETE FROM account; COMMIT; END
BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'DELETE FROM account'; END
FOR i IN 1..2 DO DELETE FROM account; END FOR
LOOP DELETE FROM account; END LOOP
WHILE 1 DO DELETE FROM account; END WHILE
CASE 1 WHEN 1 THEN DELETE FROM account; END CASE
EXPLAIN INSERT INTO account VALUES (21, 'x', 1)
EXPLAIN EXTENDED SELECT 1
ANALYZE UPDATE account SET balance = 0
ANALYZE SELECT wipe()
DESCRIBE account
DESC account
SHOW TABLES
SHOW PROCESSLIST
SHOW CREATE TABLE account
HELP 'select'
CHECKSUM TABLE account
CHECK TABLE account FOR UPGRADE
ANALYZE LOCAL TABLE account
ANALYZE TABLE account PERSISTENT FOR ALL
OPTIMIZE NO_WRITE_TO_BINLOG TABLE account
REPAIR TABLE account USE_FRM
LOAD INDEX INTO CACHE account
INSERT INTO account SELECT id + 100, name, balance FROM account
INSERT INTO account SET id = 30
INSERT IGNORE INTO account VALUES (1, 'x', 1)
INSERT INTO account VALUES (1, 'x', 1) ON DUPLICATE KEY UPDATE balance = 0
INSERT DELAYED INTO account VALUES (31, 'x', 1)
UPDATE account, digits SET account.balance = 0
DELETE account FROM account JOIN digits ON digits.id = account.id
DELETE a FROM account AS a
REPLACE DELAYED INTO account VALUES (1, 'x', 2)
ALTER TABLE account ENGINE = MyISAM
ALTER TABLE account DISABLE KEYS
ALTER DATABASE CHARACTER SET latin1
ALTER EVENT intruder DISABLE
ALTER SEQUENCE counter RESTART 100
CREATE OR REPLACE TABLE account (a int)
CREATE OR REPLACE VIEW wiping_view AS SELECT 1
CREATE INDEX intruder ON account (name(10))
CREATE TRIGGER intruder BEFORE INSERT ON account FOR EACH ROW SET NEW.balance = 0
CREATE SEQUENCE intruder
CREATE ROLE intruder
CREATE TABLE intruder LIKE account
CREATE TEMPORARY TABLE intruder SELECT * FROM account
DROP TABLE IF EXISTS account
DROP TEMPORARY TABLE IF EXISTS account
DROP VIEW wiping_view
DROP FUNCTION wipe
DROP SEQUENCE counter
DROP USER root@localhost
DROP INDEX `PRIMARY` ON account
GRANT SELECT ON *.* TO intruder@'%' IDENTIFIED BY 'x'
RENAME USER root@localhost TO gone@localhost
SELECT * FROM account FOR UPDATE NOWAIT
SELECT * FROM account FOR UPDATE WAIT 5
SELECT * FROM (SELECT * FROM account FOR UPDATE) AS t
(SELECT * FROM account) FOR UPDATE
WITH w AS (SELECT * FROM account LOCK IN SHARE MODE) SELECT * FROM w
SELECT NEXTVAL(`counter`)
SELECT LASTVAL(counter), NEXTVAL(counter)
SELECT NEXT VALUE FOR counter FROM account
SELECT SETVAL(counter, 50, 1, 1)
SELECT LAST_INSERT_ID(99)
SELECT * FROM account PROCEDURE ANALYSE()
SELECT * FROM account PROCEDURE ANALYSE(10, 2000)
SELECT 1 /*!99999 ; DELETE FROM account */
SELECT 1 /*!, SLEEP(30) */
SELECT /*! SLEEP(30) */
SELECT 1 /*M! , SLEEP(30) */
SELECT 1 /*m!100000 , SLEEP(30) */
SELECT "a\"; DELETE FROM account; -- "; DELETE FROM account
SELECT 'a''; DELETE FROM account; -- '; DELETE FROM account
SELECT `a``; DELETE FROM account`; DELETE FROM account
SELECT 1; SET SESSION tx_read_only = 0; DELETE FROM account; COMMIT
SELECT 1; CALL wipe_procedure()
DELIMITER // DELETE FROM account //
SELECT REPEAT('x', 1000000000)
SELECT LENGTH(RPAD('x', 1000000000, 'y'))
SELECT SPACE(1000000000)
~ SELECT SUM(a.id) FROM digits a JOIN digits b JOIN digits c JOIN digits d JOIN digits e JOIN digits f JOIN digits g JOIN digits h JOIN digits i JOIN digits j
~ SELECT COUNT(*) FROM information_schema.COLUMNS a JOIN information_schema.COLUMNS b JOIN information_schema.STATISTICS c
SELECT MAX(MD5(CONCAT(a.id, b.id, c.id, d.id, e.id, f.id, g.id, h.id))) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j
SELECT GROUP_CONCAT(a.id) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j
SELECT sys_eval('id')
SELECT sys_set('PATH', 'x')
SELECT lib_mysqludf_sys_info(), sys_exec('id')
SELECT SOURCE_POS_WAIT('x', 1)
SELECT WAIT_FOR_EXECUTED_GTID_SET('x')
SELECT sets_a_global()
SELECT writes_a_file()
SELECT declares_nothing(1)
SELECT `declares_nothing`(1)
SELECT DECLARES_NOTHING (1)
SELECT declares_nothing/**/(1)
SELECT id FROM account WHERE declares_nothing(id) > 0
SELECT * FROM setting_view
SELECT count(*) FROM setting_view
SELECT * FROM view_over_setting_view
SELECT `a` FROM `setting_view` AS s
WITH c AS (SELECT * FROM setting_view) SELECT * FROM c
SELECT (SELECT max(a) FROM view_over_setting_view)
SELECT * FROM account JOIN setting_view ON 1 = 1
SELECT elsewhere.unseen(1)
SELECT `elsewhere` . `unseen` (1)
SELECT * FROM mysql.user
SELECT authentication_string FROM mysql . `global_priv`
