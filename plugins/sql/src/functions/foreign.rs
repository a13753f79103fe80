//! Functions of other engines that queries written for them bring along.

use crate::dialect::Dialect;

/// What neither PostgreSQL nor the extensions that imitate other databases have.
const NOT_POSTGRES: &str = "year month day hour minute second dayofweek dayofmonth dayofyear weekday weekofyear quarter week ifnull \
    isnull iif if datediff dateadd adddate subdate getdate getutcdate sysdatetime curdate curtime utc_date date_format str_to_date \
    unix_timestamp from_unixtime group_concat json_extract json_unquote locate charindex patindex len datalength strftime \
    julianday unixepoch datetime printf total ucase lcase space substring_index find_in_set field elt convert try_convert \
    try_cast stdev stdevp var newid isnumeric isdate eomonth datename datepart datefromparts timestampdiff timestampadd makedate \
    sec_to_time time_to_sec to_days truncate rand log2 glob typeof zeroblob randomblob json_group_array json_group_object \
    checksum_agg count_big stuff replicate";

/// What neither MySQL nor MariaDB has.
const NOT_MYSQL: &str = "strftime julianday unixepoch datetime printf total len charindex patindex getdate getutcdate sysdatetime \
    dateadd datepart datename datefromparts eomonth isnumeric isdate newid stdev stdevp string_agg array_agg bool_and bool_or every \
    date_trunc date_part initcap split_part to_timestamp age iif try_convert try_cast json_group_array json_group_object \
    jsonb_agg json_agg json_build_object count_big stuff replicate typeof glob regexp_matches array_length unnest";

/// What MySQL has and MariaDB does not.
const NOT_MARIADB: &str = "any_value regexp_like grouping bin_to_uuid uuid_to_bin is_uuid json_storage_size json_storage_free \
    statement_digest";

/// Whether a function belongs to other engines only; `mariadb` and `major` tell servers of a dialect apart.
pub(crate) fn is_foreign(dialect: Dialect, name: &str, mariadb: bool, major: Option<u32>) -> bool {
    let has = |list: &str| {
        list.split_ascii_whitespace()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    match dialect {
        Dialect::Postgres => has(NOT_POSTGRES) || (name == "any_value" && major.is_some_and(|major| major < 16)),
        Dialect::Mysql => has(NOT_MYSQL) || (mariadb && has(NOT_MARIADB)),
        Dialect::Sqlite | Dialect::Tsql => false,
    }
}
