//! The SQL of Databricks SQL.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, IdentifierQuote, LexicalRules, LimitStyle,
    NameRules, NullOrder, Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::DatabricksDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = DatabricksDialect;

    const ALIASES_ANYWHERE: bool = true;

    const PHRASES: &'static str = include_str!("phrases.txt");

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("databricks", "adbc");
        DialectInfo {
            aliases: words("spark"),
            prompt_notes: [
                "Names are quoted with backticks.",
                "Use date_trunc, add_months, datediff(end, start) and INTERVAL 1 DAY.",
                "Tables may be qualified as catalog.schema.table.",
                "QUALIFY filters window functions.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                identifier_quotes: vec![IdentifierQuote::doubled('`', '`')],
                string_quotes: vec!['\'', '"'],
                backslash_escapes: true,
                raw_strings: true,
                nested_comments: true,
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
                Feature::IntersectAndExcept,
                Feature::FullJoin,
                Feature::Ordinals,
                Feature::GroupByAlias,
                Feature::NullsOrder,
                Feature::Lateral,
                Feature::Qualify,
                Feature::CorrelatedSubqueries,
            ],
            spelling: Spelling {
                limit: LimitStyle::Limit,
                nulls: NullOrder::Smallest,
                year: "YEAR({})".into(),
                month: "MONTH({})".into(),
                text_length: "length({})".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value approx_count_distinct array_agg avg bool_and bool_or collect_list collect_set corr count count_if first last listagg max max_by mean median min min_by mode percentile stddev string_agg sum variance",
                ),
                table: words("explode posexplode inline range stack"),
            },
            guard: GuardRules {
                query_words: words("select with values"),
                refused_words: pairs(&[("into", "it stores the result")]),
                refused_functions: pairs(&[
                    ("read_files", "it reads files"),
                    ("read_kafka", "it reaches other servers"),
                    ("http_request", "it reaches other servers"),
                    ("secret", "it reads secrets"),
                    ("try_secret", "it reads secrets"),
                    ("list_secrets", "it tells of secrets"),
                    ("remote_query", "it reaches other servers"),
                    ("ai_*", "it runs models"),
                    ("java_method", "it runs code"),
                    ("reflect", "it runs code"),
                    ("try_reflect", "it runs code"),
                ]),
                refused_relations: pairs(&[
                    ("system.*", "it tells of the account"),
                    ("delta.*", "files are not read"),
                    ("parquet.*", "files are not read"),
                    ("csv.*", "files are not read"),
                    ("json.*", "files are not read"),
                    ("text.*", "files are not read"),
                ]),
            },
            extra: pairs(&[("script-grammar", "databricks")]),
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
const RESERVED: &str = "anti cross except full inner intersect join lateral left minus natural on right semi union using select from where group having order limit with as and or not null in case when then else end distinct";

#[cfg(test)]
mod tests;
