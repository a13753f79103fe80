//! The same schema gives the same catalog on every database.

use crate::shared;
use crate::shared::catalog_shape::shape;
use crate::shared::servers::{TestDatabase, script};
use crate::shared::{catalog_queries, server_url, shared_data};
use nl2sql_catalog::{Database, Table};
use nl2sql_database::{Connection, ConnectionSettings};

async fn catalog(settings: ConnectionSettings) -> Database {
    let connection = Connection::open(settings).await.unwrap();
    let extraction = connection.extract(&catalog_queries(&connection), "any").await.unwrap();
    assert_eq!(extraction.notes, Vec::<String>::new());
    extraction.database
}

/// Compares tables that both catalogs have; `least` is how many there must be.
fn assert_same(left: &Database, right: &Database, least: usize) {
    let (left, right) = (shape(left), shape(right));
    let both: Vec<&String> = left.keys().filter(|table| right.contains_key(*table)).collect();
    assert!(both.len() >= least, "{:?} against {:?}", left.keys(), right.keys());
    for table in both {
        assert_eq!(left[table], right[table], "{table}");
    }
}

#[tokio::test]
async fn chinook_is_the_same_everywhere() {
    let Some(data) = shared_data("chinook_is_the_same_everywhere") else {
        return;
    };
    let sqlite = catalog(ConnectionSettings::sqlite(data.join("realdb/chinook/chinook.sqlite"))).await;
    assert_eq!(sqlite.tables.len(), 11);
    for (variable, file) in [
        ("NL2SQL_TEST_POSTGRES_URL", "chinook.postgres.sql"),
        ("NL2SQL_TEST_MYSQL_URL", "chinook.mysql.sql"),
    ] {
        let Some(url) = server_url(variable, "chinook_is_the_same_everywhere") else {
            continue;
        };
        let server = TestDatabase::create(&url);
        server.script(&script(&data.join("realdb/chinook").join(file)));
        assert_same(&sqlite, &catalog(server.admin.clone()).await, 11);
    }
}

#[tokio::test]
async fn northwind_is_the_same_everywhere() {
    let Some(data) = shared_data("northwind_is_the_same_everywhere") else {
        return;
    };
    let sqlite = catalog(ConnectionSettings::sqlite(
        data.join("realdb/northwind/northwind.sqlite"),
    ))
    .await;
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", "northwind_is_the_same_everywhere") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(&script(&data.join("realdb/northwind/northwind.postgres.sql")));
    let postgres = catalog(server.admin.clone()).await;
    // The two projects differ in some columns; the keys of the tables in common do not.
    let keys = |database: &Database| {
        let mut keys: Vec<String> = shape(database)
            .into_iter()
            .filter_map(|(table, text)| Some(format!("{table} {}", text.split(" | ").nth(1)?)))
            .collect();
        keys.retain(|key| {
            [
                "orders ",
                "products ",
                "customers ",
                "employees ",
                "categories ",
                "suppliers ",
            ]
            .iter()
            .any(|table| key.starts_with(table))
        });
        keys
    };
    assert_eq!(keys(&sqlite), keys(&postgres));
    assert_eq!(keys(&postgres).len(), 6);
}

#[tokio::test]
async fn sakila_is_the_same_everywhere() {
    let Some(data) = shared_data("sakila_is_the_same_everywhere") else {
        return;
    };
    let folder = data.join("realdb/sakila");
    let (_file, path) = shared::sqlite_file(&std::fs::read_to_string(folder.join("sakila.sqlite.schema.sql")).unwrap());
    let sqlite = catalog(ConnectionSettings::sqlite(path)).await;
    let mut catalogs = Vec::new();
    for (variable, file) in [
        ("NL2SQL_TEST_POSTGRES_URL", "sakila.postgres.schema.sql"),
        ("NL2SQL_TEST_MYSQL_URL", "sakila.mysql.schema.sql"),
    ] {
        let Some(url) = server_url(variable, "sakila_is_the_same_everywhere") else {
            continue;
        };
        let server = TestDatabase::create(&url);
        server.script(&script(&folder.join(file)).replace("sakila.", ""));
        let database = catalog(server.admin.clone()).await;
        let rating = database
            .tables
            .iter()
            .find(|table| table.name == "film")
            .unwrap()
            .column("rating")
            .unwrap()
            .clone();
        assert_eq!(rating.labels, ["G", "PG", "PG-13", "R", "NC-17"], "{variable}");
        catalogs.push(database);
    }
    for database in &catalogs {
        let (ours, theirs) = (shape(&sqlite), shape(database));
        let keys = |text: &String| text.split(" | ").nth(1).map(str::to_owned);
        let tables: Vec<&String> = ours.keys().filter(|table| theirs.contains_key(*table)).collect();
        assert!(tables.len() >= 15, "{tables:?}");
        for table in tables {
            assert_eq!(keys(&ours[table]), keys(&theirs[table]), "{table}");
        }
    }
}

#[tokio::test]
async fn chinese_comments_arrive_intact() {
    let Some(data) = shared_data("chinese_comments_arrive_intact") else {
        return;
    };
    let folder = data.join("chinese/sales_zh");
    let sqlite = catalog(ConnectionSettings::sqlite(folder.join("sales_zh.sqlite"))).await;
    let comments = |database: &Database| -> Vec<String> {
        let columns = |table: &Table| {
            table
                .columns
                .iter()
                .map(|column| format!("{}.{}={:?}", table.name, column.name, column.comment))
                .collect::<Vec<_>>()
        };
        database
            .tables
            .iter()
            .flat_map(|table| [vec![format!("{}={:?}", table.name, table.comment)], columns(table)].concat())
            .collect()
    };
    assert!(comments(&sqlite).contains(&"customer=Some(\"客户\")".to_owned()));
    for (variable, file) in [
        ("NL2SQL_TEST_POSTGRES_URL", "sales_zh.postgres.sql"),
        ("NL2SQL_TEST_MYSQL_URL", "sales_zh.mysql.sql"),
    ] {
        let Some(url) = server_url(variable, "chinese_comments_arrive_intact") else {
            continue;
        };
        let server = TestDatabase::create(&url);
        server.script(&script(&folder.join(file)));
        let database = catalog(server.admin.clone()).await;
        assert_eq!(comments(&database), comments(&sqlite), "{variable}");
        assert_same(&sqlite, &database, 5);
    }
}

/// A dialect of a third party: MySQL's wire, another catalog.
#[tokio::test]
async fn a_wire_compatible_database_needs_catalog_queries_alone() {
    let Some(url) = server_url(
        "NL2SQL_TEST_MYSQL_URL",
        "a_wire_compatible_database_needs_catalog_queries_alone",
    ) else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE TABLE meta_columns (t varchar(20), n int, c varchar(20), words varchar(20)); \
         INSERT INTO meta_columns VALUES ('orders', 1, 'id', '编号'), ('orders', 2, 'city', NULL), ('cities', 1, 'name', NULL);",
    );
    let query = |section: &str, sql: &str| nl2sql_catalog::CatalogQuery {
        section: section.into(),
        sql: sql.into(),
    };
    let queries = [
        query(
            "columns",
            "SELECT NULL, t, n, c, 'STRING', 1, NULL, words, 0, 0, NULL, 'text' FROM meta_columns",
        ),
        query(
            "tables",
            "SELECT DISTINCT NULL, t, 'table', NULL, NULL FROM meta_columns",
        ),
        query(
            "foreign-keys",
            "SELECT NULL, 'orders', 'to_city', 1, 'city', NULL, 'cities', 'name'",
        ),
    ];
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let database = connection.extract(&queries, "starlet").await.unwrap().database;
    assert_eq!(database.dialect, "starlet");
    assert_eq!(
        database.table("orders").unwrap().columns[0].comment.as_deref(),
        Some("编号")
    );
    assert_eq!(database.table("orders").unwrap().foreign_keys[0].ref_columns, ["name"]);
}
