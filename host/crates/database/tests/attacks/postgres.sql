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
SELECT E'a'␤'\'' , pg_sleep(30) , 'x' --'
SELECT E'a' -- b␤'\'' , pg_notify('intruder', 'x') , 'x' --'
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
~ TABLE account
SHOW ALL
SELECT * FROM (DELETE FROM account RETURNING *) AS d
WITH RECURSIVE d AS (DELETE FROM account RETURNING id) SELECT * FROM d
WITH a AS (SELECT 1), d AS (UPDATE account SET name = 'x' RETURNING id) SELECT * FROM a, d
SELECT (SELECT count(*) FROM (SELECT wipe_as_owner()) AS w)
SELECT CASE WHEN wipe() = 1 THEN 1 ELSE 0 END
SELECT count(*) FILTER (WHERE wipe_as_owner() = 1) FROM account
SELECT account.wipe_row FROM account
SELECT (account).wipe_row FROM account
SELECT a.wipe_row FROM account AS a WHERE a.id = 1
SELECT wipe_row(account) FROM account
SELECT wipe_row(ROW(1, 'a', 1)::account)
SELECT 1 ### 2
SELECT (1, 2) OPERATOR(public.###) 2
SELECT 1 OPERATOR(public.###) 2
SELECT wiping_sum(id) FROM account
SELECT * FROM account JOIN LATERAL (SELECT wipe()) w ON true
SELECT * FROM ROWS FROM (wipe(), wipe_as_owner()) AS t
SELECT coalesce(NULL, wipe_as_owner())
SELECT public.wipe()
SELECT public . wipe ()
SELECT public."wipe" /* x */ ()
VALUES (wipe()), (wipe_as_owner())
SELECT array_agg(wipe()) OVER (PARTITION BY id) FROM account
SELECT * FROM frozen, LATERAL wipe_as_owner()
SELECT generate_series(1, 3), nextval('counter')
SELECT nextval('counter'::regclass) FROM generate_series(1, 10)
SELECT pg_sequence_last_value('counter'::regclass), nextval('counter')
SELECT set_config('role', 'postgres', true)
SELECT set_config('transaction_read_only', 'off', true)
SELECT set_config('statement_timeout', '0', true), pg_sleep(5)
SELECT set_config('search_path', 'evil, public', false)
SELECT "pg_catalog"."set_config"('session_replication_role', 'replica', false)
SELECT * FROM set_config('work_mem', '4GB', false)
SELECT current_setting('x'), set_config('x.y', 'z', false)
SELECT setseed(0.5)
SELECT pg_sleep_until(now() + interval '30 s')
SELECT count(*) FROM pg_sleep(30)
SELECT 1 WHERE pg_sleep(30) IS NULL
SELECT * FROM account, pg_sleep(30)
SELECT pg_advisory_xact_lock(4711)
SELECT pg_advisory_xact_lock_shared(4711)
SELECT pg_try_advisory_xact_lock(4711)
SELECT pg_try_advisory_lock_shared(4711)
SELECT pg_advisory_unlock(4711)
SELECT lo_open(4712, 131072)
SELECT loread(lo_open(4712, 262144), 100)
SELECT lowrite(lo_open(4712, 131072), 'x')
SELECT lo_truncate(lo_open(4712, 131072), 0)
SELECT lo_put(4712, 0, 'changed')
SELECT pg_stat_reset_shared('bgwriter')
SELECT pg_stat_reset_single_table_counters('account'::regclass)
SELECT pg_stat_clear_snapshot()
SELECT pg_backup_start('intruder')
SELECT pg_backup_stop()
SELECT pg_drop_replication_slot('intruder')
SELECT pg_replication_origin_create('intruder')
SELECT pg_logical_slot_get_changes('intruder', NULL, NULL)
SELECT pg_promote()
SELECT pg_wal_replay_pause()
SELECT pg_ls_waldir()
SELECT pg_ls_logdir()
SELECT pg_ls_tmpdir()
SELECT pg_read_file('PG_VERSION', 0, 100)
SELECT pg_read_server_files('/etc/passwd')
SELECT pg_hba_file_rules()
SELECT pg_current_logfile()
SELECT txid_current()
SELECT pg_current_xact_id()
SELECT pg_log_backend_memory_contexts(pg_backend_pid())
SELECT pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')
SELECT pg_import_system_collations('pg_catalog')
SELECT pg_collation_actual_version(100), pg_reload_conf()
SELECT brin_summarize_new_values('account')
SELECT gin_clean_pending_list('account')
SELECT binary_upgrade_set_next_pg_type_oid(1)
SELECT cursor_to_xml('nl2sql_rows', 1, true, true, '')
SELECT query_to_xml_and_xmlschema('SELECT wipe()', true, true, '')
SELECT query_to_xmlschema('SELECT wipe()', true, true, '')
SELECT schema_to_xml('public', true, true, '')
SELECT database_to_xml_and_xmlschema(true, true, '')
SELECT * FROM ts_stat('SELECT to_tsvector(name) FROM account WHERE wipe() > 0')
SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery WHERE wipe() > 0')
SELECT * FROM crosstab('SELECT 1, 2, wipe()') AS t(a int, b int, c int)
SELECT * FROM connectby('account', 'id', 'id', '1', 0) AS t(a int, b int, c int)
SELECT dblink_connect('dbname=postgres')
SELECT dblink_send_query('x', 'DELETE FROM account')
SELECT xmlparse(document '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'), wipe()
SELECT has_table_privilege('account', 'SELECT'), pg_cancel_backend(pg_backend_pid())
SELECT pg_terminate_backend(pg_backend_pid())
SELECT pg_blocking_pids(pg_backend_pid()), pg_notify('a', 'b')
COPY (SELECT * FROM account) TO '/tmp/nl2sql_attack_copy2' CSV
COPY (SELECT wipe()) TO STDOUT
COPY account TO PROGRAM 'cat > /tmp/nl2sql_attack_program2'
SELECT * FROM account INTO intruder
SELECT INTO intruder FROM account
SELECT 1 INTO UNLOGGED intruder
WITH d AS (SELECT 1) SELECT * INTO intruder FROM d
(SELECT * FROM account) FOR UPDATE
SELECT * FROM account FOR UPDATE OF account SKIP LOCKED
SELECT * FROM (SELECT * FROM account FOR UPDATE) AS t
WITH l AS (SELECT * FROM account FOR SHARE) SELECT * FROM l
DELETE FROM account USING account AS a
INSERT INTO account SELECT * FROM account
INSERT INTO account DEFAULT VALUES ON CONFLICT DO NOTHING
UPDATE account SET balance = 1 RETURNING *
CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'SELECT 2'
CREATE TRIGGER intruder BEFORE INSERT ON account EXECUTE FUNCTION wipe()
CREATE RULE intruder AS ON SELECT TO account DO INSTEAD SELECT 1
CREATE POLICY intruder ON account
CREATE PUBLICATION intruder FOR ALL TABLES
CREATE SUBSCRIPTION intruder CONNECTION 'x' PUBLICATION y
CREATE SERVER intruder FOREIGN DATA WRAPPER x
CREATE EVENT TRIGGER intruder ON ddl_command_start EXECUTE FUNCTION wipe()
CREATE TABLESPACE intruder LOCATION '/tmp'
CREATE MATERIALIZED VIEW intruder AS SELECT 1
CREATE STATISTICS intruder ON id, name FROM account
CREATE TYPE intruder AS (a int)
CREATE DOMAIN intruder AS int
CREATE AGGREGATE intruder (int) (SFUNC = int4pl, STYPE = int)
CREATE LANGUAGE plpython3u
CREATE INDEX CONCURRENTLY intruder ON account (name)
DROP OWNED BY CURRENT_USER
REASSIGN OWNED BY CURRENT_USER TO CURRENT_USER
ALTER DATABASE postgres SET work_mem = '1GB'
ALTER SYSTEM RESET ALL
ALTER FUNCTION wipe() STABLE
ALTER SEQUENCE counter RESTART
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC
START TRANSACTION READ WRITE
SAVEPOINT intruder
ROLLBACK TO intruder
COMMIT AND CHAIN
COMMIT PREPARED 'intruder'
PREPARE TRANSACTION 'intruder'
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE
SET CONSTRAINTS ALL DEFERRED
SET LOCAL transaction_read_only = off
SHOW transaction_read_only
MOVE FORWARD ALL IN nl2sql_rows
DO LANGUAGE plpgsql 'BEGIN PERFORM wipe(); END'
CALL wipe_procedure(); SELECT 1
EXPLAIN (ANALYZE) SELECT wipe()
EXPLAIN (ANALYZE, BUFFERS) WITH d AS (DELETE FROM account RETURNING *) SELECT * FROM d
SELECT 1; SELECT 2
SELECT 1 /* ; */ ; DELETE FROM account
SELECT '\'; DELETE FROM account; --'
SELECT 'a' 'b'; DELETE FROM account
SELECT $x$ ; $x$; DELETE FROM account
SELECT $x$ $y$ $x$ AS a, $y$; DELETE FROM account; --$y$; COMMIT
SELECT U&'\0027; DELETE FROM account; --' UESCAPE '!'; DELETE FROM account
SELECT repeat('x', 900000000)
SELECT lpad('x', 1000000000, 'y')
SELECT length(rpad('x', 1000000000, 'y'))
SELECT array_fill(0, ARRAY[100000000])
SELECT string_agg(md5(i::text), '') FROM generate_series(1, 100000000) AS i
SELECT array_agg(i) FROM generate_series(1, 1000000000) AS i
SELECT xmlagg(xmlelement(name a, i)) FROM generate_series(1, 100000000) AS i
SELECT jsonb_object_agg(i, i) FROM generate_series(1, 100000000) AS i
SELECT count(*) FROM generate_series(1::numeric, 1e30)
SELECT count(*) FROM generate_series(now(), now() + interval '1000 years', interval '1 ms')
SELECT max(md5(i::text || j::text)) FROM generate_series(1, 100000) AS i, generate_series(1, 100000) AS j
SELECT count(*) FROM pg_class a, pg_class b, pg_class c, pg_class d
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n
WITH RECURSIVE n(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM n) SELECT length(t) FROM n
SELECT sum(a.id * b.id) OVER (ORDER BY random()) FROM account a, account b, generate_series(1, 100000000)
