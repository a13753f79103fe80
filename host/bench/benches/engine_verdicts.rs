//! Whether the built-in validators agree with real engines: `cargo xtask bench dialects`, after the lists.
//!
//! `cases/sql` of the shared data holds statements with the verdict of SQLite, PostgreSQL and MariaDB over tables that its scripts make, and
//! statements of T-SQL with what Microsoft's documentation says. The tables are made again, their catalog is read as a run reads it, and each
//! statement passes the validators of syntax and schema. Statements that are judged otherwise are printed with what either side says;
//! "Where the dialects differ" of the book gives the reasons.

use std::fs;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use nl2sql_catalog::{Database, Sample, Severity};
use nl2sql_database::{Connection, ConnectionSettings, TlsMode};
use nl2sql_plugin_host::{DialectPlugin, PluginHost, Services, ValidatorSession};
use serde::Deserialize;
use sqlx::{Connection as _, MySqlConnection, PgConnection};

/// The database that the scripts fill; statements name it.
const DATABASE: &str = "bugs";

/// A statement and what its engine says of it.
#[derive(Deserialize)]
struct Judged {
    sql: String,
    /// Whether the engine takes it.
    ok: bool,
    /// The engine's message, where it does not.
    err: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let folder = nl2sql_bench::data().join("../cases/sql");
    let host = PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .build()
        .expect("an engine");
    println!(
        "{:<9} {:>10} {:>9} {:>7}",
        "dialect", "statements", "otherwise", "engine"
    );
    let files = tempfile::tempdir().expect("a folder");
    let sqlite = sqlite_file(&folder, files.path());
    for (dialect, settings) in [
        ("sqlite", sqlite.clone()),
        ("postgres", postgres(&folder).await),
        ("mysql", mariadb(&folder).await),
        // No server of this dialect is at hand: its statements are about the tables of SQLite.
        ("tsql", sqlite),
    ] {
        let catalog = catalog(&host, settings).await;
        let statements = match dialect {
            "tsql" => documented(&folder.join("tsql.txt")),
            engine => judged_by_engine(&folder.join(format!("{engine}.truth.json"))),
        };
        compare(&host, dialect, catalog, &statements);
    }
}

/// The tables in a file of their own.
fn sqlite_file(folder: &Path, files: &Path) -> ConnectionSettings {
    let file = files.join(format!("{DATABASE}.sqlite"));
    let database = rusqlite::Connection::open(&file).expect("a new file");
    database
        .execute_batch(&script(folder, "sqlite"))
        .expect("SQLite takes the script");
    ConnectionSettings::sqlite(file)
}

/// The tables in a database of their own on the server that `cargo xtask bench` started.
async fn postgres(folder: &Path) -> ConnectionSettings {
    let url = server("NL2SQL_TEST_POSTGRES_URL");
    let options = sqlx::postgres::PgConnectOptions::from_str(&url).expect("a URL");
    let mut server = PgConnection::connect_with(&options).await.expect("PostgreSQL answers");
    for sql in [
        format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"),
        format!("CREATE DATABASE {DATABASE}"),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut server)
            .await
            .expect("a new database");
    }
    let mut database = PgConnection::connect_with(&options.database(DATABASE))
        .await
        .expect("the new database answers");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script(folder, "postgres")))
        .execute(&mut database)
        .await
        .expect("PostgreSQL takes the script");
    settings(&url)
}

/// As [`postgres`].
async fn mariadb(folder: &Path) -> ConnectionSettings {
    let url = server("NL2SQL_TEST_MYSQL_URL");
    let options = sqlx::mysql::MySqlConnectOptions::from_str(&url).expect("a URL");
    let mut server = MySqlConnection::connect_with(&options).await.expect("MariaDB answers");
    let tables = script(folder, "mysql");
    let sql = format!("DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE}; USE {DATABASE}; {tables}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut server)
        .await
        .expect("MariaDB takes the script");
    settings(&url)
}

fn server(variable: &str) -> String {
    std::env::var(variable).expect("run it by `cargo xtask bench`, which starts the servers")
}

fn script(folder: &Path, engine: &str) -> String {
    fs::read_to_string(folder.join(format!("{engine}.schema.sql"))).expect("the script of the tables")
}

/// The settings of a server's URL, for the database of the scripts.
fn settings(url: &str) -> ConnectionSettings {
    let server: ConnectionSettings = url.parse().expect("a URL");
    ConnectionSettings {
        database: DATABASE.to_owned(),
        tls: TlsMode::Prefer,
        ..server
    }
}

/// The catalog as a run reads it.
async fn catalog(host: &PluginHost, settings: ConnectionSettings) -> Database {
    let driver = settings.driver.clone();
    let connection = Connection::open(settings).await.expect("the database answers");
    let queries = dialect(host, &driver)
        .catalog_queries(connection.server_info())
        .expect("the dialect answers");
    let extraction = connection.extract(&queries, &driver).await.expect("a catalog");
    extraction.database
}

fn dialect(host: &PluginHost, name: &str) -> DialectPlugin {
    host.dialect(name).expect("the dialect is built in")
}

fn judged_by_engine(path: &Path) -> Vec<Judged> {
    let text = fs::read_to_string(path).expect("statements with verdicts");
    serde_json::from_str(&text).expect("a list of statements")
}

/// Lines `+|<valid statement>` and `-|<invalid statement>`.
fn documented(path: &Path) -> Vec<Judged> {
    let text = fs::read_to_string(path).expect("statements with verdicts");
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (mark, sql) = line.split_once('|').expect("a mark and a statement");
            assert!(matches!(mark, "+" | "-"), "`{mark}` is no mark");
            Judged {
                sql: sql.to_owned(),
                ok: mark == "+",
                err: "invalid by Microsoft's documentation".to_owned(),
            }
        })
        .collect()
}

/// Judges all statements, and prints those that the engine judges otherwise.
fn compare(host: &PluginHost, name: &str, mut catalog: Database, statements: &[Judged]) {
    name.clone_into(&mut catalog.dialect);
    let session = Arc::new(dialect(host, name).open(&catalog));
    let validators: Vec<ValidatorSession> = ["validator-syntax", "validator-schema"]
        .into_iter()
        .map(|validator| {
            let services = Services::none().with_sql(session.clone());
            let validator = host.validator(validator, services).expect("the validator is built in");
            validator.open(&catalog, "{}")
        })
        .collect();
    let otherwise: Vec<(&Judged, Option<String>)> = statements
        .iter()
        .map(|statement| (statement, refusal(&validators, &statement.sql)))
        .filter(|(statement, refusal)| statement.ok != refusal.is_none())
        .collect();
    let version = catalog.server_version.as_deref().filter(|_| name != "tsql");
    println!(
        "{name:<9} {:>10} {:>9} {}",
        statements.len(),
        otherwise.len(),
        version.unwrap_or("Microsoft's documentation")
    );
    for (statement, refusal) in otherwise {
        match refusal {
            Some(reason) => println!("  refused: {}\n    {reason}", statement.sql),
            None => println!("  accepted: {}\n    {}", statement.sql, said(&statement.err)),
        }
    }
}

/// A client's message, without the rule that `mariadb` draws above it.
fn said(message: &str) -> &str {
    let message = message.trim_matches(|c: char| c == '-' || c.is_whitespace());
    if message.is_empty() {
        "the engine refuses it"
    } else {
        message
    }
}

/// The first error that the validators find, each asked only where the one before found none.
fn refusal(validators: &[ValidatorSession], sql: &str) -> Option<String> {
    let sample = Sample {
        sql: sql.to_owned(),
        ..Sample::default()
    };
    validators.iter().find_map(|validator| {
        let findings = validator
            .check(std::slice::from_ref(&sample))
            .expect("the validator answers");
        let errors = findings
            .into_iter()
            .flatten()
            .filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.message).next()
    })
}
