//! The SQL of SQLite.

mod catalog_queries;

use nl2sql_sdk::Dialect as DialectPlugin;
use nl2sql_sdk::dialect::{CatalogQuery, ServerInfo};
use nl2sql_sdk::types::{Catalog, DialectInfo, Table};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{self, GuestSession};

/// Notes for the prompt of a language model.
const PROMPT_NOTES: &[&str] = &[
    "Dates are text, integers or reals: use date(), strftime() and julianday().",
    "Text is joined with ||, there is no CONCAT before version 3.44.",
    "Integer division truncates: multiply by 1.0 or CAST AS REAL first.",
    "Strings take single quotes, identifiers double quotes.",
    "Use LIMIT n OFFSET m; there is no TOP and no FETCH.",
    "LIKE ignores the case of ASCII letters.",
];

/// The dialect.
pub struct Sqlite;

impl DialectPlugin for Sqlite {
    type Session = GuestSession;

    fn info() -> DialectInfo {
        guest::info(Dialect::Sqlite, &["sqlite3"], "sqlite", PROMPT_NOTES)
    }

    fn catalog_queries(server: ServerInfo) -> Vec<CatalogQuery> {
        guest::catalog_queries(catalog_queries::catalog_queries(
            &server.version,
            &server.database,
            &server.schemas,
        ))
    }

    fn render_ddl(table: &Table) -> String {
        guest::render_ddl(Dialect::Sqlite, table)
    }

    fn quote(identifier: &str) -> String {
        nl2sql_sql::quote(Dialect::Sqlite, identifier)
    }

    fn open(catalog: Catalog) -> GuestSession {
        GuestSession::open(Dialect::Sqlite, catalog)
    }
}

nl2sql_sdk::register!(dialect: Sqlite);
