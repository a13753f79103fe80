//! The SQL of DuckDB.

mod catalog_queries;
mod grammar;

use nl2sql_sdk::description::{
    DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LexicalRules, LimitStyle, NameRules, NullOrder,
    Spelling,
};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sqlparser_dialect::{Guest, SqlparserDialect};

/// The dialect.
pub struct Plugin;

impl SqlparserDialect for Plugin {
    type Grammar = grammar::Grammar;

    const ALIASES_ANYWHERE: bool = true;

    const PHRASES: &'static str = include_str!("phrases.txt");

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
                reserved: words(grammar::RESERVED),
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
                query_words: words("select with values from table pivot unpivot summarize describe"),
                refused_words: refused(&[("into", "it stores the result")]),
                refused_functions: refused(REFUSED_FUNCTIONS),
                refused_relations: refused(REFUSED_RELATIONS),
            },
            extra: vec![("script-grammar".into(), "duckdb".into())],
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

fn refused(rules: &[(&str, &str)]) -> Vec<(String, String)> {
    let each = |(names, reason): &(&str, &str)| {
        words(names)
            .into_iter()
            .map(|name| (name, (*reason).to_owned()))
            .collect::<Vec<_>>()
    };
    rules.iter().flat_map(each).collect()
}

/// Functions that reach beyond the database, change what comes after or tell of the engine.
const REFUSED_FUNCTIONS: &[(&str, &str)] = &[
    (
        "read_* parquet_* sniff_csv glob scan_* *_scan *_scan_dumb",
        "it reads files",
    ),
    ("query query_table json_execute_serialized_sql", "it runs text"),
    ("*_attach", "it opens other databases"),
    (
        "nextval setval setseed enable_* disable_* register_* *_external_resource *_grammar_extension set_config",
        "it changes the session",
    ),
    ("currval current_query", "it is about other statements"),
    (
        "checkpoint force_checkpoint write_log truncate_duckdb_logs",
        "it writes",
    ),
    ("getenv", "it reads the environment"),
    ("duckdb_secrets which_secret", "it tells of secrets"),
    (
        "pragma_* current_setting duckdb_settings duckdb_databases duckdb_logs* duckdb_log_* duckdb_external_* duckdb_temporary_files",
        "it tells of the engine",
    ),
    ("sleep_ms repeat_row test_*", "it is a test of the engine"),
];

/// Tables that are none: files, and views of the engine.
const REFUSED_RELATIONS: &[(&str, &str)] = &[
    (
        "*.csv *.tsv *.txt *.parquet *.json *.jsonl *.ndjson *.xlsx *.arrow *.gz *.zst *.db *.duckdb */*",
        "files are not read",
    ),
    ("duckdb_secrets", "it tells of secrets"),
    (
        "pragma_* duckdb_settings duckdb_databases duckdb_logs*",
        "it tells of the engine",
    ),
];
