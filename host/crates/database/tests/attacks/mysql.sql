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
SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c
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
~ SELECT locks()
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
