//! What is known about functions: aggregates of every dialect, and SQLite's whole list with argument counts.

mod foreign;
mod tsql;

use crate::dialect::Dialect;

pub(crate) use foreign::is_foreign;
pub(crate) use tsql::{is_tsql_function, tsql_names};

const AGGREGATES: &str = "avg count max min sum";
const SQLITE_AGGREGATES: &str = "group_concat string_agg total json_group_array json_group_object median percentile \
    percentile_cont percentile_disc";
const POSTGRES_AGGREGATES: &str = "array_agg bit_and bit_or bit_xor bool_and bool_or every json_agg jsonb_agg json_object_agg \
    jsonb_object_agg json_objectagg json_arrayagg string_agg xmlagg corr covar_pop covar_samp regr_avgx regr_avgy regr_count \
    regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode \
    percentile_cont percentile_disc any_value range_agg range_intersect_agg";
const MYSQL_AGGREGATES: &str = "bit_and bit_or bit_xor group_concat json_arrayagg json_objectagg median percentile_cont \
    percentile_disc std stddev stddev_pop stddev_samp var_pop var_samp variance any_value";
const TSQL_AGGREGATES: &str =
    "approx_count_distinct checksum_agg count_big grouping grouping_id stdev stdevp string_agg var varp";
const WINDOW_ONLY: &str =
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value";

fn lists(words: &str, name: &str) -> bool {
    words
        .split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case(name))
}

/// Whether a function aggregates rows; `arguments` tells SQLite's MAX(x) from MAX(x, y).
pub(crate) fn is_aggregate(dialect: Dialect, name: &str, arguments: usize) -> bool {
    if lists(AGGREGATES, name) {
        return dialect != Dialect::Sqlite || arguments <= 1;
    }
    lists(own_aggregates(dialect), name)
}

/// Aggregates of a dialect beside those that all have.
fn own_aggregates(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => SQLITE_AGGREGATES,
        Dialect::Postgres => POSTGRES_AGGREGATES,
        Dialect::Mysql => MYSQL_AGGREGATES,
        Dialect::Tsql => TSQL_AGGREGATES,
    }
}

/// Every aggregate of a dialect.
#[cfg(feature = "guest")]
pub(crate) fn aggregates(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let lists = [AGGREGATES, own_aggregates(dialect)];
    lists.into_iter().flat_map(str::split_ascii_whitespace)
}

/// Whether a function needs OVER.
pub(crate) fn is_window_only(name: &str) -> bool {
    lists(WINDOW_ONLY, name)
}

/// Names, then the least and the greatest number of arguments (`*`: any), of SQLite 3.40 with its usual extensions.
const SQLITE: &[(&str, usize, usize)] = &[
    (
        "changes current_date current_time current_timestamp last_insert_rowid pi random sqlite_source_id sqlite_version",
        0,
        0,
    ),
    ("total_changes cume_dist dense_rank percent_rank rank row_number", 0, 0),
    (
        "abs acos acosh asin asinh atan atanh avg ceil ceiling cos cosh degrees exp first_value floor hex json",
        1,
        1,
    ),
    (
        "json_group_array json_quote json_valid last_value length likely ln log10 log2 lower ntile quote radians",
        1,
        1,
    ),
    (
        "randomblob sign sin sinh soundex sqlite_compileoption_get sqlite_compileoption_used sqrt sum tan tanh total trunc",
        1,
        1,
    ),
    (
        "typeof unicode unlikely upper zeroblob fts5 optimize offsets subtype",
        1,
        1,
    ),
    (
        "atan2 glob ifnull instr json_group_object json_patch likelihood mod nth_value nullif pow power match sqlite_log",
        2,
        2,
    ),
    ("regexp", 2, 2),
    ("replace", 3, 3),
    ("coalesce", 2, ANY),
    ("iif", 3, 3),
    ("count", 0, 1),
    (
        "group_concat json_array_length json_type log ltrim rtrim round trim load_extension matchinfo fts3_tokenizer",
        1,
        2,
    ),
    ("like substr substring", 2, 3),
    ("lag lead", 1, 3),
    ("max min", 1, ANY),
    ("json_extract json_insert json_remove json_replace json_set", 0, ANY),
    (
        "char date datetime format json_array json_object julianday printf strftime time unixepoch bm25 highlight snippet",
        0,
        ANY,
    ),
    ("rtreecheck rtreenode rtreedepth", 0, ANY),
];
const ANY: usize = usize::MAX;

/// What later versions of SQLite 3 added, with the minor version that did.
const SQLITE_LATER: &[(&str, u32, usize, usize)] = &[
    ("unhex", 41, 1, 2),
    ("json_error_position", 42, 1, 1),
    ("octet_length", 43, 1, 1),
    ("timediff string_agg", 43, 2, 2),
    ("concat", 44, 1, ANY),
    ("concat_ws", 44, 2, ANY),
    ("jsonb", 45, 1, 1),
    (
        "jsonb_array jsonb_object jsonb_extract jsonb_set jsonb_insert jsonb_replace jsonb_remove jsonb_patch",
        45,
        0,
        ANY,
    ),
    ("jsonb_group_array jsonb_group_object", 45, 1, 2),
    ("iif if", 48, 2, ANY),
    ("unistr unistr_quote", 50, 1, 1),
    ("median", 51, 1, 1),
    ("percentile percentile_cont percentile_disc", 51, 2, 2),
];

/// Names, then the least and the greatest number of arguments, of functions built into MySQL and MariaDB; what their grammars check
/// is not among them.
const MYSQL: &[(&str, usize, usize)] = &[
    ("pi uuid", 0, 0),
    ("unix_timestamp", 0, 1),
    (
        "abs acos asin bit_length ceil ceiling char_length character_length cos cot crc32 dayname dayofmonth dayofweek dayofyear",
        1,
        1,
    ),
    (
        "degrees exp floor from_days hex isnull json_unquote json_valid last_day lcase length ln log10 log2 lower ltrim md5",
        1,
        1,
    ),
    (
        "monthname octet_length ord quote radians reverse rtrim sec_to_time sha1 sign sin soundex space sqrt tan time_to_sec",
        1,
        1,
    ),
    ("to_days ucase unhex upper weekofyear", 1, 1),
    ("atan from_unixtime log round yearweek", 1, 2),
    ("coalesce concat", 1, ANY),
    (
        "collation coercibility bit_count json_depth json_type json_quote inet_aton inet_ntoa is_ipv4 is_ipv6",
        1,
        1,
    ),
    ("json_keys json_length compress uncompress sleep", 1, 2),
    ("regexp_instr regexp_substr", 2, 6),
    ("regexp_replace", 3, 6),
    ("export_set", 3, 5),
    ("make_set json_contains_path json_remove", 2, ANY),
    (
        "addtime datediff find_in_set ifnull instr makedate nullif period_add period_diff pow power sha2 str_to_date strcmp",
        2,
        2,
    ),
    ("subtime timediff", 2, 2),
    ("date_format format locate lpad rpad", 2, 3),
    ("concat_ws elt field greatest json_extract least", 2, ANY),
    ("conv substring_index", 3, 3),
];

/// Least and greatest number of arguments of a function built into MySQL, as far as known.
pub(crate) fn mysql_arity(name: &str) -> Option<(usize, usize)> {
    arity(MYSQL, name)
}

fn arity(list: &[(&str, usize, usize)], name: &str) -> Option<(usize, usize)> {
    list.iter()
        .find(|(names, ..)| lists(names, name))
        .map(|(_, least, greatest)| (*least, *greatest))
}

/// Least and greatest number of arguments of a function of SQLite 3.`minor`; nothing when there is no such function.
pub(crate) fn sqlite_arity(name: &str, minor: u32) -> Option<(usize, usize)> {
    let later = SQLITE_LATER
        .iter()
        .find(|(names, since, ..)| *since <= minor && lists(names, name));
    if let Some((_, _, least, greatest)) = later {
        return Some((*least, *greatest));
    }
    arity(SQLITE, name)
}

/// Every function name of SQLite.
pub(crate) fn sqlite_names() -> impl Iterator<Item = &'static str> {
    SQLITE.iter().flat_map(|(names, ..)| names.split_ascii_whitespace())
}
