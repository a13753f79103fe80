//! The SQL of ClickHouse.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, IdentifierQuote, LexicalRules, LimitStyle,
    NameRules, NullOrder, Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::ClickHouseDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = ClickHouseDialect;

    const ALIASES_ANYWHERE: bool = true;

    const PHRASES: &'static str = include_str!("phrases.txt");

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("clickhouse", "adbc");
        DialectInfo {
            aliases: words(""),
            prompt_notes: [
                "Names and functions are case-sensitive; functions are written like toYear and countIf.",
                "Use toStartOfMonth, toYear, dateDiff('day', a, b) and INTERVAL 1 DAY.",
                "LIMIT n BY column keeps n rows per value.",
                "Subqueries cannot refer to the enclosing query.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                identifier_quotes: vec![IdentifierQuote::doubled('`', '`'), IdentifierQuote::doubled('"', '"')],
                backslash_escapes: true,
                hash_comments: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::Kept,
                letters_beyond_ascii: false,
                reserved: words(RESERVED),
                ..standard.names
            },
            features: vec![
                Feature::Cte,
                Feature::Window,
                Feature::IntersectAndExcept,
                Feature::FullJoin,
                Feature::Ordinals,
                Feature::GroupByAlias,
                Feature::NullsOrder,
                Feature::Qualify,
            ],
            spelling: Spelling {
                limit: LimitStyle::Limit,
                nulls: NullOrder::Last,
                true_literal: "true".into(),
                false_literal: "false".into(),
                year: "toYear({})".into(),
                month: "toMonth({})".into(),
                text_length: "lengthUTF8({})".into(),
                date_literal: "toDate('{}')".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any anylast argmax argmin avg count countif corr grouparray groupuniqarray max median min quantile quantileexact quantiles stddevpop stddevsamp sum sumif topk uniq uniqexact varpop varsamp",
                ),
                table: words("numbers generate_series values"),
            },
            guard: GuardRules {
                query_words: words("select with values"),
                refused_words: pairs(&[
                    ("into outfile", "it writes files"),
                    ("settings", "it changes the session"),
                ]),
                refused_functions: pairs(&[
                    ("file", "it reaches files or other servers"),
                    ("url", "it reaches files or other servers"),
                    ("urlcluster", "it reaches files or other servers"),
                    ("s3", "it reaches files or other servers"),
                    ("s3cluster", "it reaches files or other servers"),
                    ("gcs", "it reaches files or other servers"),
                    ("hdfs", "it reaches files or other servers"),
                    ("hdfscluster", "it reaches files or other servers"),
                    ("remote", "it reaches files or other servers"),
                    ("remotesecure", "it reaches files or other servers"),
                    ("cluster", "it reaches files or other servers"),
                    ("clusterallreplicas", "it reaches files or other servers"),
                    ("mysql", "it reaches files or other servers"),
                    ("postgresql", "it reaches files or other servers"),
                    ("mongodb", "it reaches files or other servers"),
                    ("redis", "it reaches files or other servers"),
                    ("jdbc", "it reaches files or other servers"),
                    ("odbc", "it reaches files or other servers"),
                    ("sqlite", "it reaches files or other servers"),
                    ("executable", "it reaches files or other servers"),
                    ("azureblobstorage", "it reaches files or other servers"),
                    ("deltalake", "it reaches files or other servers"),
                    ("iceberg", "it reaches files or other servers"),
                    ("hudi", "it reaches files or other servers"),
                    ("input", "it reaches files or other servers"),
                    ("sleep*", "it only waits"),
                    ("dictget*", "it may reach other servers"),
                    ("catboostevaluate", "it runs models"),
                    ("getsetting", "it tells of the session"),
                    ("getmacro", "it tells of the server"),
                    ("hostname", "it tells of the server"),
                ]),
                refused_relations: pairs(&[("system.*", "it tells of the server")]),
            },
            extra: pairs(&[("script-grammar", "clickhouse")]),
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
const RESERVED: &str = "all and any array as asc between by case cast cross desc distinct else end except final for from full global group having in inner interval into is join left like limit not null offset on or order prewhere right sample select settings then union using when where with";

#[cfg(test)]
mod tests;
