//! SQLite: the catalog, reading, limits.

use crate::shared::{catalog_queries, sqlite_file};
use nl2sql_catalog::{TableKind, TypeClass, Value};
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, QueryError, SqliteReader};

const SCHEMA: &str = "
CREATE TABLE \"客户\" ( -- 客户
  \"id\" INTEGER PRIMARY KEY, -- 编号
  name TEXT NOT NULL UNIQUE, -- 名称
  grade TEXT DEFAULT 'A' CHECK (grade IN ('A', 'B')), -- 等级：A/B
  total DECIMAL(12,2),
  doubled AS (total * 2) STORED
);
CREATE TABLE sales_order (a INT, b INT, customer INTEGER REFERENCES 客户, lost INTEGER REFERENCES nowhere(x), PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE line (x INTEGER, y INTEGER, CONSTRAINT to_order FOREIGN KEY (x, y) REFERENCES Sales_Order (A, B));
CREATE VIEW names AS SELECT name FROM 客户;
CREATE VIRTUAL TABLE words USING fts5(body);
CREATE UNIQUE INDEX by_total ON 客户(total, grade);
CREATE UNIQUE INDEX partial ON 客户(grade) WHERE grade = 'Z';
INSERT INTO 客户(name, grade, total) VALUES ('天成', 'A', 1.5), ('瑞丰', 'B', NULL), ('金桥', 'A', 3);
";

async fn open() -> (tempfile::TempDir, Connection) {
    let (folder, path) = sqlite_file(SCHEMA);
    (
        folder,
        Connection::open(ConnectionSettings::sqlite(path)).await.unwrap(),
    )
}

#[tokio::test]
async fn the_catalog_holds_what_the_schema_says() {
    let (_folder, connection) = open().await;
    let extraction = connection
        .extract(&catalog_queries(&connection), "sqlite")
        .await
        .unwrap();
    let database = extraction.database;
    let names: Vec<&str> = database.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["line", "names", "sales_order", "words", "客户"]);

    let customer = database.table("客户").unwrap();
    assert_eq!(customer.comment.as_deref(), Some("客户"));
    assert_eq!(customer.row_estimate, Some(3));
    assert_eq!(customer.primary_key, ["id"]);
    let unique: Vec<_> = customer
        .unique_keys
        .iter()
        .map(|key| (key.name.as_deref(), key.columns.join(",")))
        .collect();
    assert_eq!(
        unique,
        [(None, "name".into()), (Some("by_total"), "total,grade".into())]
    );
    assert_eq!(customer.checks[0].expression, "grade IN ('A', 'B')");
    let id = customer.column("id").unwrap();
    assert!(id.identity && !id.nullable && id.comment.as_deref() == Some("编号"));
    let grade = customer.column("grade").unwrap();
    assert_eq!(
        (grade.default.as_deref(), grade.comment.as_deref()),
        (Some("'A'"), Some("等级：A/B"))
    );
    assert!(customer.column("doubled").unwrap().generated);
    assert_eq!(customer.column("total").unwrap().type_class, TypeClass::Decimal);

    let order = database.table("sales_order").unwrap();
    assert_eq!(order.primary_key, ["a", "b"]);
    assert_eq!(
        (order.foreign_keys.len(), order.foreign_keys[0].ref_columns.clone()),
        (1, vec!["id".to_owned()])
    );
    let line = &database.table("line").unwrap().foreign_keys[0];
    assert_eq!(
        (line.ref_table.as_str(), line.ref_columns.join(",")),
        ("sales_order", "a,b".into())
    );
    assert!(extraction.notes[0].contains("nowhere"), "{:?}", extraction.notes);
    let indexes = |name: &str| database.table(name).unwrap().indexes.clone();
    assert_eq!(
        indexes("客户").unwrap(),
        ["by_total", "partial", "sqlite_autoindex_客户_1"]
    );
    assert_eq!((indexes("line"), indexes("names")), (Some(Vec::new()), None));
    assert!(order.without_rowid && !customer.without_rowid);
    assert_eq!(database.table("names").unwrap().kind, TableKind::View);
    assert_eq!(database.table("words").unwrap().kind, TableKind::Virtual);
}

#[tokio::test]
async fn globs_choose_tables() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let settings = ConnectionSettings {
        include: vec!["*order*".into(), "客*".into()],
        exclude: vec!["客户".into()],
        ..ConnectionSettings::sqlite(path)
    };
    let connection = Connection::open(settings).await.unwrap();
    let database = connection
        .extract(&catalog_queries(&connection), "sqlite")
        .await
        .unwrap()
        .database;
    assert_eq!(database.tables.len(), 1);
}

#[tokio::test]
async fn rows_are_typed_capped_and_in_order() {
    let (_folder, connection) = open().await;
    let limits = Limits::default();
    let result = connection
        .run("SELECT 1, 1.5, 'a', x'00ff', NULL", &limits)
        .await
        .unwrap();
    let expected = [
        Value::Integer(1),
        Value::Float(1.5),
        Value::Text("a".into()),
        Value::Bytes(vec![0, 255]),
        Value::Null,
    ];
    assert_eq!(result.rows, [expected]);
    let numbers = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let cut = connection.run(numbers, &limits.with_max_rows(7)).await.unwrap();
    assert_eq!((cut.rows.len(), cut.truncated), (7, true));
    let whole = connection
        .run("SELECT name FROM 客户 LIMIT 3", &limits.with_max_rows(3))
        .await
        .unwrap();
    assert_eq!((whole.rows.len(), whole.truncated), (3, false));
    let many: Vec<String> = (0..50).map(|i| format!("SELECT {i}")).collect();
    for (i, result) in connection.run_many(&many, &limits, 8).await.into_iter().enumerate() {
        assert_eq!(result.unwrap().rows, [[Value::Integer(i as i64)]]);
    }
}

#[tokio::test]
async fn functions_of_sqlites_shell_are_there() {
    let (_folder, connection) = open().await;
    let called = "SELECT sqrt(16), ceil(1.2), power(2, 10), percentile(column1, 50), median(column1) FROM (VALUES (1), (2), (9))";
    let result = connection.run(called, &Limits::default()).await.unwrap();
    assert_eq!(result.rows, [[4.0, 2.0, 1024.0, 2.0, 2.0].map(Value::Float)]);
}

#[tokio::test]
async fn a_runaway_statement_is_stopped() {
    let (_folder, connection) = open().await;
    let limits = Limits {
        timeout_ms: 200,
        ..Limits::default()
    };
    let endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    assert_eq!(connection.run(endless, &limits).await.unwrap_err().code(), "timeout");
    assert!(connection.run("SELECT 1", &limits).await.is_ok());
}

#[tokio::test]
async fn frequent_values_are_sampled() {
    let (_folder, connection) = open().await;
    let database = connection
        .extract(&catalog_queries(&connection), "sqlite")
        .await
        .unwrap()
        .database;
    let samples = connection
        .sample_values(database.table("客户").unwrap(), 2)
        .await
        .unwrap();
    let grade = samples.iter().find(|values| values.column == "grade").unwrap();
    assert_eq!(
        grade.values,
        [(Value::Text("A".into()), 2), (Value::Text("B".into()), 1)]
    );
}

#[tokio::test]
async fn usual_mistakes_have_their_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "no database at all, just words. ".repeat(100)).unwrap();
    let open = |path| Connection::open(ConnectionSettings::sqlite(path));
    assert!(matches!(open(text).await, Err(ConnectError::NotADatabase { .. })));
    assert!(matches!(
        open(folder.path().join("missing.db")).await,
        Err(ConnectError::NoSuchFile { .. })
    ));
    assert!(matches!(
        open(folder.path().to_owned()).await,
        Err(ConnectError::NoSuchFile { .. })
    ));
}

#[test]
fn engine_errors_keep_the_engine_messages() {
    let (_folder, path) = sqlite_file(SCHEMA);
    let mut reader = SqliteReader::open(&ConnectionSettings::sqlite(path)).unwrap();
    let error = reader
        .run_blocking("SELECT nix FROM 客户", &Limits::default())
        .unwrap_err();
    assert_eq!(error, QueryError::Failed("no such column: nix".into()));
    assert!(reader.prepare_blocking("SELECT name FROM 客户").is_ok());
    assert!(reader.prepare_blocking("SELECT name FROM nowhere").is_err());
}

/// Names, sizes and times of what lies in a folder.
fn listing(folder: &std::path::Path) -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| {
            let file = entry.metadata().unwrap();
            format!("{:?} {} {:?}", entry.file_name(), file.len(), file.modified().unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn reading_leaves_nothing_beside_the_file_and_sees_later_writers() {
    for mode in ["wal", "delete", "persist"] {
        let (folder, path) = sqlite_file(&format!(
            "PRAGMA journal_mode = {mode}; CREATE TABLE t (a); INSERT INTO t VALUES (1);"
        ));
        let before = listing(folder.path());
        let mut reader = SqliteReader::open(&ConnectionSettings::sqlite(&path)).unwrap();
        let mut count = || {
            let result = reader.run_blocking("SELECT count(*) FROM t", &Limits::default());
            result.unwrap().rows[0][0].clone()
        };
        assert_eq!(count(), Value::Integer(1), "{mode}");
        assert_eq!(listing(folder.path()), before, "{mode}");
        let writer = rusqlite::Connection::open(&path).unwrap();
        writer.execute("INSERT INTO t VALUES (2)", []).unwrap();
        assert_eq!(count(), Value::Integer(2), "{mode}");
    }
}
