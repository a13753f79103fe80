//! Starlet speaks MySQL's wire and SQL, but keeps its catalog in two tables of its own, `meta_columns` and `meta_links`.

use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::{DialectGuest, DialectTraits};

struct Starlet;

impl DialectTraits for Starlet {
    const DIALECT: Dialect = Dialect::Mysql;
    const ALIASES: &'static [&'static str] = &[];
    const DRIVER: &'static str = "mysql";
    const PROMPT_NOTES: &'static [&'static str] = &["Starlet reads MySQL's SQL."];

    fn name() -> &'static str {
        "starlet"
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        [
            ("tables", "SELECT DISTINCT NULL, t, 'table', NULL, NULL FROM meta_columns"),
            (
                "columns",
                "SELECT NULL, t, n, c, kind, CASE WHEN is_key = 1 THEN '0' ELSE '1' END, NULL, words, '0', '0', NULL, NULL FROM meta_columns",
            ),
            ("keys", "SELECT NULL, t, 'key', 'primary', n, c FROM meta_columns WHERE is_key = 1"),
            ("foreign-keys", "SELECT NULL, t, 'link', 1, c, NULL, ref_t, ref_c FROM meta_links"),
        ]
        .map(|(section, sql)| (section, sql.to_owned()))
        .into()
    }
}

nl2sql_sdk::register!(dialect: DialectGuest<Starlet>);
