//! The SQL of Snowflake.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LexicalRules, LimitStyle, NameRules, NullOrder,
    Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::SnowflakeDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = SnowflakeDialect;

    const ALIASES_ANYWHERE: bool = true;

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("snowflake", "adbc");
        DialectInfo {
            aliases: words(""),
            prompt_notes: [
                "Unquoted names fold to upper case; double-quote names with lower-case letters.",
                "Use DATE_TRUNC, DATEADD(unit, n, d) and DATEDIFF(unit, a, b).",
                "QUALIFY filters window functions.",
                "Semi-structured fields are read with a colon: col:field::string.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                backslash_escapes: true,
                dollar_strings: true,
                slash_comments: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::FoldsUpper,
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
                nulls: NullOrder::Largest,
                year: "YEAR({})".into(),
                month: "MONTH({})".into(),
                text_length: "length({})".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value approx_count_distinct array_agg avg corr count count_if listagg max max_by median min min_by mode object_agg percentile_cont percentile_disc stddev sum variance",
                ),
                table: words("flatten generator split_to_table"),
            },
            guard: GuardRules {
                query_words: words("select with values"),
                refused_words: pairs(&[("into", "it stores the result"), ("nextval", "it advances a sequence")]),
                refused_functions: pairs(&[
                    ("system$*", "it changes or looks into the system"),
                    ("get_ddl", "it reads definitions"),
                    ("result_scan", "it reads what others ran"),
                ]),
                refused_relations: pairs(&[
                    ("account_usage.*", "it tells of the account"),
                    ("*.account_usage.*", "it tells of the account"),
                ]),
            },
            extra: pairs(&[("script-grammar", "snowflake")]),
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
const RESERVED: &str = "account all alter and any as between by case cast check column connect connection constraint create cross current current_date current_time current_timestamp current_user database delete distinct drop else exists false following for from full grant group gscluster having ilike in increment inner insert intersect into is issue join lateral left like localtime localtimestamp minus natural not null of on or order organization qualify regexp revoke right rlike row rows sample schema select set some start table tablesample then to trigger true try_cast union unique update using values view when whenever where with";

#[cfg(test)]
mod tests;
