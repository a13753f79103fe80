//! SQLite files shared by threads, and copies that statements may change.

use std::sync::Arc;

use nl2sql_catalog::Value;
use nl2sql_database::{InvalidText, Limits, QueryError, SqliteFile};

use crate::shared::attacks::attacks;
use crate::shared::sqlite_file;

const SCHEMA: &str = "
CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT, tags TEXT);
INSERT INTO account VALUES (1, 'a', '[1, 2, 3]'), (2, CAST(x'62ff63' AS TEXT), '[]');
CREATE VIRTUAL TABLE docs USING fts5(title, body);
INSERT INTO docs VALUES ('red fox', 'runs fast'), ('blue whale', 'swims');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1);
INSERT INTO boxes VALUES (1, 0, 1, 0, 1), (2, 5, 6, 5, 6);
";

fn first(file: &SqliteFile, sql: &str) -> Result<Value, QueryError> {
    Ok(file.run(sql, &Limits::default())?.rows[0][0].clone())
}

fn listing(folder: &std::path::Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

#[test]
fn virtual_tables_json_and_pragma_functions_are_read() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let file = SqliteFile::open(path, Limits::default()).unwrap();
    for (sql, value) in [
        (
            "SELECT title FROM docs WHERE docs MATCH 'fox' ORDER BY rank",
            Value::Text("red fox".into()),
        ),
        (
            "SELECT highlight(docs, 0, '<', '>') FROM docs('whale')",
            Value::Text("blue <whale>".into()),
        ),
        ("SELECT id FROM boxes WHERE x0 > 2", Value::Integer(2)),
        ("SELECT sum(value) FROM account, json_each(tags)", Value::Integer(6)),
        ("SELECT count(*) FROM pragma_table_info('account')", Value::Integer(3)),
    ] {
        assert_eq!(first(&file, sql), Ok(value), "{sql}");
    }
}

#[test]
fn wal_files_are_read_without_files_beside_them() {
    let (folder, path) = sqlite_file("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);");
    let before = listing(folder.path());
    let mut permissions = std::fs::metadata(folder.path()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path(), permissions.clone()).unwrap();
    let file = SqliteFile::open(&path, Limits::default()).unwrap();
    assert_eq!(first(&file, "SELECT sum(a) FROM t"), Ok(Value::Integer(3)));
    let mut copy = file.copy().unwrap();
    assert_eq!(
        copy.run("SELECT sum(a) FROM t", &Limits::default()).unwrap().rows,
        [[Value::Integer(3)]]
    );
    assert_eq!(listing(folder.path()), before);
    #[expect(clippy::permissions_set_readonly_false, reason = "the folder is removed next")]
    permissions.set_readonly(false);
    std::fs::set_permissions(folder.path(), permissions).unwrap();
}

#[test]
fn threads_share_a_file() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let file = Arc::new(SqliteFile::open(path, Limits::default()).unwrap());
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let file = Arc::clone(&file);
            std::thread::spawn(move || first(&file, &format!("SELECT count(*) + {thread} FROM account")))
        })
        .collect();
    for (thread, handle) in (0..).zip(threads) {
        assert_eq!(handle.join().unwrap(), Ok(Value::Integer(2 + thread)));
    }
}

#[test]
fn invalid_text_is_bytes_or_loses_its_invalid_bytes() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let file = SqliteFile::open(path, Limits::default()).unwrap();
    let name = "SELECT name FROM account WHERE id = 2";
    assert_eq!(first(&file, name), Ok(Value::Bytes(b"b\xffc".to_vec())));
    let file = file.with_invalid_text(InvalidText::DropInvalidBytes);
    assert_eq!(first(&file, name), Ok(Value::Text("bc".into())));
}

#[test]
fn a_copy_changes_and_the_file_does_not() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let before = std::fs::read(&path).unwrap();
    let file = SqliteFile::open(&path, Limits::default()).unwrap();
    let mut copy = file.copy().unwrap();
    for sql in [
        "DELETE FROM account WHERE id = 1",
        "CREATE TABLE more AS SELECT * FROM account",
        "INSERT INTO docs VALUES ('green', 'frog')",
        "ALTER TABLE more ADD COLUMN extra",
        "VACUUM",
    ] {
        assert_eq!(
            copy.run(sql, &Limits::default()).map(|result| result.rows.len()),
            Ok(0),
            "{sql}"
        );
    }
    let count = copy.run("SELECT count(*) FROM more", &Limits::default()).unwrap();
    assert_eq!(count.rows, [[Value::Integer(1)]]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_copy_grows_no_further_than_its_limit() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let mut copy = SqliteFile::open(&path, Limits::default()).unwrap().copy().unwrap();
    let limits = Limits {
        timeout_ms: 60_000,
        ..Limits::default()
    };
    let fill = "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 400) SELECT zeroblob(1000000) AS b FROM n";
    let error = copy.run(fill, &limits).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
}

#[test]
fn attacks_on_a_copy_reach_nothing_outside_of_it() {
    let (folder, path) = sqlite_file(SCHEMA);
    let before = (listing(folder.path()), std::fs::read(&path).unwrap());
    let file = SqliteFile::open(&path, Limits::default()).unwrap();
    let list = attacks("sqlite_copy.sql");
    assert!(list.len() >= 25);
    for (sql, _) in list {
        let sql = sql.replace("FOLDER", &folder.path().display().to_string());
        let outcome = file.copy().unwrap().run(&sql, &Limits::default());
        assert!(
            matches!(outcome, Err(QueryError::Refused(_) | QueryError::Failed(_))),
            "{sql}: {outcome:?}"
        );
        assert_eq!((listing(folder.path()), std::fs::read(&path).unwrap()), before, "{sql}");
    }
}
