//! The SQL of DuckDB.

mod catalog_queries;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LexicalRules, LimitStyle, NameRules, NullOrder,
    Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::sqlparser::dialect::DuckDbDialect;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = DuckDbDialect;

    const ALIASES_ANYWHERE: bool = true;

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("duckdb", "adbc");
        DialectInfo {
            aliases: words(""),
            prompt_notes: [
                "Strings are in single quotes, names in double quotes; case does not tell names apart.",
                "LIMIT n OFFSET m limits rows; QUALIFY filters window functions.",
                "Use date_trunc, extract and INTERVAL 1 DAY for dates.",
                "Lists are written [1, 2] and indexed from 1; struct fields are read with a dot.",
            ]
            .map(str::to_owned)
            .into(),
            lexical: LexicalRules {
                dollar_strings: true,
                escape_strings: true,
                ..standard.lexical
            },
            names: NameRules {
                case: IdentifierCase::Ignored,
                letters_beyond_ascii: true,
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
                nulls: NullOrder::Last,
                text_length: "length({})".into(),
                ..standard.spelling
            },
            functions: FunctionLists {
                scalar: Vec::new(),
                aggregate: words(
                    "any_value arg_max arg_min array_agg avg bit_and bit_or bit_xor bool_and bool_or count first last list max median min mode product quantile quantile_cont stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance",
                ),
                table: words("generate_series range unnest"),
            },
            guard: GuardRules {
                query_words: words("select with values from"),
                refused_words: pairs(&[("into", "it stores the result")]),
                refused_functions: pairs(&[
                    ("read_*", "it reads files"),
                    ("parquet_*", "it reads files"),
                    ("sniff_csv", "it reads files"),
                    ("glob", "it reads files"),
                    ("scan_*", "it reads files"),
                    ("*_scan", "it reads files"),
                    ("query", "it reads files"),
                    ("query_table", "it reads files"),
                    ("*_attach", "it opens other databases"),
                    ("nextval", "it advances a sequence"),
                    ("currval", "it is about statements before this one"),
                    ("getenv", "it reads the environment"),
                    ("set_config", "it changes the session"),
                    ("which_secret", "it tells of secrets"),
                    ("duckdb_secrets", "it tells of secrets"),
                    ("pragma_*", "it looks into the engine"),
                    ("checkpoint", "it writes the database"),
                    ("force_checkpoint", "it writes the database"),
                    ("write_log", "it writes the log"),
                    ("test_all_types", "it is a test of the engine"),
                    ("repeat_row", "it makes rows without end"),
                ]),
                refused_relations: pairs(&[
                    ("duckdb_secrets", "it tells of secrets"),
                    ("duckdb_settings", "it tells of the engine"),
                    ("*.csv", "files are not read"),
                    ("*.parquet", "files are not read"),
                    ("*.json", "files are not read"),
                    ("*/*", "files are not read"),
                ]),
            },
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
const RESERVED: &str = "all analyse analyze and any array as asc_p asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with";

#[cfg(test)]
mod tests;
