-- One attack a line, on a copy in memory that may be changed. Each must be refused, and nothing outside of the copy may change.
ATTACH 'FOLDER/new.sqlite' AS x
ATTACH DATABASE 'FOLDER/new.sqlite' AS x
ATTACH 'file:FOLDER/new.sqlite?mode=rwc' AS x
ATTACH 'FOLDER/' || 'new.sqlite' AS x
ATTACH ('FOLDER/new.sqlite') || '' AS x
ATTACH (SELECT 'FOLDER/new.sqlite') AS x
ATTACH lower('FOLDER/NEW.SQLITE') AS x
ATTACH printf('%s/%s', 'FOLDER', 'new.sqlite') AS x
ATTACH replace('FOLDER#new.sqlite', '#', '/') AS x
ATTACH CAST(x'2f746d702f6e65772e73716c697465' AS TEXT) AS x
ATTACH CASE WHEN 1 THEN 'FOLDER/new.sqlite' END AS x
ATTACH coalesce(NULL, 'FOLDER/new.sqlite') AS x
ATTACH 'FOLDER/new.sqlite' COLLATE NOCASE AS x
ATTACH +'FOLDER/new.sqlite' AS x
ATTACH "FOLDER/new.sqlite" AS x
ATTACH ? AS x
VACUUM INTO 'FOLDER/new.sqlite'
VACUUM INTO 'FOLDER/' || 'new.sqlite'
VACUUM main INTO (SELECT 'FOLDER/new.sqlite')
PRAGMA temp_store_directory = 'FOLDER'
PRAGMA data_store_directory = 'FOLDER'
PRAGMA hard_heap_limit = 1
PRAGMA soft_heap_limit = 1
PRAGMA writable_schema = ON
PRAGMA max_page_count = 1000000000
PRAGMA journal_mode = WAL
PRAGMA trusted_schema = ON
PRAGMA mmap_size = 1000000000
PRAGMA key = 'x'
SELECT load_extension('FOLDER/x.so')
SELECT writefile('FOLDER/new', 'x')
SELECT fts3_tokenizer('simple')
UPDATE sqlite_schema SET sql = 'x'
SELECT 1; ATTACH 'FOLDER/new.sqlite' AS x
