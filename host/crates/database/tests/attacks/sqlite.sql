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
