//! The words of SQL that queries are written with, by dialect.

use std::collections::BTreeSet;

/// Begin an operand.
const OPERAND: &str = "case cast current_date current_time current_timestamp exists false not null true";

const OPERAND_OF_SERVERS: &str = "array grouping interval";

/// Go on after an operand, or stand between other words of SQL.
const BUILDING: &str = "all and as between by collate cross current distinct else end escape filter for from full glob in inner \
     is isnull join left like match materialized natural notnull on or outer over partition recursive regexp right select then \
     to unbounded using values when with within without";

const BUILDING_OF_SERVERS: &str = "any apply cube distinctrow div ilike lateral only overlaps percent pivot qualify rlike rollup \
     similar some straight_join symmetric table tablesample top unpivot xor";

/// Follow a table in FROM.
const AFTER_TABLE: &str = "as cross full indexed inner join left natural not on outer right using";

const AFTER_TABLE_OF_SERVERS: &str = "for force ignore key partition pivot straight_join tablesample unpivot use with";

/// Come only after a complete FROM clause.
const AFTER_FROM: &str = "asc desc except fetch group having intersect limit offset order union where window";

/// Stand in windows, orders and limits, and are names elsewhere.
const SOFT: &str = "first following last next no nulls others preceding respect ignore row rows sets ties";

/// Units, hints and the like, and names elsewhere.
const SOFT_OF_SERVERS: &str = "at auto binary both browse character day day_hour day_minute day_second days decade dow doy \
     elements epoch force hash hour hour_minute hour_second hours index isodow isoyear key leading local locked loop maxdop \
     merge microsecond microseconds millennium millisecond milliseconds minute minute_second minutes month months nolock \
     nowait of option ordinality path precision quarter raw recompile root second seconds separator set share signed skip \
     trailing unsigned update use varying week weekday xml year year_month years zone century dayofyear iso_week dd mm yy \
     yyyy hh mi ss ms wk qq dw dy";

/// Name frames of windows.
const FRAMES: &str = "exclude group groups no range rows";

/// Types, which servers take in front of a string and in their functions.
const TYPES: &str = "b bigint bit boolean bytea char date datetime decimal double e float int integer json jsonb n numeric \
     nvarchar real smallint text time timestamp timestamptz uuid varchar x";

/// Functions that stand for tables.
const SOURCES: &str = "containstable generate_series generate_subscripts json_array_elements json_array_elements_text json_each \
     json_each_text json_object_keys json_table json_tree jsonb_array_elements jsonb_array_elements_text jsonb_each \
     jsonb_each_text jsonb_object_keys jsonb_path_query openjson regexp_matches regexp_split_to_table string_split unnest \
     xmltable";

const FUNCTIONS: &str = "abs acos ascii asin atan avg ceiling char coalesce concat concat_ws cos count cume_dist dense_rank \
     degrees exp first_value floor format json_array json_object lag last_value lead length log log10 lower ltrim max min \
     ntile nth_value nullif percent_rank power radians rank replace round row_number rtrim sign sin sqrt substring sum tan \
     trim unicode upper";

const SQLITE_FUNCTIONS: &str = "atan2 ceil date datetime generate_series group_concat hex if ifnull iif instr json json_array_length \
     json_each json_extract json_group_array json_group_object json_insert json_patch json_quote json_remove json_replace \
     json_set json_tree json_type json_valid julianday ln log2 median mod octet_length percentile percentile_cont \
     percentile_disc pi pow printf random string_agg strftime substr time timediff total trunc typeof unixepoch";

const POSTGRES_FUNCTIONS: &str = "age any_value array_agg array_append array_cat array_length array_position array_remove \
     array_to_string array_upper atan2 bit_and bit_length bit_or bool_and bool_or btrim cardinality cbrt ceil char_length \
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

const MYSQL_FUNCTIONS: &str = "adddate addtime against any_value atan2 bin bit_and bit_count bit_length bit_or bit_xor ceil char_length \
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

const TSQL_FUNCTIONS: &str = "approx_count_distinct atn2 charindex checksum_agg choose contains containstable convert cot count_big \
     datalength date_bucket dateadd datediff datediff_big datefromparts datename datepart datetrunc day difference eomonth \
     exist freetext generate_series getdate getutcdate greatest grouping_id iif isdate isjson isnull isnumeric json_query \
     json_value least left len month nchar newid nodes openjson parse parsename patindex percentile_cont percentile_disc pi \
     query quotename rand replicate reverse right soundex space square stdev stdevp str string_agg string_escape \
     string_split stuff switchoffset sysdatetime sysdatetimeoffset sysutcdatetime todatetimeoffset translate try_cast \
     try_convert try_parse value var varp year";

/// Functions of SQLite.
pub(crate) const SQLITE: &[&str] = &[FUNCTIONS, SQLITE_FUNCTIONS];
/// Functions of PostgreSQL.
pub(crate) const POSTGRES: &[&str] = &[FUNCTIONS, POSTGRES_FUNCTIONS];
/// Functions of MySQL and MariaDB.
pub(crate) const MYSQL: &[&str] = &[FUNCTIONS, MYSQL_FUNCTIONS];
/// Functions of SQL Server.
pub(crate) const TSQL: &[&str] = &[FUNCTIONS, TSQL_FUNCTIONS];
/// Functions of all of them.
pub(crate) const ANY: &[&str] = &[
    FUNCTIONS,
    SQLITE_FUNCTIONS,
    POSTGRES_FUNCTIONS,
    MYSQL_FUNCTIONS,
    TSQL_FUNCTIONS,
];

/// The words of one dialect, in lower case.
#[derive(Clone, Debug)]
pub(crate) struct SqlWords {
    /// Begin an operand.
    pub operand: BTreeSet<&'static str>,
    /// Build queries, the former among them.
    pub building: BTreeSet<&'static str>,
    /// Follow an operand.
    pub after_operand: BTreeSet<&'static str>,
    /// Follow a table in FROM.
    pub after_table: BTreeSet<&'static str>,
    /// Come only after a complete FROM clause.
    pub after_from: BTreeSet<&'static str>,
    /// Are words of SQL in some places and names in others.
    pub soft: BTreeSet<&'static str>,
    /// Name frames of windows.
    pub frames: BTreeSet<&'static str>,
    /// Stand in front of a string.
    pub types: BTreeSet<&'static str>,
    /// Call a function, before a parenthesis.
    pub functions: BTreeSet<Box<str>>,
    /// Call one that stands for a table.
    pub sources: BTreeSet<Box<str>>,
}

impl SqlWords {
    /// The words of a dialect of files.
    pub fn of_files(functions: &[&'static str]) -> Self {
        Self::new(functions, |everywhere, _| words(&[everywhere]), words(&["x"]))
    }

    /// The words of a dialect of servers.
    pub fn of_servers(functions: &[&'static str]) -> Self {
        let both = |everywhere, on_servers| words(&[everywhere, on_servers]);
        let mut all = Self::new(functions, both, words(&["x", TYPES]));
        all.soft.extend(words(&[TYPES]));
        all
    }

    fn new(
        functions: &[&'static str],
        here: impl Fn(&'static str, &'static str) -> BTreeSet<&'static str>,
        types: BTreeSet<&'static str>,
    ) -> Self {
        let operand = here(OPERAND, OPERAND_OF_SERVERS);
        let building = here(BUILDING, BUILDING_OF_SERVERS);
        let beginning = words(&["all any distinct distinctrow select some symmetric table top unbounded values"]);
        Self {
            after_operand: &(&building - &beginning) | &words(&["not"]),
            building: &building | &operand,
            operand,
            after_table: here(AFTER_TABLE, AFTER_TABLE_OF_SERVERS),
            after_from: words(&[AFTER_FROM]),
            soft: here(SOFT, SOFT_OF_SERVERS),
            frames: words(&[FRAMES]),
            types,
            sources: owned(&(&words(&[SOURCES]) & &words(functions))),
            functions: owned(&words(functions)),
        }
    }
}

fn owned(words: &BTreeSet<&'static str>) -> BTreeSet<Box<str>> {
    words.iter().map(|word| (*word).into()).collect()
}

fn words(lists: &[&'static str]) -> BTreeSet<&'static str> {
    lists.iter().flat_map(|list| list.split_ascii_whitespace()).collect()
}
