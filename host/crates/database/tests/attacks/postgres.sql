-- One attack a line, for PostgreSQL. Nothing here may change anything, and each must be refused or stopped.
INSERT INTO account VALUES (9, 'x', 1)
UPDATE account SET balance = 0
DELETE FROM account
TRUNCATE account
MERGE INTO account USING (SELECT 1 AS id) s ON account.id = s.id WHEN MATCHED THEN DELETE
WITH d AS (DELETE FROM account RETURNING *) SELECT * FROM d
WITH d AS (INSERT INTO account VALUES (10, 'x', 1) RETURNING *) SELECT * FROM d
WITH d AS (UPDATE account SET balance = 0 RETURNING *) SELECT count(*) FROM d
WITH d AS MATERIALIZED (DELETE FROM account RETURNING *) SELECT * FROM d
WITH d AS (SELECT 1) DELETE FROM account
SELECT * INTO intruder FROM account
SELECT * INTO TEMP intruder FROM account
CREATE TABLE intruder AS SELECT * FROM account
CREATE TABLE intruder (a int)
CREATE TEMP TABLE intruder (a int)
CREATE VIEW intruder AS SELECT 1
CREATE FUNCTION intruder() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE EXTENSION dblink
CREATE ROLE intruder SUPERUSER
CREATE DATABASE intruder
DROP TABLE account
DROP SCHEMA public CASCADE
ALTER TABLE account ADD COLUMN intruder int
ALTER SYSTEM SET work_mem = '1GB'
ALTER ROLE CURRENT_USER SET work_mem = '1GB'
GRANT ALL ON account TO PUBLIC
REVOKE ALL ON account FROM PUBLIC
COMMENT ON TABLE account IS 'intruder'
COPY account TO '/tmp/nl2sql_attack_copy'
COPY account FROM '/etc/passwd'
COPY (SELECT 1) TO PROGRAM 'touch /tmp/nl2sql_attack_program'
COPY account FROM PROGRAM 'cat /etc/passwd'
COPY (DELETE FROM account RETURNING *) TO STDOUT
COMMIT
ROLLBACK
ABORT
END
BEGIN; DELETE FROM account; COMMIT
SELECT 1; COMMIT; DELETE FROM account
SELECT 1; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
ROLLBACK; DELETE FROM account
SELECT 1;; DELETE FROM account
SELECT 1 AS "a;b"; DROP TABLE account
SELECT $$;$$; DROP TABLE account
SELECT E'\';'; DROP TABLE account; --'
SET default_transaction_read_only = off
SET TRANSACTION READ WRITE
SET SESSION AUTHORIZATION DEFAULT
SET ROLE NONE
RESET ALL
DISCARD ALL
SELECT set_config('transaction_read_only', 'off', false)
SELECT set_config('default_transaction_read_only', 'off', false), set_config('role', 'none', false)
SELECT pg_catalog.set_config('statement_timeout', '0', false)
SELECT "set_config"('statement_timeout', '0', false)
SELECT U&"\0073et_config"('statement_timeout', '0', false)
SELECT pg_catalog."pg_sleep"(30)
SELECT pg_sleep(30)
SELECT pg_sleep_for('30 s')
SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000000) b
SELECT sum(a.id) FROM account a, account b, account c, account d, account e, account f, account g, account h, account i, account j, account k, account l, account m, account n, account o, account p, account q, account r, account s, account t, account u, account v, account w, account x, account y
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n
SELECT repeat('x', 1000000000) || repeat('y', 1000000000)
SELECT md5(repeat('x', 1000000000) || repeat('x', 1000000000))
SELECT nextval('counter')
SELECT setval('counter', 1000)
SELECT pg_catalog.setval('counter', 1000, true)
SELECT lastval()
SELECT lo_create(4711)
SELECT lo_creat(-1)
SELECT lo_import('/etc/passwd')
SELECT lo_export(4712, '/tmp/nl2sql_attack_lo')
SELECT lo_from_bytea(4713, 'x')
SELECT lo_put(4714, 0, 'x')
SELECT lo_unlink(4715)
SELECT pg_advisory_lock(4711)
SELECT pg_try_advisory_lock(4711)
SELECT pg_advisory_lock_shared(4711), pg_advisory_lock(1, 2)
SELECT pg_advisory_unlock_all()
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
SELECT pg_reload_conf()
SELECT pg_rotate_logfile()
SELECT pg_switch_wal()
SELECT pg_create_restore_point('intruder')
SELECT pg_create_physical_replication_slot('intruder')
SELECT pg_create_logical_replication_slot('intruder', 'pgoutput')
SELECT pg_logical_emit_message(false, 'intruder', 'x')
SELECT pg_notify('intruder', 'x')
SELECT pg_export_snapshot()
SELECT pg_stat_reset()
SELECT pg_read_file('/etc/passwd')
SELECT pg_read_binary_file('/etc/passwd')
SELECT pg_ls_dir('/')
SELECT * FROM pg_ls_dir('/')
SELECT pg_stat_file('/etc/passwd')
SELECT query_to_xml('DELETE FROM account', true, true, '')
SELECT query_to_xml('SELECT set_config(''role'', ''none'', false)', true, true, '')
SELECT database_to_xml(true, true, '')
SELECT ts_stat('SELECT nextval(''counter'')')
SELECT wipe()
SELECT wipe_as_owner()
SELECT * FROM wipe_as_owner()
SELECT "wipe_as_owner"()
SELECT (SELECT wipe()) FROM account
SELECT * FROM wiping_view
SELECT count(*) FROM counting_view
SELECT * FROM account WHERE wipe() > 0
SELECT * FROM account ORDER BY wipe()
SELECT dblink_exec('dbname=postgres', 'DELETE FROM account')
SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(a int)
SELECT * FROM account FOR UPDATE
SELECT * FROM account FOR NO KEY UPDATE
SELECT * FROM account FOR SHARE
SELECT * FROM account FOR KEY SHARE NOWAIT
LOCK TABLE account IN ACCESS EXCLUSIVE MODE
LISTEN intruder
NOTIFY intruder
UNLISTEN *
PREPARE intruder AS DELETE FROM account
EXECUTE intruder
DEALLOCATE ALL
DECLARE intruder CURSOR FOR SELECT 1
FETCH ALL FROM nl2sql_rows
CLOSE ALL
DO $$ BEGIN DELETE FROM account; END $$
CALL wipe_procedure()
EXPLAIN ANALYZE DELETE FROM account
EXPLAIN SELECT 1
VACUUM account
ANALYZE account
CLUSTER account
REINDEX TABLE account
CHECKPOINT
LOAD 'auto_explain'
REFRESH MATERIALIZED VIEW frozen
IMPORT FOREIGN SCHEMA public FROM SERVER x INTO public
SECURITY LABEL ON TABLE account IS 'x'
TABLE account
SHOW ALL
