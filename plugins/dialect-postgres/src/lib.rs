//! The SQL of PostgreSQL.

mod catalog_queries;

use nl2sql_sdk::Dialect as DialectPlugin;
use nl2sql_sdk::dialect::{CatalogQuery, ServerInfo};
use nl2sql_sdk::types::{Catalog, DialectInfo, Table};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{self, GuestSession};

/// Notes for the prompt of a language model.
const PROMPT_NOTES: &[&str] = &[
    "Unquoted identifiers fold to lower case: double-quote names with capitals.",
    "Every selected column must be grouped or inside an aggregate function.",
    "Use date_trunc, extract and INTERVAL '1 day' for dates; ILIKE ignores case.",
    "Integer division truncates: cast to numeric first.",
    "Casts are written CAST(x AS type) or x::type.",
    "Use LIMIT n OFFSET m or FETCH FIRST n ROWS ONLY.",
];

/// The dialect.
pub struct Postgres;

impl DialectPlugin for Postgres {
    type Session = GuestSession;

    fn info() -> DialectInfo {
        guest::info(Dialect::Postgres, &["postgresql", "pg"], "postgres", PROMPT_NOTES)
    }

    fn catalog_queries(server: ServerInfo) -> Vec<CatalogQuery> {
        guest::catalog_queries(catalog_queries::catalog_queries(
            &server.version,
            &server.database,
            &server.schemas,
        ))
    }

    fn render_ddl(table: &Table) -> String {
        guest::render_ddl(Dialect::Postgres, table)
    }

    fn quote(identifier: &str) -> String {
        nl2sql_sql::quote(Dialect::Postgres, identifier)
    }

    fn open(catalog: Catalog) -> GuestSession {
        GuestSession::open(Dialect::Postgres, catalog)
    }
}

nl2sql_sdk::register!(dialect: Postgres);
