//! The SQL of SQLite.

mod catalog_queries;

use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{DialectGuest, DialectTraits};

/// The dialect.
pub struct Sqlite;

impl DialectTraits for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
    const ALIASES: &'static [&'static str] = &["sqlite3"];
    const DRIVER: &'static str = "sqlite";
    const PROMPT_NOTES: &'static [&'static str] = &[
        "Dates are text, integers or reals: use date(), strftime() and julianday().",
        "Text is joined with ||, there is no CONCAT before version 3.44.",
        "Integer division truncates: multiply by 1.0 or CAST AS REAL first.",
        "Strings take single quotes, identifiers double quotes.",
        "Use LIMIT n OFFSET m; there is no TOP and no FETCH.",
        "LIKE ignores the case of ASCII letters.",
    ];

    fn catalog_queries(_server: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::catalog_queries()
    }
}

nl2sql_sdk::register!(dialect: DialectGuest<Sqlite>);
