//! The SQL of SQL Server.

mod catalog_queries;

use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{DialectGuest, DialectTraits};

/// The dialect.
pub struct Tsql;

impl DialectTraits for Tsql {
    const DIALECT: Dialect = Dialect::Tsql;
    const ALIASES: &'static [&'static str] = &["mssql", "sqlserver"];
    const DRIVER: &'static str = "mssql";
    const PROMPT_NOTES: &'static [&'static str] = &[
        "Limit rows with SELECT TOP n, or ORDER BY ... OFFSET m ROWS FETCH NEXT n ROWS ONLY; there is no LIMIT.",
        "Identifiers take square brackets, strings single quotes, national strings N'...'.",
        "Join text with + or CONCAT(); there is no boolean type, use 1 and 0.",
        "Use DATEADD, DATEDIFF, YEAR() and CONVERT for dates.",
        "Every selected column must be grouped or inside an aggregate function.",
        "A derived table needs an alias and may have ORDER BY only with TOP.",
    ];

    fn catalog_queries(server: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::catalog_queries(&server.schemas)
    }
}

nl2sql_sdk::register!(dialect: DialectGuest<Tsql>);
