//! The SQL of MySQL and MariaDB.

mod catalog_queries;

use nl2sql_sdk::Dialect as DialectPlugin;
use nl2sql_sdk::dialect::{CatalogQuery, ServerInfo};
use nl2sql_sdk::types::{Catalog, DialectInfo, Table};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{self, GuestSession};

/// Notes for the prompt of a language model.
const PROMPT_NOTES: &[&str] = &[
    "Identifiers take backticks, strings single quotes.",
    "|| means OR: join text with CONCAT().",
    "Use DATE_FORMAT, YEAR(), DATEDIFF and INTERVAL 1 DAY for dates.",
    "No blank may stand between COUNT, SUM and the like and their parenthesis.",
    "There is no FULL OUTER JOIN.",
    "Use LIMIT n OFFSET m; a derived table needs an alias.",
];

/// The dialect.
pub struct Mysql;

impl DialectPlugin for Mysql {
    type Session = GuestSession;

    fn info() -> DialectInfo {
        guest::info(Dialect::Mysql, &["mariadb"], "mysql", PROMPT_NOTES)
    }

    fn catalog_queries(server: ServerInfo) -> Vec<CatalogQuery> {
        guest::catalog_queries(catalog_queries::catalog_queries(
            &server.version,
            &server.database,
            &server.schemas,
        ))
    }

    fn render_ddl(table: &Table) -> String {
        guest::render_ddl(Dialect::Mysql, table)
    }

    fn quote(identifier: &str) -> String {
        nl2sql_sql::quote(Dialect::Mysql, identifier)
    }

    fn open(catalog: Catalog) -> GuestSession {
        GuestSession::open(Dialect::Mysql, catalog)
    }
}

nl2sql_sdk::register!(dialect: Mysql);
