//! What several test files need: catalog queries of the dialects, throw-away databases, the servers to test against.
#![allow(dead_code)]

use std::path::PathBuf;

pub mod adbc_libraries;
pub mod attacks;
pub mod catalog_shape;
pub mod fake_mysql;
pub mod fake_servers;
pub mod own_server;
pub mod proxy;
pub mod servers;
pub mod tds;

use nl2sql_catalog::CatalogQuery;
use nl2sql_database::Connection;

#[path = "../../../../plugins/dialect-mysql/src/catalog_queries.rs"]
mod mysql_queries;
#[path = "../../../../plugins/dialect-postgres/src/catalog_queries.rs"]
mod postgres_queries;
#[path = "../../../../plugins/dialect-sqlite/src/catalog_queries.rs"]
mod sqlite_queries;
#[path = "../../../../plugins/dialect-tsql/src/catalog_queries.rs"]
mod tsql_queries;

/// The catalog queries that the built-in dialect of this connection's driver writes.
pub fn catalog_queries(connection: &Connection) -> Vec<CatalogQuery> {
    let server = connection.server_info();
    queries_of(&server.driver, &server.version, &server.schemas)
}

/// The catalog queries that the built-in dialect of `driver` writes for a server.
pub fn queries_of(driver: &str, version: &str, schemas: &[String]) -> Vec<CatalogQuery> {
    let queries = match driver {
        "sqlite" => sqlite_queries::catalog_queries(),
        "postgres" => postgres_queries::catalog_queries(version, schemas),
        "mysql" => mysql_queries::catalog_queries(version, schemas),
        _ => tsql_queries::catalog_queries(schemas),
    };
    queries
        .into_iter()
        .map(|(section, sql)| CatalogQuery {
            section: section.into(),
            sql,
        })
        .collect()
}

/// A throw-away SQLite file made by `schema`.
pub fn sqlite_file(schema: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    let connection = rusqlite::Connection::open(&path).unwrap();
    // Waiting for the disk after each statement takes most of a long script's time.
    connection.pragma_update(None, "synchronous", "off").unwrap();
    connection.execute_batch(schema).unwrap();
    (folder, path)
}

/// The folder `shared` beside the checkout, or a note that `test` is skipped.
pub fn shared_data(test: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let shared = std::env::var_os("NL2SQL_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    if !shared.join("data").is_dir() {
        eprintln!("skipped: {test} needs ../shared");
        return None;
    }
    Some(shared.join("data"))
}

/// URL of a test server, or a note that `test` is skipped.
pub fn server_url(variable: &str, test: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("skipped: {test} needs {variable}");
    }
    url
}
