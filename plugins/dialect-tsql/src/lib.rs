//! The SQL of SQL Server.

mod catalog_queries;

use nl2sql_sdk::Dialect as DialectPlugin;
use nl2sql_sdk::dialect::{CatalogQuery, ServerInfo};
use nl2sql_sdk::types::{Catalog, DialectInfo, Table};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{self, GuestSession};

/// Notes for the prompt of a language model.
const PROMPT_NOTES: &[&str] = &[
    "Limit rows with SELECT TOP n, or ORDER BY ... OFFSET m ROWS FETCH NEXT n ROWS ONLY; there is no LIMIT.",
    "Identifiers take square brackets, strings single quotes, national strings N'...'.",
    "Join text with + or CONCAT(); there is no boolean type, use 1 and 0.",
    "Use DATEADD, DATEDIFF, YEAR() and CONVERT for dates.",
    "Every selected column must be grouped or inside an aggregate function.",
    "A derived table needs an alias and may have ORDER BY only with TOP.",
];

/// The dialect.
pub struct Tsql;

impl DialectPlugin for Tsql {
    type Session = GuestSession;

    fn info() -> DialectInfo {
        guest::info(Dialect::Tsql, &["mssql", "sqlserver"], "mssql", PROMPT_NOTES)
    }

    fn catalog_queries(server: ServerInfo) -> Vec<CatalogQuery> {
        guest::catalog_queries(catalog_queries::catalog_queries(
            &server.version,
            &server.database,
            &server.schemas,
        ))
    }

    fn render_ddl(table: &Table) -> String {
        guest::render_ddl(Dialect::Tsql, table)
    }

    fn quote(identifier: &str) -> String {
        nl2sql_sql::quote(Dialect::Tsql, identifier)
    }

    fn open(catalog: Catalog) -> GuestSession {
        GuestSession::open(Dialect::Tsql, catalog)
    }
}

nl2sql_sdk::register!(dialect: Tsql);
