//! The four dialects as data.

use nl2sql_catalog::dialect_extra::{SCRIPT_GRAMMAR, Trait};
use nl2sql_sdk::description::{
    Concatenation, DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, IdentifierQuote, LexicalRules,
    LimitStyle, NameRules, NullOrder, Spelling,
};

use crate::dialect::Dialect;
use crate::{functions, reserved, side_effects};

/// A dialect's description of itself under its canonical name; the plugin adds its driver and its notes.
pub fn describe(dialect: Dialect) -> DialectInfo {
    let standard = DialectInfo::standard(dialect.name(), "");
    DialectInfo {
        lexical: lexical(dialect),
        names: names(dialect),
        features: features(dialect),
        spelling: spelling(dialect),
        functions: function_lists(dialect),
        guard: GuardRules {
            query_words: match dialect {
                Dialect::Postgres => words("select with values table"),
                _ => words("select with values"),
            },
            refused_words: pairs(&[
                ("into", "it stores the result"),
                ("for update", "it locks rows"),
                ("for share", "it locks rows"),
            ]),
            refused_functions: pairs(side_effects::list(dialect)),
            ..standard.guard
        },
        extra: extra(dialect),
        ..standard
    }
}

/// What the contract has no field for.
fn extra(dialect: Dialect) -> Vec<(String, String)> {
    match dialect {
        Dialect::Sqlite => pairs(&[
            (SCRIPT_GRAMMAR, "sqlite"),
            (Trait::QualifiedTables.name(), "no"),
            (Trait::ServerWords.name(), "no"),
            (Trait::NumericTexts.name(), "yes"),
        ]),
        Dialect::Postgres => pairs(&[(SCRIPT_GRAMMAR, "postgres")]),
        Dialect::Mysql => pairs(&[(SCRIPT_GRAMMAR, "mysql")]),
        Dialect::Tsql => pairs(&[(SCRIPT_GRAMMAR, "tsql"), (Trait::ColumnMethods.name(), "yes")]),
    }
}

fn words(list: &str) -> Vec<String> {
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, reason)| ((*name).to_owned(), (*reason).to_owned()))
        .collect()
}

fn lexical(dialect: Dialect) -> LexicalRules {
    let standard = LexicalRules::standard();
    let double = IdentifierQuote::doubled('"', '"');
    let backtick = IdentifierQuote::doubled('`', '`');
    match dialect {
        Dialect::Sqlite => LexicalRules {
            identifier_quotes: vec![
                double,
                backtick,
                IdentifierQuote {
                    open: '[',
                    close: ']',
                    doubled: false,
                },
            ],
            words_take_all_beyond_ascii: true,
            ..standard
        },
        Dialect::Postgres => LexicalRules {
            escape_strings: true,
            dollar_strings: true,
            nested_comments: true,
            unicode_escaped_names: true,
            carriage_return_ends_line: true,
            words_take_all_beyond_ascii: true,
            ..standard
        },
        Dialect::Mysql => LexicalRules {
            identifier_quotes: vec![backtick],
            string_quotes: vec!['\'', '"'],
            backslash_escapes: true,
            hash_comments: true,
            dashes_need_blank: true,
            executable_comments: true,
            words_take_all_beyond_ascii: true,
            ..standard
        },
        Dialect::Tsql => LexicalRules {
            identifier_quotes: vec![IdentifierQuote::doubled('[', ']'), double],
            nested_comments: true,
            carriage_return_ends_line: true,
            ..standard
        },
    }
}

fn names(dialect: Dialect) -> NameRules {
    NameRules {
        case: match dialect {
            Dialect::Postgres => IdentifierCase::FoldsLower,
            Dialect::Sqlite | Dialect::Mysql | Dialect::Tsql => IdentifierCase::Ignored,
        },
        letters_beyond_ascii: true,
        reserved: reserved::reserved_words(dialect),
        keywords: match dialect {
            Dialect::Sqlite => words(SQLITE_KEYWORDS),
            Dialect::Postgres | Dialect::Mysql | Dialect::Tsql => Vec::new(),
        },
        pseudo_columns: match dialect {
            Dialect::Sqlite => words("rowid _rowid_ oid"),
            Dialect::Postgres => words("ctid tableoid xmin xmax"),
            Dialect::Mysql | Dialect::Tsql => Vec::new(),
        },
        unknown_quoted_names_are_strings: dialect == Dialect::Sqlite,
    }
}

fn features(dialect: Dialect) -> Vec<Feature> {
    let everywhere = [
        Feature::Cte,
        Feature::RecursiveCte,
        Feature::Window,
        Feature::IntersectAndExcept,
        Feature::CorrelatedSubqueries,
    ];
    let own: &[Feature] = match dialect {
        Dialect::Sqlite => &[
            Feature::FullJoin,
            Feature::Ordinals,
            Feature::GroupByAlias,
            Feature::NullsOrder,
            Feature::KeyDeterminesRow,
        ],
        Dialect::Postgres => &[
            Feature::FullJoin,
            Feature::Ordinals,
            Feature::GroupByAlias,
            Feature::NullsOrder,
            Feature::KeyDeterminesRow,
            Feature::Lateral,
        ],
        Dialect::Mysql => &[Feature::Ordinals, Feature::GroupByAlias, Feature::KeyDeterminesRow],
        Dialect::Tsql => &[Feature::FullJoin],
    };
    everywhere.into_iter().chain(own.iter().copied()).collect()
}

fn spelling(dialect: Dialect) -> Spelling {
    let standard = Spelling {
        limit: LimitStyle::Limit,
        nulls: NullOrder::Smallest,
        ..Spelling::standard()
    };
    match dialect {
        Dialect::Sqlite => Spelling {
            true_literal: "1".into(),
            false_literal: "0".into(),
            date_literal: "'{}'".into(),
            year: "strftime('%Y', {})".into(),
            month: "strftime('%m', {})".into(),
            date_parts_are_text: true,
            text_length: "length({})".into(),
            ..standard
        },
        Dialect::Postgres => Spelling {
            nulls: NullOrder::Largest,
            date_literal: "'{}'".into(),
            text_length: "length({})".into(),
            ..standard
        },
        Dialect::Mysql => Spelling {
            concatenation: Concatenation::ConcatFunction,
            date_literal: "'{}'".into(),
            year: "YEAR({})".into(),
            month: "MONTH({})".into(),
            ..standard
        },
        Dialect::Tsql => Spelling {
            limit: LimitStyle::Top,
            concatenation: Concatenation::Plus,
            true_literal: "1".into(),
            false_literal: "0".into(),
            national_prefix: "N".into(),
            date_literal: "'{}'".into(),
            year: "YEAR({})".into(),
            month: "MONTH({})".into(),
            text_length: "len({})".into(),
            integer_average: "avg(1.0 * {})".into(),
            ..standard
        },
    }
}

fn function_lists(dialect: Dialect) -> FunctionLists {
    let own = match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
        Dialect::Tsql => TSQL,
    };
    let aggregate: Vec<String> = functions::aggregates(dialect).map(str::to_owned).collect();
    let every = || FUNCTIONS.split_ascii_whitespace().chain(own.split_ascii_whitespace());
    let is_table = |name: &&str| TABLE_FUNCTIONS.split_ascii_whitespace().any(|known| known == *name);
    let mut scalar: Vec<String> = every().map(str::to_owned).collect();
    scalar.retain(|name| !aggregate.contains(name));
    scalar.sort();
    scalar.dedup();
    FunctionLists {
        scalar,
        aggregate,
        table: every().filter(is_table).map(str::to_owned).collect(),
    }
}

/// Functions that queries of the four dialects are written with; not all that the engines have.
const FUNCTIONS: &str = "abs acos asin atan avg ceiling char coalesce concat concat_ws cos count cume_dist dense_rank \
     degrees exp first_value floor format json_array json_object lag last_value lead length log log10 lower ltrim max min \
     ntile nth_value nullif percent_rank power radians rank replace round row_number rtrim sign sin sqrt substring sum tan \
     trim unicode upper";

const SQLITE: &str = "atan2 ceil date datetime generate_series group_concat hex if ifnull iif instr json json_array_length \
     json_each json_extract json_group_array json_group_object json_insert json_patch json_quote json_remove json_replace \
     json_set json_tree json_type json_valid julianday ln log2 median mod octet_length percentile percentile_cont \
     percentile_disc pi pow printf random string_agg strftime substr time timediff total trunc typeof unixepoch";

const POSTGRES: &str = "age any_value array_agg array_append array_cat array_length array_position array_remove \
     array_to_string array_upper ascii atan2 bit_and bit_length bit_or bool_and bool_or btrim cardinality cbrt ceil char_length \
     character_length chr clock_timestamp corr covar_pop covar_samp current_database current_schema date date_bin date_part \
     date_trunc decode div encode every extract generate_series generate_subscripts greatest initcap isfinite json_agg \
     json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each \
     json_each_text json_extract_path json_extract_path_text json_object_agg json_object_keys json_table json_typeof \
     json_value jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array \
     jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg \
     jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_set jsonb_typeof justify_days justify_hours \
     justify_interval least left ln lpad make_date make_interval make_time make_timestamp md5 mod mode now octet_length \
     overlay percentile_cont percentile_disc pi position pow quote_ident quote_literal random regexp_count regexp_like \
     regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_intercept \
     regr_r2 regr_slope repeat reverse right row rpad similarity split_part starts_with stddev stddev_pop stddev_samp \
     string_agg string_to_array strpos substr to_char to_date to_hex to_json to_jsonb to_number to_timestamp to_tsquery \
     to_tsvector translate trunc ts_rank unnest var_pop var_samp variance width_bucket xmlagg";

const MYSQL: &str = "adddate addtime against any_value ascii atan2 bin bit_and bit_count bit_length bit_or bit_xor ceil char_length \
     character_length conv convert convert_tz cot crc32 curdate curtime database date date_add date_format date_sub \
     datediff day dayname dayofmonth dayofweek dayofyear elt extract field find_in_set from_days from_unixtime greatest \
     group_concat hex hour if ifnull instr interval isnull json_arrayagg json_contains json_contains_path json_depth \
     json_extract json_keys json_length json_objectagg json_overlaps json_search json_set json_table json_type \
     json_unquote json_valid json_value last_day lcase least left ln locate log2 lpad makedate maketime match md5 \
     microsecond mid minute mod month monthname now oct octet_length ord period_add period_diff pi position pow quarter \
     rand regexp_instr regexp_like regexp_replace regexp_substr repeat reverse right row rpad sec_to_time second soundex \
     space std stddev stddev_pop stddev_samp str_to_date strcmp subdate substr substring_index subtime sysdate time \
     time_format time_to_sec timediff timestamp timestampadd timestampdiff to_days to_seconds truncate ucase unix_timestamp \
     utc_date utc_time utc_timestamp uuid values var_pop var_samp variance week weekday weekofyear year yearweek";

const TSQL: &str = "approx_count_distinct ascii atn2 charindex checksum_agg choose contains containstable convert cot count_big \
     datalength date_bucket dateadd datediff datediff_big datefromparts datename datepart datetrunc day difference eomonth \
     exist freetext generate_series getdate getutcdate greatest grouping_id iif isdate isjson isnull isnumeric json_query \
     json_value least left len month nchar newid nodes openjson parse parsename patindex percentile_cont percentile_disc pi \
     query quotename rand replicate reverse right soundex space square stdev stdevp str string_agg string_escape \
     string_split stuff switchoffset sysdatetime sysdatetimeoffset sysutcdatetime todatetimeoffset translate try_cast \
     try_convert try_parse value var varp year";

/// Those among them that stand for tables.
const TABLE_FUNCTIONS: &str = "containstable generate_series generate_subscripts json_array_elements json_array_elements_text json_each \
     json_each_text json_object_keys json_table json_tree jsonb_array_elements jsonb_array_elements_text jsonb_each \
     jsonb_each_text jsonb_object_keys jsonb_path_query openjson regexp_matches regexp_split_to_table string_split unnest \
     xmltable";

/// What `sqlite3_keyword_name` lists in SQLite 3.40.
const SQLITE_KEYWORDS: &str = "abort action add after all alter always analyze and as asc attach autoincrement before begin between by \
     cascade case cast check collate column commit conflict constraint create cross current current_date current_time \
     current_timestamp database default deferrable deferred delete desc detach distinct do drop each else end escape except \
     exclude exclusive exists explain fail filter first following for foreign from full generated glob group groups having if \
     ignore immediate in index indexed initially inner insert instead intersect into is isnull join key last left like limit \
     match materialized natural no not nothing notnull null nulls of offset on or order others outer over partition plan pragma \
     preceding primary query raise range recursive references regexp reindex release rename replace restrict returning right \
     rollback row rows savepoint select set table temp temporary then ties to transaction trigger unbounded union unique update \
     using vacuum values view virtual when where window with without";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_need_quotes_and_are_keywords() {
        for dialect in Dialect::ALL {
            let info = describe(dialect);
            assert!(info.names.reserved.len() > 50, "{}", info.name);
            for word in &info.names.reserved {
                assert_ne!(crate::quote(dialect, word), *word);
                let listed = info.names.keywords.is_empty() || info.names.keywords.contains(word);
                assert!(listed, "{word} of {}", info.name);
            }
        }
    }

    #[test]
    fn no_function_that_queries_may_call_is_refused() {
        for dialect in Dialect::ALL {
            let FunctionLists {
                scalar,
                aggregate,
                table,
            } = function_lists(dialect);
            for name in scalar.iter().chain(&aggregate).chain(&table) {
                assert_eq!(side_effects::of(dialect, name), None, "{name} of {}", dialect.name());
            }
        }
    }
}
