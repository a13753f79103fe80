//! Databases behind real ADBC driver libraries: DuckDB's, SQLite's and PostgreSQL's.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nl2sql_catalog::{DialectInfo, Value};
use nl2sql_database::statement_guard::GuardRules;
use nl2sql_database::{
    AdbcSettings, ConnectError, Connection, ConnectionSettings, DialectFacts, DriverRegistry, LIBRARY_LOADED, Limits,
    ProbeCommand, load_adbc_library,
};
use nl2sql_sql_lexer::LexicalRules;

use crate::shared::adbc_libraries::{library, make_duckdb, pin};
use crate::shared::attacks::attacks;
use crate::shared::servers::{TestDatabase, script};
use crate::shared::{queries_of, server_url, shared_data};

/// Functions of DuckDB that reach beyond the database, and relations that are files, as its dialect declares them.
const DUCKDB_FUNCTIONS: &str = "read_* *_scan glob sniff_csv query query_table getenv nextval pragma_* parquet_* duckdb_secrets which_secret \
    checkpoint force_checkpoint enable_* disable_* write_log current_setting json_execute_serialized_sql";
const DUCKDB_RELATIONS: &str = "*.csv *.parquet *.json */* pragma_*";

/// This test program, asked to run [`probed_library_loads`] alone on the library that follows.
fn probe() -> ProbeCommand {
    let arguments = [
        "adbc::probed_library_loads",
        "--exact",
        "--include-ignored",
        "--nocapture",
    ];
    ProbeCommand {
        program: std::env::current_exe().unwrap().into(),
        arguments: arguments.map(Into::into).into(),
    }
}

/// What another process does for a test of this one: loads the library that its last arguments name.
#[test]
#[ignore = "it is the process in which the other tests try libraries"]
fn probed_library_loads() {
    let arguments: Vec<String> = std::env::args().collect();
    let [.., library, entrypoint] = arguments.as_slice() else {
        return;
    };
    if !Path::new(library).is_absolute() {
        return;
    }
    match load_adbc_library(Path::new(library), entrypoint) {
        Ok(()) => println!("{LIBRARY_LOADED}"),
        Err(reason) => {
            println!("{}", reason.replace('\n', " "));
            std::process::exit(1);
        }
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn settings(
    library: &Path,
    entrypoint: Option<&str>,
    options: &[(&str, &str)],
    dialect: DialectFacts,
) -> ConnectionSettings {
    ConnectionSettings {
        driver: "adbc".into(),
        adbc: AdbcSettings {
            library: library.to_owned(),
            entrypoint: entrypoint.map(str::to_owned),
            sha256: pin(library),
            options: map(options),
            ..AdbcSettings::default()
        },
        dialect,
        ..ConnectionSettings::default()
    }
}

fn duckdb_dialect() -> DialectFacts {
    let refused = |names: &str| {
        let pair = |name: &str| (name.to_owned(), "it reaches beyond the database".to_owned());
        names.split_ascii_whitespace().map(pair).collect::<Vec<_>>()
    };
    let query_words = "select with values from table pivot unpivot summarize describe".split(' ');
    DialectFacts {
        name: "duckdb".into(),
        default_schema: Some("main".into()),
        guard: GuardRules::of_description(&DialectInfo {
            lexical: LexicalRules::POSTGRES,
            guard: nl2sql_catalog::GuardRules {
                query_words: query_words.map(str::to_owned).collect(),
                refused_functions: refused(DUCKDB_FUNCTIONS),
                refused_relations: refused(DUCKDB_RELATIONS),
                ..nl2sql_catalog::GuardRules::default()
            },
            ..DialectInfo::default()
        }),
        ..DialectFacts::default()
    }
}

fn duckdb(library: &Path, file: &Path) -> ConnectionSettings {
    let mut settings = settings(
        library,
        Some("duckdb_adbc_init"),
        &[("path", &file.display().to_string())],
        duckdb_dialect(),
    );
    settings.adbc.read_only = map(&[
        ("access_mode", "READ_ONLY"),
        ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ]);
    settings
}

async fn open(settings: ConnectionSettings) -> Result<Connection, ConnectError> {
    DriverRegistry::built_in(Some(probe())).open(settings).await
}

const ACCOUNTS: &str = "CREATE TABLE account (id INTEGER PRIMARY KEY, name VARCHAR);\nINSERT INTO account VALUES (1, 'a'), (2, 'b');\n\
    CREATE SEQUENCE counter;\n";

#[tokio::test]
async fn duckdb_values_are_typed() {
    let Some(library) = library("libduckdb.so", "duckdb_values_are_typed") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    make_duckdb(&library, &file, ACCOUNTS);
    let connection = open(duckdb(&library, &file)).await.unwrap();
    assert!(
        connection.server_info().version.contains('1'),
        "{:?}",
        connection.server_info()
    );
    assert_eq!(connection.server_info().database, "shop");
    let text = |text: &str| Value::Text(text.into());
    for (expression, wanted) in [
        ("NULL", Value::Null),
        ("true", Value::Boolean(true)),
        ("42::UTINYINT", Value::Integer(42)),
        (
            "18446744073709551615::UBIGINT",
            Value::Decimal("18446744073709551615".into()),
        ),
        ("-12.50::DECIMAL(10,2)", Value::Decimal("-12.50".into())),
        (
            "12345678901234567890123456789.5::DECIMAL(38,1)",
            Value::Decimal("12345678901234567890123456789.5".into()),
        ),
        ("0.1::FLOAT", Value::Float(0.1)),
        ("1e300::DOUBLE", Value::Float(1e300)),
        ("'客户'", text("客户")),
        ("'\\x00\\xFF'::BLOB", Value::Bytes(vec![0, 255])),
        ("DATE '2000-02-29'", Value::Date("2000-02-29".into())),
        ("'infinity'::DATE", Value::Date("infinity".into())),
        ("TIME '01:02:03.5'", Value::Time("01:02:03.5".into())),
        (
            "TIMESTAMP '2000-02-29 01:02:03.25'",
            Value::Datetime("2000-02-29 01:02:03.25".into()),
        ),
        (
            "'2000-02-29 01:02:03'::TIMESTAMP_S",
            Value::Datetime("2000-02-29 01:02:03".into()),
        ),
        (
            "TIMESTAMPTZ '2000-02-29 01:02:03+02:00'",
            Value::Datetime("2000-02-28 23:02:03+00:00".into()),
        ),
        ("INTERVAL 14 MONTH + INTERVAL 3 DAY", Value::Interval("P1Y2M3D".into())),
        ("[1, NULL]", Value::Array(vec![Value::Integer(1), Value::Null])),
        ("{'a': 1, 'b': ['x']}", Value::Json(r#"{"a":1,"b":["x"]}"#.into())),
        ("MAP {'k': 2}", Value::Json(r#"{"k":2}"#.into())),
        ("'sad'::ENUM ('glad', 'sad')", text("sad")),
        ("union_value(n := 3)", Value::Integer(3)),
        (
            "'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::UUID",
            Value::Uuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6".into()),
        ),
    ] {
        let result = connection
            .run(&format!("SELECT {expression} AS x"), &Limits::default())
            .await;
        let value = result.map(|result| result.rows[0][0].clone());
        let is_uuid_text = matches!((&value, &wanted), (Ok(Value::Text(found)), Value::Uuid(uuid)) if found == uuid);
        assert!(
            value == Ok(wanted.clone()) || is_uuid_text,
            "{expression}: {value:?}, wanted {wanted:?}"
        );
    }
    let table = nl2sql_catalog::Table {
        name: "account".into(),
        columns: vec![nl2sql_catalog::Column {
            name: "name".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let sampled = connection.sample_values(&table, 5).await.unwrap();
    assert_eq!(sampled[0].values, [(text("a"), 1), (text("b"), 1)]);
}

#[tokio::test]
async fn rows_bytes_and_time_are_limited() {
    let Some(library) = library("libduckdb.so", "rows_bytes_and_time_are_limited") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    make_duckdb(&library, &file, ACCOUNTS);
    let connection = open(duckdb(&library, &file)).await.unwrap();
    let limits = Limits::default();
    let cut = connection
        .run("SELECT range FROM range(1000000)", &limits.with_max_rows(7))
        .await
        .unwrap();
    assert_eq!((cut.rows.len(), cut.truncated), (7, true));
    let small = Limits {
        max_bytes: 1_000,
        ..limits
    };
    let cut = connection
        .run("SELECT repeat('x', 100) FROM range(1000)", &small)
        .await
        .unwrap();
    assert!(cut.truncated && cut.rows.len() < 10, "{}", cut.rows.len());
    let endless = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3";
    let error = connection
        .run(endless, &limits.with_timeout(Duration::from_millis(300)))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "timeout", "{error}");
    // The session that was cancelled, and as many others as there are, go on.
    let statements = vec!["SELECT 1".to_owned(); 20];
    let outcomes = connection.run_many(&statements, &limits, 4).await;
    assert!(outcomes.iter().all(|outcome| {
        outcome
            .as_ref()
            .is_ok_and(|result| result.rows == [[Value::Integer(1)]])
    }));
    connection.close().await;
    assert_eq!(
        connection.run("SELECT 1", &limits).await.unwrap_err().code(),
        "unavailable"
    );
}

#[tokio::test]
async fn duckdb_refuses_every_attack() {
    let Some(library) = library("libduckdb.so", "duckdb_refuses_every_attack") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (file, outside) = (folder.path().join("shop.duckdb"), folder.path().join("outside"));
    make_duckdb(&library, &file, ACCOUNTS);
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("planted.csv"), "id,name\n7,planted\n").unwrap();
    let state = || {
        let mut files: Vec<_> = [folder.path(), &outside]
            .iter()
            .flat_map(|place| std::fs::read_dir(place).unwrap())
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        (pin(&file), files)
    };
    let before = state();
    let connection = open(duckdb(&library, &file)).await.unwrap();
    // The driver's own guards stand alone where the text guard lets everything pass.
    let mut unguarded = duckdb(&library, &file);
    unguarded.dialect.guard = GuardRules::of_lexical_rules(LexicalRules::POSTGRES);
    let unguarded = open(unguarded).await.unwrap();
    let list = attacks("duckdb.sql");
    assert!(list.len() >= 90);
    for (sql, may_run) in &list {
        let sql = sql.replace("{folder}", &outside.display().to_string());
        let outcome = connection.run(&sql, &Limits::default()).await;
        assert!(*may_run == outcome.is_ok(), "{sql}: {outcome:?}");
        let outcome = unguarded.run(&sql, &Limits::default()).await;
        let rows = outcome.map(|result| format!("{:?}", result.rows)).unwrap_or_default();
        assert!(!rows.contains("planted"), "read a file: {sql}: {rows}");
    }
    // The text guard alone, on a database that the driver would write to and whose files it would read.
    let mut writable = duckdb(&library, &file);
    writable.adbc.read_only.clear();
    connection.close().await;
    unguarded.close().await;
    let connection = open(writable).await.unwrap();
    for (sql, may_run) in &list {
        let sql = sql.replace("{folder}", &outside.display().to_string());
        let outcome = connection.run(&sql, &Limits::default()).await;
        assert!(*may_run || outcome.is_err(), "{sql}: {outcome:?}");
        assert!(!format!("{outcome:?}").contains("planted\""), "{sql}: {outcome:?}");
    }
    let rows = connection
        .run("SELECT id, name FROM account ORDER BY id", &Limits::default())
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 2);
    connection.close().await;
    assert_eq!(state(), before);
}

#[tokio::test]
async fn rights_say_what_keeps_the_driver_from_writing() {
    let Some(library) = library("libduckdb.so", "rights_say_what_keeps_the_driver_from_writing") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.duckdb");
    make_duckdb(&library, &file, ACCOUNTS);
    let rights = open(duckdb(&library, &file))
        .await
        .unwrap()
        .login_rights()
        .await
        .unwrap();
    assert!(rights.read_only, "{rights:?}");
    assert!(
        rights.notes.iter().any(|note| note.contains("native code")),
        "{rights:?}"
    );
    let mut writable = duckdb(&library, &file);
    writable.adbc.read_only.clear();
    let rights = open(writable).await.unwrap().login_rights().await.unwrap();
    assert!(
        !rights.read_only && rights.beyond_select[0].contains("read_only"),
        "{rights:?}"
    );
}

#[tokio::test]
async fn libraries_that_cannot_be_used_are_refused_before_they_are_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libtext.so");
    std::fs::write(&text, "no library").unwrap();
    let source = folder.path().join("crash.c");
    std::fs::write(
        &source,
        "#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { abort(); }\n",
    )
    .unwrap();
    let crash = folder.path().join("libcrash.so");
    let empty_source = folder.path().join("empty.c");
    std::fs::write(&empty_source, "int nothing(void) { return 0; }\n").unwrap();
    let empty = folder.path().join("libempty.so");
    let ending_source = folder.path().join("ending.c");
    std::fs::write(
        &ending_source,
        "#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { _Exit(0); }\n",
    )
    .unwrap();
    let ending = folder.path().join("libending.so");
    let hollow_source = folder.path().join("hollow.c");
    std::fs::write(
        &hollow_source,
        "int AdbcDriverInit(int version, void *driver, void *error) { return 0; }\n",
    )
    .unwrap();
    let hollow = folder.path().join("libhollow.so");
    for (source, library) in [
        (&source, &crash),
        (&empty_source, &empty),
        (&ending_source, &ending),
        (&hollow_source, &hollow),
    ] {
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(library)
            .arg(source)
            .status();
        assert!(built.unwrap().success());
    }
    let refused = async |settings: ConnectionSettings| open(settings).await.unwrap_err().to_string();
    let of = |library: &Path, entrypoint| settings(library, entrypoint, &[], duckdb_dialect());
    assert!(refused(of(&text, None)).await.contains("no ADBC driver"));
    let crashed = refused(of(&crash, None)).await;
    assert!(
        crashed.contains("crashed while it loaded in a process of its own"),
        "{crashed}"
    );
    let missing = refused(of(&empty, Some("duckdb_adbc_init"))).await;
    assert!(
        missing.contains("no entry point `duckdb_adbc_init`") && missing.contains("database.adbc.entrypoint"),
        "{missing}"
    );
    let missing = refused(of(&hollow, Some("hollow_init"))).await;
    assert!(missing.contains("no entry point `hollow_init`"), "{missing}");
    let unusual = refused(of(&empty, None)).await;
    assert!(
        unusual.contains("no ADBC driver") && unusual.contains("AdbcDriverInit"),
        "{unusual}"
    );
    let ended = refused(of(&ending, None)).await;
    assert!(ended.contains("ended the process that tried it"), "{ended}");
    let whole = refused(of(&hollow, None)).await;
    assert!(
        whole.contains("gives no reason") && whole.contains("whole ADBC driver"),
        "{whole}"
    );
    let mut unpinned = of(&text, None);
    unpinned.adbc.sha256.clear();
    assert!(refused(unpinned).await.contains(&pin(&text)));
    let mut undecided = of(&text, None);
    undecided.dialect = DialectFacts::default();
    assert!(refused(undecided).await.contains("database.dialect"));
    // Without a process to try libraries in, none is loaded.
    let error = Connection::open(of(&text, None)).await.unwrap_err().to_string();
    assert!(error.contains("loads none"), "{error}");
}

fn built_in(name: &str, lexical: LexicalRules, schema: Option<&str>) -> DialectFacts {
    DialectFacts {
        name: name.into(),
        default_schema: schema.map(str::to_owned),
        guard: GuardRules::of_lexical_rules(lexical),
        ..DialectFacts::default()
    }
}

/// Catalog and rows of two connections to one database are the same.
async fn assert_same(own: &Connection, adbc: &Connection, driver: &str) {
    let queries = queries_of(driver, &own.server_info().version, &[]);
    let (mut left, right) = (
        own.extract(&queries, driver).await.unwrap(),
        adbc.extract(&queries, driver).await.unwrap(),
    );
    for (table, other) in left.database.tables.iter_mut().zip(&right.database.tables) {
        // Comments, checks and sizes come from the text and the pages of a file, which its own driver alone reads.
        if driver == "sqlite" {
            table.comment.clone_from(&other.comment);
            table.checks.clone_from(&other.checks);
            table.row_estimate = other.row_estimate;
            for (column, known) in table.columns.iter_mut().zip(&other.columns) {
                column.comment.clone_from(&known.comment);
            }
        }
        // A server counts a new table's rows when it comes to it: between the two readings, too.
        table.row_estimate = table.row_estimate.or(other.row_estimate);
        assert_eq!(table, other);
    }
    assert_eq!(left.database.tables.len(), right.database.tables.len());
    for table in &left.database.tables {
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("\"{}\"", column.name))
            .collect();
        let sql = format!(
            "SELECT {} FROM \"{}\" ORDER BY 1, 2 LIMIT 50",
            columns.join(", "),
            table.name
        );
        let rows = async |connection: &Connection| {
            let result = connection.run(&sql, &Limits::default()).await.unwrap();
            let text = |row: &Vec<Value>| {
                row.iter()
                    .map(|value| value.display_text().unwrap_or_default())
                    .collect::<Vec<_>>()
            };
            result.rows.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(rows(own).await, rows(adbc).await, "{}", table.name);
    }
}

#[tokio::test]
async fn sqlite_by_adbc_gives_what_its_own_driver_gives() {
    let test = "sqlite_by_adbc_gives_what_its_own_driver_gives";
    let (Some(library), Some(data)) = (library("libadbc_driver_sqlite.so", test), shared_data(test)) else {
        return;
    };
    let file = data.join("realdb/chinook/chinook.sqlite");
    let own = Connection::open(ConnectionSettings::sqlite(&file)).await.unwrap();
    let uri = format!("file:{}?mode=ro", file.canonicalize().unwrap().display());
    let facts = built_in("sqlite", LexicalRules::SQLITE, Some("main"));
    let adbc = open(settings(&library, None, &[("uri", &uri)], facts)).await.unwrap();
    assert_same(&own, &adbc, "sqlite").await;
}

#[tokio::test]
async fn postgres_by_adbc_gives_what_its_own_driver_gives() {
    let test = "postgres_by_adbc_gives_what_its_own_driver_gives";
    let (Some(library), Some(data)) = (library("libadbc_driver_postgresql.so", test), shared_data(test)) else {
        return;
    };
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", test) else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(&script(&data.join("realdb/chinook/chinook.postgres.sql")));
    let own = Connection::open(server.admin.clone()).await.unwrap();
    let admin = &server.admin;
    let host = if admin.host.starts_with('/') {
        admin.host.replace('/', "%2F")
    } else {
        admin.host.clone()
    };
    let uri = format!(
        "postgresql://{}@{host}:{}/{}",
        admin.user,
        admin.effective_port(),
        admin.database
    );
    let facts = built_in("postgres", LexicalRules::POSTGRES, Some("public"));
    let adbc = open(settings(&library, None, &[("uri", &uri)], facts)).await.unwrap();
    assert_same(&own, &adbc, "postgres").await;
    adbc.close().await;
    own.close().await;
}
