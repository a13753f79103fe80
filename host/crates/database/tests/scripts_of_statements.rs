//! A catalog read from a script is the one that the database gives after running it.

use std::path::{Path, PathBuf};

use crate::shared::servers::{TestDatabase, script};
use crate::shared::{catalog_queries, server_url, shared_data, sqlite_file};
use nl2sql_catalog::{Column, Database, IdentifierCase, Table, TableKind};
use nl2sql_database::{Connection, ConnectionSettings, DialectFacts, Limits, ScriptRules};
use nl2sql_sql_lexer::LexicalRules;

/// What a built-in dialect says of its scripts.
fn facts(dialect: &str) -> DialectFacts {
    let (lexical, case) = match dialect {
        "sqlite" => (LexicalRules::SQLITE, IdentifierCase::Ignored),
        "postgres" => (LexicalRules::POSTGRES, IdentifierCase::FoldsLower),
        "mysql" => (LexicalRules::MYSQL, IdentifierCase::Ignored),
        "tsql" => (LexicalRules::TSQL, IdentifierCase::Ignored),
        other => panic!("{other} is no built-in dialect"),
    };
    DialectFacts {
        name: dialect.into(),
        scripts: ScriptRules {
            dialect: dialect.into(),
            grammar: Some(dialect.into()),
            lexical,
            case,
        },
        ..DialectFacts::default()
    }
}

/// The catalog of a script, and what had to be left out.
async fn declared(script: &Path, dialect: &str) -> (Database, Vec<String>) {
    let settings = ConnectionSettings {
        driver: "ddl".into(),
        path: script.to_owned(),
        dialect: facts(dialect),
        ..ConnectionSettings::default()
    };
    let connection = Connection::open(settings)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let extraction = connection.extract(&[], dialect).await.unwrap();
    (extraction.database, extraction.notes)
}

async fn live(settings: ConnectionSettings) -> Database {
    let connection = Connection::open(settings).await.unwrap();
    connection
        .extract(&catalog_queries(&connection), "any")
        .await
        .unwrap()
        .database
}

/// What has to be the same of a column, types and comments apart.
fn outline(column: &Column, is_view: bool) -> String {
    let facts = [
        ("not null", !column.nullable),
        ("identity", column.identity),
        ("generated", column.generated),
    ];
    let facts = facts
        .into_iter()
        .filter(|(_, is)| *is && !is_view)
        .map(|(fact, _)| fact);
    format!(
        "{} {} {:?}",
        column.name,
        facts.collect::<Vec<_>>().join(" "),
        column.labels
    )
}

/// A type without the widths that MariaDB adds to whole numbers.
fn type_name(column: &Column) -> String {
    let name = column.type_name.to_lowercase().replace(", ", ",");
    let word = name.split(['(', ' ']).next().unwrap_or_default();
    if word == "year" || word.ends_with("int") && name != "tinyint(1)" {
        return name
            .chars()
            .filter(|c| !c.is_ascii_digit() && !"()".contains(*c))
            .collect();
    }
    name.split(" character set").next().unwrap_or_default().to_owned()
}

/// The ways in which a declared table differs from the live one.
fn differences(declared: &Table, live: &Table) -> Vec<String> {
    let mut found = Vec::new();
    let mut differs = |what: &str, one: String, other: String| {
        if one != other {
            found.push(format!("{}: {what}: declared {one}, live {other}", live.name));
        }
    };
    let is_view = live.kind != TableKind::Table;
    differs("kind", format!("{:?}", declared.kind), format!("{:?}", live.kind));
    let names = |table: &Table| {
        table
            .columns
            .iter()
            .map(|column| outline(column, is_view))
            .collect::<Vec<_>>()
            .join(", ")
    };
    differs("columns", names(declared), names(live));
    for column in &live.columns {
        let Some(own) = declared.column(&column.name) else {
            continue;
        };
        let unknown = is_view && own.type_name.is_empty();
        if !unknown {
            differs(&column.name, type_name(own), type_name(column));
            differs(
                &column.name,
                format!("{:?}", own.type_class),
                format!("{:?}", column.type_class),
            );
        }
        if column.comment.is_some() {
            differs(
                &column.name,
                format!("{:?}", own.comment),
                format!("{:?}", column.comment),
            );
        }
    }
    differs(
        "primary key",
        declared.primary_key.join(","),
        live.primary_key.join(","),
    );
    let unique = |table: &Table| {
        let mut keys: Vec<String> = table.unique_keys.iter().map(|key| key.columns.join(",")).collect();
        keys.sort();
        keys.join("; ")
    };
    differs("unique keys", unique(declared), unique(live));
    let foreign = |table: &Table| {
        let key = |key: &nl2sql_catalog::ForeignKey| {
            format!(
                "{} -> {} {}",
                key.columns.join(","),
                key.ref_table,
                key.ref_columns.join(",")
            )
        };
        let mut keys: Vec<String> = table.foreign_keys.iter().map(key).collect();
        keys.sort();
        keys.dedup();
        keys.join("; ")
    };
    differs("foreign keys", foreign(declared), foreign(live));
    if live.comment.is_some() {
        differs(
            "comment",
            format!("{:?}", declared.comment),
            format!("{:?}", live.comment),
        );
    }
    found
}

/// Every difference of two catalogs.
fn compare(declared: &Database, live: &Database) -> Vec<String> {
    let names = |database: &Database| {
        let mut names: Vec<String> = database.tables.iter().map(|table| table.name.clone()).collect();
        names.sort();
        names
    };
    let mut found = Vec::new();
    if names(declared) != names(live) {
        found.push(format!("declared {:?}, live {:?}", names(declared), names(live)));
    }
    for table in &live.tables {
        let own = declared.tables.iter().find(|own| own.name == table.name);
        found.extend(own.into_iter().flat_map(|own| differences(own, table)));
    }
    found
}

/// The scripts of the public data whose names end so.
fn scripts(data: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [
        "realdb/chinook",
        "realdb/northwind",
        "realdb/sakila",
        "realdb/defog",
        "chinese/sales_zh",
    ] {
        let entries = std::fs::read_dir(data.join(folder))
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        found.extend(entries.filter(|path| path.to_string_lossy().ends_with(ending)));
    }
    found.retain(|path| !path.to_string_lossy().contains(".data."));
    found.sort();
    found
}

/// MariaDB passes over comments for MySQL 5.7 and later; in the scripts, one of them holds a column.
fn without_columns_of_later_servers(mut database: Database) -> Database {
    for table in &mut database.tables {
        table
            .columns
            .retain(|column| (table.name.as_str(), column.name.as_str()) != ("address", "location"));
    }
    database
}

async fn same_on_a_server(variable: &str, ending: &[&str], dialect: &str, least: usize) {
    let Some(data) = shared_data("same_on_a_server") else {
        return;
    };
    let Some(url) = server_url(variable, "same_on_a_server") else {
        return;
    };
    let mut wrong = Vec::new();
    let files: Vec<PathBuf> = ending.iter().flat_map(|ending| scripts(&data, ending)).collect();
    assert!(files.len() >= least, "{files:?}");
    for file in files {
        let server = TestDatabase::create(&url);
        let text = script(&file).replace("sakila.", "").replace("`northwind`.", "");
        server.script(&text);
        let (database, notes) = declared(&file, dialect).await;
        let database = without_columns_of_later_servers(database);
        let live = live(server.admin.clone()).await;
        wrong.extend(notes.into_iter().filter(|note| !note.contains("foreign key")));
        wrong.extend(
            compare(&database, &live)
                .into_iter()
                .map(|difference| format!("{}: {difference}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn postgres_gives_what_its_scripts_declare() {
    same_on_a_server(
        "NL2SQL_TEST_POSTGRES_URL",
        &[".postgres.sql", ".postgres.schema.sql"],
        "postgres",
        9,
    )
    .await;
}

#[tokio::test]
async fn mariadb_gives_what_its_scripts_declare() {
    same_on_a_server(
        "NL2SQL_TEST_MYSQL_URL",
        &[".mysql.sql", ".mysql.schema.sql"],
        "mysql",
        9,
    )
    .await;
}

#[tokio::test]
async fn sqlite_gives_what_its_scripts_declare() {
    let Some(data) = shared_data("sqlite_gives_what_its_scripts_declare") else {
        return;
    };
    let mut wrong = Vec::new();
    for file in [".sqlite.sql", ".sqlite.schema.sql"]
        .iter()
        .flat_map(|ending| scripts(&data, ending))
    {
        let (_folder, path) = sqlite_file(&std::fs::read_to_string(&file).unwrap());
        let (database, notes) = declared(&file, "sqlite").await;
        let live = live(ConnectionSettings::sqlite(path)).await;
        wrong.extend(notes.into_iter().filter(|note| !note.contains("foreign key")));
        wrong.extend(
            compare(&database, &live)
                .into_iter()
                .map(|difference| format!("{}: {difference}", file.display())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn spider_databases_give_what_their_own_statements_declare() {
    let Some(data) = shared_data("spider_databases_give_what_their_own_statements_declare") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for entry in std::fs::read_dir(data.join("spider/database")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let path = entry.path().join(format!("{name}.sqlite"));
        let connection = Connection::open(ConnectionSettings::sqlite(path)).await.unwrap();
        let live = connection
            .extract(&catalog_queries(&connection), "any")
            .await
            .unwrap()
            .database;
        let statements = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('table', 'view', 'index')";
        let rows = connection.run(statements, &Limits::default()).await.unwrap().rows;
        let texts: Vec<String> = rows.iter().filter_map(|row| row[0].display_text()).collect();
        let script = folder.path().join(format!("{name}.sql"));
        std::fs::write(&script, texts.join(";\n")).unwrap();
        let (database, notes) = declared(&script, "sqlite").await;
        wrong.extend(notes.into_iter().filter(|note| !note.contains("foreign key")));
        wrong.extend(
            compare(&database, &live)
                .into_iter()
                .map(|difference| format!("{name}: {difference}")),
        );
        seen += 1;
    }
    assert!(seen >= 70, "{seen}");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn scripts_for_servers_that_are_not_here_are_read_whole() {
    let Some(data) = shared_data("scripts_for_servers_that_are_not_here_are_read_whole") else {
        return;
    };
    for (file, tables) in [
        ("realdb/chinook/chinook.tsql.sql", 11),
        ("realdb/northwind/northwind.tsql.sql", 29),
        ("realdb/sakila/sakila.tsql.schema.sql", 21),
    ] {
        let (database, notes) = declared(&data.join(file), "tsql").await;
        assert_eq!(notes, [] as [&str; 0], "{file}");
        assert_eq!(database.tables.len(), tables, "{file}");
        let with_keys = database
            .tables
            .iter()
            .filter(|table| !table.primary_key.is_empty())
            .count();
        assert!(with_keys >= 11, "{file}: {with_keys}");
    }
    let (database, _) = declared(&data.join("chinese/css_yiliao.sql"), "mysql").await;
    assert_eq!(database.tables.len(), 6);
}

#[tokio::test]
async fn scripts_in_other_encodings_are_read_and_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let text = "CREATE TABLE 客户 (id INT PRIMARY KEY, 名称 NVARCHAR(20));\r\nGO\r\n";
    let utf16 = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect::<Vec<u8>>();
    let gbk = encoding_rs::GB18030.encode(text).0.into_owned();
    for (name, bytes) in [
        ("utf16.sql", utf16),
        ("gbk.sql", gbk),
        ("utf8.sql", text.as_bytes().to_vec()),
    ] {
        let script = folder.path().join(name);
        std::fs::write(&script, bytes).unwrap();
        let (database, notes) = declared(&script, "tsql").await;
        assert_eq!(notes, [] as [&str; 0], "{name}");
        assert_eq!(database.tables[0].columns[1].name, "名称", "{name}");
        assert_eq!(database.name, name.trim_end_matches(".sql"));
    }
    let settings = ConnectionSettings {
        driver: "ddl".into(),
        path: folder.path().join("utf8.sql"),
        dialect: facts("tsql"),
        ..ConnectionSettings::default()
    };
    let connection = Connection::open(settings.clone()).await.unwrap();
    assert!(!connection.executes());
    let error = connection.run("SELECT 1", &Limits::default()).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.to_string().contains("no database to run"), "{error}");
    let nowhere = ConnectionSettings {
        path: folder.path().join("missing.sql"),
        ..settings.clone()
    };
    assert!(
        Connection::open(nowhere)
            .await
            .unwrap_err()
            .to_string()
            .contains("missing.sql")
    );
    let undecided = ConnectionSettings {
        dialect: DialectFacts::default(),
        ..settings
    };
    assert!(
        Connection::open(undecided)
            .await
            .unwrap_err()
            .to_string()
            .contains("--dialect")
    );
}
