//! The SQL of BigQuery.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, IdentifierQuote, LexicalRules, LimitStyle,
    NameRules, NullOrder, Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::BigQueryDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = BigQueryDialect;

    const PHRASES: &'static str = include_str!("phrases.txt");

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("bigquery", "adbc");
        DialectInfo {
            aliases: words("googlesql"),
            prompt_notes: [
                "Names are quoted with backticks; strings with single or double quotes.",
                "Qualify tables as `dataset.table`.",
                "Set operations need DISTINCT or ALL: UNION DISTINCT, EXCEPT DISTINCT.",
                "Use DATE_TRUNC(d, MONTH), EXTRACT(YEAR FROM d) and DATE_DIFF(a, b, DAY).",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                identifier_quotes: vec![IdentifierQuote::doubled('`', '`')],
                string_quotes: vec!['\'', '"'],
                backslash_escapes: true,
                triple_quoted_strings: true,
                hash_comments: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::Ignored,
                letters_beyond_ascii: false,
                reserved: words(RESERVED),
                ..standard.names
            },
            features: vec![
                Feature::Cte,
                Feature::RecursiveCte,
                Feature::Window,
                Feature::FullJoin,
                Feature::Ordinals,
                Feature::GroupByAlias,
                Feature::NullsOrder,
                Feature::Qualify,
                Feature::CorrelatedSubqueries,
            ],
            spelling: Spelling {
                limit: LimitStyle::Limit,
                nulls: NullOrder::Smallest,
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value approx_count_distinct array_agg array_concat_agg avg bit_and bit_or bit_xor corr count countif logical_and logical_or max min stddev string_agg sum variance",
                ),
                table: words("unnest"),
            },
            guard: GuardRules {
                query_words: words("select with"),
                refused_words: pairs(&[
                    ("into", "it stores the result"),
                    ("for system_time", "it reads the past"),
                ]),
                refused_functions: pairs(&[
                    ("external_query", "it reaches other databases"),
                    ("session_user", "it tells of the session"),
                    ("ml.*", "it runs models"),
                    ("rand", "it gives another result each time"),
                ]),
                refused_relations: pairs(&[
                    ("*.information_schema.jobs*", "it tells of what others ran"),
                    ("information_schema.jobs*", "it tells of what others ran"),
                ]),
            },
            extra: pairs(&[("script-grammar", "bigquery")]),
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
const RESERVED: &str = "all and any array as asc assert_rows_modified at between by case cast collate contains create cross cube current default define desc distinct else end enum escape except exclude exists extract false fetch following for from full group grouping groups hash having if ignore in inner intersect interval into is join lateral left like limit lookup merge natural new no not null nulls of on or order outer over partition preceding proto qualify range recursive respect right rollup rows select set some struct tablesample then to treat true unbounded union unnest using when where window with within";

#[cfg(test)]
mod tests;
