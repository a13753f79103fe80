//! The SQL of MySQL and MariaDB.

mod catalog_queries;

use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{DialectGuest, DialectTraits};

/// The dialect.
pub struct Mysql;

impl DialectTraits for Mysql {
    const DIALECT: Dialect = Dialect::Mysql;
    const ALIASES: &'static [&'static str] = &["mariadb"];
    const DRIVER: &'static str = "mysql";
    const PROMPT_NOTES: &'static [&'static str] = &[
        "Identifiers take backticks, strings single quotes.",
        "|| means OR: join text with CONCAT().",
        "Use DATE_FORMAT, YEAR(), DATEDIFF and INTERVAL 1 DAY for dates.",
        "No blank may stand between COUNT, SUM and the like and their parenthesis.",
        "There is no FULL OUTER JOIN.",
        "Use LIMIT n OFFSET m; a derived table needs an alias.",
    ];

    fn catalog_queries(server: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::catalog_queries(&server.version, &server.schemas)
    }
}

nl2sql_sdk::register!(dialect: DialectGuest<Mysql>);
