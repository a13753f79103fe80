-- One attack a line. Nothing here may change anything, and each must be refused or stopped.
INSERT INTO account VALUES (9, 'x', 1)
UPDATE account SET balance = 0
DELETE FROM account
REPLACE INTO account VALUES (1, 'x', 1)
WITH d AS (SELECT 1) DELETE FROM account WHERE id IN (SELECT * FROM d)
WITH d AS (SELECT 1) INSERT INTO account SELECT 10, 'x', 1 FROM d
WITH d AS (SELECT 1) UPDATE account SET balance = 0
DELETE FROM account RETURNING *
INSERT INTO account VALUES (11, 'x', 1) RETURNING id
CREATE TABLE intruder (a)
CREATE TABLE intruder AS SELECT * FROM account
CREATE TEMP TABLE intruder (a)
CREATE VIEW intruder AS SELECT 1
CREATE INDEX intruder ON account(name)
CREATE TRIGGER intruder AFTER INSERT ON account BEGIN SELECT 1; END
CREATE VIRTUAL TABLE intruder USING fts5(a)
DROP TABLE account
DROP VIEW names
ALTER TABLE account RENAME TO gone
ALTER TABLE account ADD COLUMN intruder
ALTER TABLE account DROP COLUMN balance
ATTACH DATABASE 'FOLDER/attached.sqlite' AS intruder
ATTACH 'file:FOLDER/attached.sqlite?mode=rwc' AS intruder
DETACH DATABASE main
VACUUM
VACUUM INTO 'FOLDER/copy.sqlite'
REINDEX
ANALYZE
PRAGMA user_version = 7
PRAGMA writable_schema = ON
PRAGMA query_only = OFF
PRAGMA journal_mode = WAL
PRAGMA journal_mode = DELETE
PRAGMA foreign_keys = OFF
PRAGMA synchronous = OFF
PRAGMA temp_store_directory = 'FOLDER'
PRAGMA wal_checkpoint(TRUNCATE)
PRAGMA optimize
PRAGMA incremental_vacuum
PRAGMA hard_heap_limit = 1
PRAGMA shrink_memory
PRAGMA trusted_schema = ON
PRAGMA table_info(account)
BEGIN
BEGIN IMMEDIATE
BEGIN EXCLUSIVE
COMMIT
ROLLBACK
SAVEPOINT intruder
RELEASE intruder
END
SELECT 1; DELETE FROM account
SELECT 1; ; DROP TABLE account
SELECT 1;; SELECT 2
; DELETE FROM account
/* x */ DELETE FROM account
EXPLAIN DELETE FROM account
EXPLAIN QUERY PLAN SELECT 1
SELECT load_extension('FOLDER/evil.so')
SELECT "load_extension"('FOLDER/evil.so')
SELECT load_extension('FOLDER/evil.so', 'entry')
SELECT writefile('FOLDER/written', 'x')
SELECT readfile('/etc/passwd')
SELECT edit('x', 'vi')
SELECT fts3_tokenizer('simple', x'0000000000000000')
SELECT * FROM pragma_journal_mode('WAL')
SELECT * FROM pragma_query_only(0)
SELECT * FROM pragma_wal_checkpoint
SELECT * FROM pragma_integrity_check
SELECT * FROM pragma_optimize
SELECT * FROM zipfile('FOLDER/x.zip')
SELECT * FROM fsdir('/')
SELECT * FROM nowhere.account
INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, 'x')
UPDATE sqlite_sequence SET seq = 99
SELECT hex(zeroblob(1000000000))
SELECT zeroblob(2000000000)
SELECT printf('%1000000000d', 1)
SELECT replace(hex(zeroblob(8000000)), '0', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxx')
SELECT group_concat(zeroblob(1000000)) FROM (WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 1000) SELECT i FROM n)
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n
SELECT count(*) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j, digits k, digits l
SELECT a.d FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j ORDER BY random()
SELECT 'unterminated
SELECT "unterminated
SELECT 1 /* unterminated
WITH RECURSIVE d AS (SELECT 1) DELETE FROM account
WITH d AS (SELECT 1) REPLACE INTO account SELECT 1, 'x', 1 FROM d
WITH d AS (SELECT * FROM account) UPDATE account SET balance = 0 FROM d RETURNING *
SELECT * FROM (DELETE FROM account RETURNING *)
INSERT OR REPLACE INTO account VALUES (1, 'x', 1)
INSERT INTO account VALUES (1, 'x', 1) ON CONFLICT DO UPDATE SET balance = 0
UPDATE OR IGNORE account SET id = 9
DELETE FROM sqlite_schema
DELETE FROM sqlite_sequence
UPDATE sqlite_schema SET sql = 'x'
INSERT INTO sqlite_sequence VALUES ('x', 1)
CREATE TABLE IF NOT EXISTS intruder (a)
CREATE UNIQUE INDEX intruder ON account (balance)
CREATE TEMP VIEW intruder AS SELECT 1
CREATE TEMP TRIGGER intruder AFTER INSERT ON account BEGIN SELECT 1; END
CREATE VIRTUAL TABLE intruder USING rtree(a, b, c)
CREATE VIRTUAL TABLE temp.intruder USING fts5(a)
ATTACH ':memory:' AS intruder
ATTACH '' AS intruder
ATTACH DATABASE 'FOLDER/shop.sqlite' AS again
ATTACH 'file:FOLDER/shop.sqlite?mode=rw' AS again
VACUUM main INTO 'FOLDER/copy2.sqlite'
VACUUM main
PRAGMA application_id = 7
PRAGMA user_version(7)
PRAGMA main.user_version = 7
PRAGMA auto_vacuum = FULL
PRAGMA page_size = 8192
PRAGMA encoding = 'UTF-16'
PRAGMA secure_delete = ON
PRAGMA schema_version = 99
PRAGMA locking_mode = EXCLUSIVE
PRAGMA mmap_size = 0
PRAGMA cache_spill = OFF
PRAGMA data_store_directory = 'FOLDER'
PRAGMA busy_timeout = 0
PRAGMA case_sensitive_like = ON
PRAGMA recursive_triggers = ON
PRAGMA defer_foreign_keys = ON
PRAGMA integrity_check
PRAGMA quick_check
PRAGMA foreign_key_check
PRAGMA module_list
SELECT * FROM pragma_user_version(7)
SELECT * FROM pragma_application_id(7)
SELECT * FROM pragma_encoding('UTF-16')
SELECT * FROM pragma_schema_version(9)
SELECT * FROM pragma_locking_mode('EXCLUSIVE')
SELECT * FROM pragma_quick_check
SELECT * FROM pragma_foreign_key_check
SELECT * FROM pragma_cache_size(1)
SELECT * FROM pragma_data_version, pragma_journal_mode
SELECT * FROM pragma_incremental_vacuum
SELECT * FROM pragma_busy_timeout(0)
SELECT * FROM pragma_temp_store_directory('FOLDER')
SELECT * FROM pragma_hard_heap_limit(1)
SELECT * FROM pragma_module_list
SELECT * FROM sqlite_dbpage
UPDATE sqlite_dbpage SET data = x'00' WHERE pgno = 1
SELECT load_extension ('FOLDER/evil.so')
SELECT [load_extension]('FOLDER/evil.so')
SELECT `writefile`('FOLDER/written2', 'x')
SELECT writefile('FOLDER/written3', 'x') FROM account
SELECT name FROM account WHERE writefile('FOLDER/written4', name) > 0
SELECT fsdir('/')
SELECT * FROM fsdir('FOLDER')
SELECT * FROM lsdir('FOLDER')
SELECT zipfile('a', 'b')
SELECT * FROM csv('FOLDER/x.csv')
SELECT fts3_tokenizer('simple')
SELECT sqlite_compileoption_used('X'), load_extension('x')
SELECT 1; PRAGMA writable_schema = ON; DELETE FROM sqlite_schema
SELECT 1; ATTACH 'FOLDER/attached2.sqlite' AS x; CREATE TABLE x.y (a)
SELECT 1 ;SELECT writefile('FOLDER/written5', 'x')
SELECT 'a''; DELETE FROM account; --'; DELETE FROM account
SELECT "a""; DELETE FROM account"; DELETE FROM account
SELECT [a]; DELETE FROM account
SELECT `a`; DELETE FROM account
SELECT 1 /* ; */; DELETE FROM account
SELECT x'00'; DELETE FROM account
EXPLAIN QUERY PLAN DELETE FROM account
DROP INDEX IF EXISTS intruder
DROP TRIGGER IF EXISTS intruder
REINDEX account
ANALYZE main
ANALYZE sqlite_schema
COMMIT TRANSACTION
ROLLBACK TO SAVEPOINT intruder
BEGIN DEFERRED
SELECT randomblob(1000000000)
SELECT length(randomblob(900000000))
SELECT hex(randomblob(100000000))
SELECT printf('%.*c', 1000000000, 'x')
SELECT format('%999999999s', 'x')
SELECT replace(replace(hex(zeroblob(4000000)), '0', 'xxxxxxxxxx'), 'x', 'yyyyyyyyyy')
SELECT group_concat(d, printf('%1000000s', 'x')) FROM digits
SELECT quote(zeroblob(16000000))
SELECT json_group_array(zeroblob(10)) FROM digits
WITH RECURSIVE n(t) AS (VALUES ('x') UNION ALL SELECT t || t FROM n) SELECT t FROM n
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT sum(i) OVER () FROM n
WITH RECURSIVE a(i) AS (VALUES (1) UNION SELECT i + 1 FROM a), b(i) AS (SELECT max(i) FROM a) SELECT * FROM b
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n ORDER BY 1 DESC) SELECT count(*) FROM n
SELECT max(a.d || b.d || c.d || d.d || e.d || f.d || g.d || h.d || i.d) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j
SELECT count(DISTINCT a.d + b.d * random()) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i
SELECT (SELECT count(*) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i) FROM digits
EXPLAIN SELECT 1
ATTACH 'FOLDER/' || 'new.sqlite' AS x
ATTACH (SELECT 'FOLDER/new.sqlite') AS x
ATTACH lower('FOLDER/NEW.SQLITE') AS x
ATTACH printf('%s/%s', 'FOLDER', 'new.sqlite') AS x
ATTACH CAST(x'2f746d702f6e65772e73716c697465' AS TEXT) AS x
ATTACH CASE WHEN 1 THEN 'FOLDER/new.sqlite' END AS x
ATTACH "FOLDER/new.sqlite" AS x
ATTACH ? AS x
VACUUM INTO 'FOLDER/' || 'new.sqlite'
PRAGMA hard_heap_limit = 1
SELECT * FROM pragma_hard_heap_limit(1)
SELECT * FROM pragma_temp_store_directory('FOLDER')
SELECT [name]]' FROM account; DELETE FROM account; --]
SELECT 1 -- ␍'␤, load_extension('intruder') -- '
