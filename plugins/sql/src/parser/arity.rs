//! Functions whose number of arguments the engine checks while it reads a statement: by its grammar, or as T-SQL with errors 174 and 189.

use super::{Parsed, Parser};
use crate::ast::Call;

const ANY: u32 = u32::MAX;

/// Names, least and greatest number of arguments.
type Arities = &'static [(&'static str, u32, u32)];

const POSTGRES: Arities = &[("coalesce greatest least grouping", 1, ANY), ("nullif", 2, 2)];

const MYSQL: Arities = &[
    (
        "curdate current_date current_role current_user session_user system_user user utc_date",
        0,
        0,
    ),
    (
        "curtime current_time current_timestamp localtime localtimestamp now sysdate utc_time utc_timestamp",
        0,
        1,
    ),
    (
        "ascii charset day hour minute month password second time weekday year",
        1,
        1,
    ),
    (
        "avg bit_and bit_or bit_xor count json_arrayagg max min std stddev stddev_pop stddev_samp sum",
        1,
        1,
    ),
    ("variance var_pop var_samp", 1, 1),
    ("date trim value", 1, 1),
    ("cume_dist dense_rank percent_rank rank row_number", 0, 0),
    ("first_value ntile", 1, 1),
    ("lag lead", 1, 3),
    ("nth_value", 2, 2),
    ("timestamp", 1, 2),
    ("char group_concat last_value", 1, ANY),
    ("adddate json_objectagg left mod repeat right subdate truncate", 2, 2),
    ("mid substr substring", 2, 3),
    ("interval", 2, ANY),
    ("if replace", 3, 3),
    ("insert", 4, 4),
];

const TSQL: Arities = &[
    (
        "cume_dist current_timestamp current_timezone dense_rank getdate getutcdate host_name newid",
        0,
        0,
    ),
    (
        "percent_rank pi rank row_number sysdatetime sysdatetimeoffset sysutcdatetime",
        0,
        0,
    ),
    ("rand", 0, 1),
    (
        "abs acos ascii asin atan ceiling char compress cos cot datalength day decompress degrees exp floor",
        1,
        1,
    ),
    (
        "isdate isnumeric len lower month nchar ntile radians reverse sign sin soundex space sqrt square",
        1,
        1,
    ),
    ("tan unicode upper year", 1, 1),
    (
        "avg checksum_agg count count_big first_value last_value max min stdev stdevp sum var varp",
        1,
        1,
    ),
    ("eomonth isjson log ltrim quotename rtrim", 1, 2),
    ("lag lead str", 1, 3),
    ("greatest least", 1, ANY),
    (
        "atn2 datename datepart difference hashbytes isnull left nullif parsename patindex power replicate right",
        2,
        2,
    ),
    ("charindex format round string_split", 2, 3),
    ("substring", 2, 3),
    ("choose coalesce concat", 2, ANY),
    (
        "dateadd datediff datediff_big datefromparts iif replace translate",
        3,
        3,
    ),
    ("json_modify", 3, 3),
    ("datetrunc string_agg string_escape switchoffset todatetimeoffset", 2, 2),
    ("approx_count_distinct grouping", 1, 1),
    ("concat_ws", 3, ANY),
    ("date_bucket", 3, 4),
    ("stuff", 4, 4),
    ("smalldatetimefromparts timefromparts", 5, 5),
    ("datetimefromparts", 7, 7),
    ("datetime2fromparts", 8, 8),
    ("datetimeoffsetfromparts", 10, 10),
];

/// Least and greatest number of arguments of a function of a list.
fn arity(list: Arities, name: &str) -> Option<(u32, u32)> {
    let (_, least, greatest) = list.iter().find(|(names, ..)| {
        names
            .split_ascii_whitespace()
            .any(|known| known.eq_ignore_ascii_case(name))
    })?;
    Some((*least, *greatest))
}

impl Parser<'_> {
    /// Refuses a call of a built-in function with too few or too many arguments.
    pub(super) fn check_arity(&self, call: &Call) -> Parsed<()> {
        let list = match self.dialect {
            crate::dialect::Dialect::Postgres => POSTGRES,
            crate::dialect::Dialect::Mysql => MYSQL,
            crate::dialect::Dialect::Tsql => TSQL,
            crate::dialect::Dialect::Sqlite => return Ok(()),
        };
        // MySQL counts distinct combinations of any number of values.
        let combinations = self.mysql() && call.distinct && call.args.len > 0;
        if call.name.first != call.name.last || call.star || call.special || combinations {
            return Ok(());
        }
        match arity(list, self.text(call.name.last)) {
            Some((least, greatest)) if call.args.len < least || call.args.len > greatest => {
                self.refuse("this function takes another number of arguments")
            }
            _ => Ok(()),
        }
    }
}
