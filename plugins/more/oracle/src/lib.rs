//! The SQL of Oracle Database.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LexicalRules, LimitStyle, NameRules, NullOrder,
    Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::OracleDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = OracleDialect;

    const PHRASES: &'static str = include_str!("phrases.txt");

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("oracle", "adbc");
        DialectInfo {
            aliases: words(""),
            prompt_notes: [
                "Unquoted names fold to upper case; double-quote names with lower-case letters.",
                "FETCH FIRST n ROWS ONLY limits rows; there is no LIMIT.",
                "Aliases of tables come without AS.",
                "Date literals are written DATE '2024-01-31'; use TRUNC, EXTRACT and ADD_MONTHS.",
                "MINUS is the set difference.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                delimited_strings: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::FoldsUpper,
                letters_beyond_ascii: true,
                reserved: words(RESERVED),
                ..standard.names
            },
            features: vec![
                Feature::Cte,
                Feature::Window,
                Feature::FullJoin,
                Feature::NullsOrder,
                Feature::Lateral,
                Feature::CorrelatedSubqueries,
            ],
            spelling: Spelling {
                limit: LimitStyle::FetchFirst,
                nulls: NullOrder::Largest,
                text_length: "length({})".into(),
                true_literal: "1".into(),
                false_literal: "0".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value approx_count_distinct avg collect corr count listagg max median min stats_mode stddev sum variance",
                ),
                table: words("json_table xmltable"),
            },
            guard: GuardRules {
                query_words: words("select with"),
                refused_words: pairs(&[
                    ("into", "it stores the result"),
                    ("nextval", "it advances a sequence"),
                    ("for update", "it locks rows"),
                ]),
                refused_functions: pairs(&[
                    ("utl_*", "it reaches outside the database"),
                    ("dbms_*", "it runs code of the server"),
                    ("httpuritype", "it reaches other servers"),
                    ("sys_context", "it tells of the session"),
                    ("userenv", "it tells of the session"),
                ]),
                refused_relations: pairs(&[
                    ("v$*", "it tells of the server"),
                    ("gv$*", "it tells of the server"),
                    ("dba_*", "it tells of the server"),
                    ("sys.*", "it tells of the server"),
                    ("all_users", "it tells of logins"),
                ]),
            },
            extra: pairs(&[("script-grammar", "oracle")]),
            ..standard
        }
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        catalog_queries::QUERIES
            .map(|(section, sql)| (section, sql.to_owned()))
            .into()
    }
}

nl2sql_sdk::register!(dialect: Guest<Plugin>);

fn words(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned()))
        .collect()
}

/// Words that need quotes to be names.
const RESERVED: &str = "access add all alter and any as asc audit between by char check cluster column column_value comment compress connect create current date decimal default delete desc distinct drop else exclusive exists file float for from grant group having identified immediate in increment index initial insert integer intersect into is level like lock long maxextents minus mlslabel mode modify nested_table_id noaudit nocompress not nowait null number of offline on online option or order pctfree prior public raw rename resource revoke row rowid rownum rows select session set share size smallint start successful synonym sysdate table then to trigger uid union unique update user validate values varchar varchar2 view whenever where with";

#[cfg(test)]
mod tests;
