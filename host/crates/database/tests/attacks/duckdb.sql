-- Statements that must not change, read or write anything beyond the database. {folder} is a folder that an attack may try to fill or read.
COPY account TO '{folder}/stolen.csv'
COPY account FROM '{folder}/planted.csv'
COPY (SELECT * FROM account) TO '{folder}/stolen.parquet' (FORMAT parquet)
COPY FROM DATABASE shop TO other
EXPORT DATABASE '{folder}/dump'
IMPORT DATABASE '{folder}/dump'
ATTACH '{folder}/other.duckdb' AS other
ATTACH ':memory:' AS scratch
DETACH shop
USE memory
INSTALL httpfs
LOAD httpfs
FORCE INSTALL httpfs FROM 'http://127.0.0.1:1/'
UPDATE EXTENSIONS
SELECT * FROM read_csv('{folder}/planted.csv')
SELECT * FROM read_csv_auto('{folder}/planted.csv')
SELECT * FROM read_text('{folder}/planted.csv')
SELECT * FROM read_blob('{folder}/planted.csv')
SELECT * FROM read_parquet('{folder}/x.parquet')
SELECT * FROM read_json('{folder}/planted.csv')
SELECT * FROM "read_csv"('{folder}/planted.csv')
SELECT * FROM sniff_csv('{folder}/planted.csv')
SELECT * FROM parquet_scan('{folder}/x.parquet')
SELECT * FROM glob('{folder}/*')
SELECT * FROM '{folder}/planted.csv'
SELECT * FROM "{folder}/planted.csv"
FROM '{folder}/planted.csv'
FROM read_csv('{folder}/planted.csv')
FROM account SELECT *; DROP TABLE account
SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')
SELECT * FROM 'http://127.0.0.1:1/x.parquet'
SELECT * FROM query('DROP TABLE account')
SELECT * FROM query_table('account')
SELECT getenv('HOME')
PRAGMA database_list
PRAGMA enable_profiling
PRAGMA memory_limit='1TB'
CALL pragma_version()
SET enable_external_access = true
SET access_mode = 'READ_WRITE'
SET GLOBAL memory_limit = '1TB'
SET VARIABLE x = 1
RESET memory_limit
CHECKPOINT
FORCE CHECKPOINT
VACUUM account
ANALYZE account
BEGIN
COMMIT
PREPARE q AS DROP TABLE account
EXECUTE q
CREATE TABLE made (x INT)
CREATE OR REPLACE TABLE account (x INT)
CREATE TEMP TABLE made AS SELECT 1
CREATE MACRO f(x) AS x
CREATE SECRET s (TYPE s3)
CREATE SEQUENCE s
DROP TABLE account
ALTER TABLE account ADD COLUMN x INT
INSERT INTO account VALUES (3, 'c')
UPDATE account SET name = 'x'
DELETE FROM account
TRUNCATE account
MERGE INTO account USING account AS o ON false WHEN NOT MATCHED THEN INSERT VALUES (9, 'x')
WITH x AS (SELECT 1) INSERT INTO account SELECT 9, 'x'
WITH x AS (DELETE FROM account RETURNING *) SELECT * FROM x
SELECT * INTO made FROM account
SELECT 1; DROP TABLE account
SELECT nextval('counter')
EXPLAIN ANALYZE DELETE FROM account
~ DESCRIBE account
~ SUMMARIZE account
SHOW TABLES
~ PIVOT account ON name
~ FROM account WHERE id = 1
~ FROM (SUMMARIZE account)
~ UNPIVOT account ON id
~ TABLE account
SUMMARIZE '{folder}/planted.csv'
SUMMARIZE SELECT * FROM read_csv('{folder}/planted.csv')
SUMMARIZE FROM '{folder}/planted.csv'
FROM (SUMMARIZE '{folder}/planted.csv')
DESCRIBE '{folder}/planted.csv'
DESCRIBE SELECT * FROM read_csv('{folder}/planted.csv')
TABLE '{folder}/planted.csv'
PIVOT '{folder}/planted.csv' ON id USING count(*)
PIVOT read_csv('{folder}/planted.csv') ON id
UNPIVOT '{folder}/planted.csv' ON id
FROM x: '{folder}/planted.csv'
SELECT x: (FROM read_csv('{folder}/planted.csv') SELECT max(name))
SELECT [name FOR name IN (SELECT list(name) FROM read_csv('{folder}/planted.csv'))]
FROM account POSITIONAL JOIN '{folder}/planted.csv'
FROM account ASOF JOIN read_csv('{folder}/planted.csv') AS o ON account.id >= o.id
SELECT * FROM account JOIN '{folder}/planted.csv' o USING (id)
SELECT * FROM account, '{folder}/planted.csv'
SELECT (SELECT max(name) FROM '{folder}/planted.csv')
SELECT /* */ read_text /* */ ('{folder}/planted.csv')
SELECT main.read_text('{folder}/planted.csv')
SELECT '{folder}/planted.csv'.read_text()
SELECT current_setting('access_mode')
FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM read_csv(''{folder}/planted.csv'')'))
FROM checkpoint()
FROM force_checkpoint()
FROM enable_logging()
FROM pragma_database_list
FROM pragma_database_list()
SELECT * FROM duckdb_secrets()
DESCRIBE; DROP TABLE account
PIVOT account ON name; DROP TABLE account
FROM account INSERT INTO account
FROM (INSERT INTO account VALUES (9, 'x') RETURNING *)
FROM (DELETE FROM account RETURNING *)
WITH x AS (UPDATE account SET name = 'x' RETURNING *) FROM x
