//! The SQL of PostgreSQL.

mod catalog_queries;

use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{DialectGuest, DialectTraits};

/// The dialect.
pub struct Postgres;

impl DialectTraits for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;
    const ALIASES: &'static [&'static str] = &["postgresql", "pg"];
    const DRIVER: &'static str = "postgres";
    const PROMPT_NOTES: &'static [&'static str] = &[
        "Unquoted identifiers fold to lower case: double-quote names with capitals.",
        "Every selected column must be grouped or inside an aggregate function.",
        "Use date_trunc, extract and INTERVAL '1 day' for dates; ILIKE ignores case.",
        "Integer division truncates: cast to numeric first.",
        "Casts are written CAST(x AS type) or x::type.",
        "Use LIMIT n OFFSET m or FETCH FIRST n ROWS ONLY.",
    ];

    fn catalog_queries(server: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::catalog_queries(&server.version, &server.schemas)
    }
}

nl2sql_sdk::register!(dialect: DialectGuest<Postgres>);
