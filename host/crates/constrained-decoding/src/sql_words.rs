//! The words of SQL that queries are written with.

use std::collections::BTreeSet;

use nl2sql_catalog::FunctionLists;

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

/// Stand in windows, orders and limits of servers, and are names elsewhere.
const SOFT: &str = "first following last next no nulls others preceding respect ignore row rows sets ties";

/// Units, hints and the like, and names elsewhere.
const SOFT_OF_SERVERS: &str = "at auto binary both browse character day day_hour day_minute day_second days decade dow doy \
     elements epoch force hash hour hour_minute hour_second hours index isodow isoyear key leading local locked loop maxdop \
     merge microsecond microseconds millennium millisecond milliseconds minute minute_second minutes month months nolock \
     nowait of option ordinality path precision quarter raw recompile root second seconds separator set share signed skip \
     trailing unsigned update use varying week weekday xml year year_month years zone century dayofyear iso_week dd mm yy \
     yyyy hh mi ss ms wk qq dw dy";

/// Name frames of windows on servers, whose frames are not read word by word.
const FRAMES: &str = "exclude group groups no range rows";

/// Functions that need a window (SQL:2003, 6.10).
const WINDOW_FUNCTIONS: &str =
    "cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number";

/// Types, which servers take in front of a string and in their functions.
const TYPES: &str = "b bigint bit boolean bytea char date datetime decimal double e float int integer json jsonb n numeric \
     nvarchar real smallint text time timestamp timestamptz uuid varchar x";

/// Functions that some engine has, for dialects that do not list theirs.
const KNOWN_FUNCTIONS: &str = "abs acos adddate addtime against age any_value approx_count_distinct array_agg array_append array_cat \
     array_length array_position array_remove array_to_string array_upper ascii asin atan atan2 atn2 avg bin bit_and \
     bit_count bit_length bit_or bit_xor bool_and bool_or btrim cardinality cbrt ceil ceiling char char_length \
     character_length charindex checksum_agg choose chr clock_timestamp coalesce concat concat_ws contains \
     containstable conv convert convert_tz corr cos cot count count_big covar_pop covar_samp crc32 cume_dist curdate \
     current_database current_schema curtime database datalength date date_add date_bin date_bucket date_format \
     date_part date_sub date_trunc dateadd datediff datediff_big datefromparts datename datepart datetime datetrunc \
     day dayname dayofmonth dayofweek dayofyear decode degrees dense_rank difference div elt encode eomonth every \
     exist exp extract field find_in_set first_value floor format freetext from_days from_unixtime generate_series \
     generate_subscripts getdate getutcdate greatest group_concat grouping_id hex hour if ifnull iif initcap instr \
     interval isdate isfinite isjson isnull isnumeric json json_agg json_array json_array_elements \
     json_array_elements_text json_array_length json_arrayagg json_build_array json_build_object json_contains \
     json_contains_path json_depth json_each json_each_text json_extract json_extract_path json_extract_path_text \
     json_group_array json_group_object json_insert json_keys json_length json_object json_object_agg \
     json_object_keys json_objectagg json_overlaps json_patch json_query json_quote json_remove json_replace \
     json_search json_set json_table json_tree json_type json_typeof json_unquote json_valid json_value jsonb_agg \
     jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object \
     jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys \
     jsonb_path_exists jsonb_path_query jsonb_set jsonb_typeof julianday justify_days justify_hours justify_interval \
     lag last_day last_value lcase lead least left len length ln locate log log10 log2 lower lpad ltrim make_date \
     make_interval make_time make_timestamp makedate maketime match max md5 median microsecond mid min minute mod \
     mode month monthname nchar newid nodes now nth_value ntile nullif oct octet_length openjson ord overlay parse \
     parsename patindex percent_rank percentile percentile_cont percentile_disc period_add period_diff pi position \
     pow power printf quarter query quote_ident quote_literal quotename radians rand random rank regexp_count \
     regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table \
     regexp_substr regr_intercept regr_r2 regr_slope repeat replace replicate reverse right round row row_number rpad \
     rtrim sec_to_time second sign similarity sin soundex space split_part sqrt square starts_with std stddev \
     stddev_pop stddev_samp stdev stdevp str str_to_date strcmp strftime string_agg string_escape string_split \
     string_to_array strpos stuff subdate substr substring substring_index subtime sum switchoffset sysdate \
     sysdatetime sysdatetimeoffset sysutcdatetime tan time time_format time_to_sec timediff timestamp timestampadd \
     timestampdiff to_char to_date to_days to_hex to_json to_jsonb to_number to_seconds to_timestamp to_tsquery \
     to_tsvector todatetimeoffset total translate trim trunc truncate try_cast try_convert try_parse ts_rank typeof \
     ucase unicode unix_timestamp unixepoch unnest upper utc_date utc_time utc_timestamp uuid value values var \
     var_pop var_samp variance varp week weekday weekofyear width_bucket xmlagg year yearweek";

/// Those that stand for tables.
const KNOWN_SOURCES: &str = "containstable generate_series generate_subscripts json_array_elements json_array_elements_text json_each \
     json_each_text json_object_keys json_table json_tree jsonb_array_elements jsonb_array_elements_text jsonb_each \
     jsonb_each_text jsonb_object_keys jsonb_path_query openjson regexp_matches regexp_split_to_table string_split unnest \
     xmltable";

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
    /// Are words of SQL in some places and names in others, on servers.
    pub soft: BTreeSet<&'static str>,
    /// Name frames of windows, on servers.
    pub frames: BTreeSet<&'static str>,
    /// Stand in front of a string, on servers.
    pub types: BTreeSet<&'static str>,
    /// Call a function, before a parenthesis.
    pub functions: BTreeSet<Box<str>>,
    /// Call one that takes a row, not many: those that may stand in WHERE and ON.
    pub row_functions: BTreeSet<Box<str>>,
    /// Call one that takes a row, or needs a window: those that may stand behind ORDER BY where nothing is grouped.
    pub row_and_window_functions: BTreeSet<Box<str>>,
    /// Call one that needs no window: those that may stand in HAVING.
    pub functions_without_window: BTreeSet<Box<str>>,
    /// Call one that needs a window, where SQL is not that of servers.
    pub window_functions: BTreeSet<&'static str>,
    /// Call one that takes many rows.
    pub aggregates: BTreeSet<Box<str>>,
    /// Call one that stands for a table.
    pub sources: BTreeSet<Box<str>>,
}

impl SqlWords {
    /// The words of a dialect with these functions. A list that names no scalar function is not complete: what any engine has is let through.
    pub fn new(lists: &FunctionLists, server_words: bool) -> Self {
        let here = |everywhere, on_servers| words(&[everywhere, if server_words { on_servers } else { "" }]);
        let operand = here(OPERAND, OPERAND_OF_SERVERS);
        let building = here(BUILDING, BUILDING_OF_SERVERS);
        let beginning = words(&["all any distinct distinctrow select some symmetric table top unbounded values"]);
        let (functions, sources) = if lists.scalar.is_empty() {
            (words(&[KNOWN_FUNCTIONS]), words(&[KNOWN_SOURCES]))
        } else {
            (BTreeSet::new(), BTreeSet::new())
        };
        let described = [&lists.scalar, &lists.aggregate, &lists.table];
        let functions = owned(functions, described.into_iter().flatten());
        let aggregates = owned(BTreeSet::new(), &lists.aggregate);
        let window_functions = words(&[if server_words { "" } else { WINDOW_FUNCTIONS }]);
        let functions_without_window = &functions - &owned(window_functions.clone(), []);
        Self {
            after_operand: &(&building - &beginning) | &words(&["not"]),
            building: &building | &operand,
            operand,
            after_table: here(AFTER_TABLE, AFTER_TABLE_OF_SERVERS),
            after_from: words(&[AFTER_FROM]),
            soft: &here(SOFT, SOFT_OF_SERVERS) | &here("", TYPES),
            frames: words(&[FRAMES]),
            window_functions,
            types: here("", TYPES),
            row_functions: &functions_without_window - &aggregates,
            row_and_window_functions: &functions - &aggregates,
            functions_without_window,
            functions,
            aggregates,
            sources: owned(sources, &lists.table),
        }
    }
}

fn owned<'n>(known: BTreeSet<&'static str>, described: impl IntoIterator<Item = &'n String>) -> BTreeSet<Box<str>> {
    let described = described.into_iter().map(|name| name.as_str().into());
    known.into_iter().map(Into::into).chain(described).collect()
}

fn words(lists: &[&'static str]) -> BTreeSet<&'static str> {
    lists.iter().flat_map(|list| list.split_ascii_whitespace()).collect()
}
