//! Which keywords may be names, and where, in each dialect.
//!
//! The lists are what the engines themselves say (SQLite 3.40, PostgreSQL 18, MariaDB 10.11 with MySQL 8.0's additions), asked
//! word by word and role by role; T-SQL's is the documented list of reserved keywords.

use crate::dialect::Dialect;
use crate::keyword::{COUNT, Kw};

/// Places a name can stand in; a set of bits.
pub type Role = u8;
/// A column reference.
pub const COLUMN: Role = 1;
/// A column alias without AS.
pub const BARE_ALIAS: Role = 2;
/// A column alias after AS.
pub const ALIAS: Role = 4;
/// The name of a table.
pub const TABLE: Role = 8;
/// A table alias, with or without AS.
pub const TABLE_ALIAS: Role = 16;
/// The name of an ordinary function.
pub const FUNCTION: Role = 32;
/// In PostgreSQL, a type or a parameter of a function.
pub const TYPE: Role = 64;

/// SQLite: words that are no name anywhere.
const SQLITE_RESERVED: &str = "add all alter and as autoincrement between case cast check collate commit constraint create default deferrable \
     delete distinct drop else escape except exists foreign from group having in index insert intersect into is \
     join limit not nothing null on or order primary raise references returning select set table then to \
     transaction union unique update using values when where";

/// SQLite: words that are no column reference, beside those.
const SQLITE_COLUMN: &str = "isnull notnull";

/// SQLite: words that are no column alias without AS, beside those.
const SQLITE_BARE: &str = "cross full glob indexed inner left like match natural outer regexp right";

/// SQLite: words that are no column alias after AS, beside those.
const SQLITE_LABEL: &str = "isnull notnull";

/// SQLite: words that are no table name, beside those.
const SQLITE_TABLE: &str = "isnull notnull";

/// SQLite: words that are no table alias, beside those.
const SQLITE_TALIAS: &str = "cross full indexed inner isnull left natural notnull outer right";

/// SQLite: words that call no ordinary function.
const SQLITE_FUNC: &str = "all distinct add alter and as autoincrement between case cast check collate commit constraint create cross current_date \
     current_time current_timestamp default deferrable delete drop else escape except exists foreign from full \
     group having in index inner insert intersect into is isnull join left limit natural nothing notnull null on or \
     order outer primary raise references returning right select set table then to transaction union unique update \
     using values when where";

/// PostgreSQL: words that are no name anywhere.
const POSTGRES_RESERVED: &str = "analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation \
     column concurrently constraint create cross default deferrable desc distinct do else end except fetch for \
     foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral \
     leading left like limit natural not notnull offset on only or order outer overlaps placing primary references \
     returning right select similar some symmetric table tablesample then to trailing union unique using variadic \
     verbose when where window with";

/// PostgreSQL: words that are no column alias without AS.
const POSTGRES_BARE: &str = "array as char character create day except fetch filter for from grant group having hour intersect into limit \
     minute month offset on order over overlaps precision returning second to union varying where window with \
     within without year";

/// PostgreSQL: words that are no table name, beside those.
const POSTGRES_TABLE: &str = "all false null true";

/// PostgreSQL: words that are no table alias, beside those.
const POSTGRES_TALIAS: &str = "all current_catalog current_date current_role current_schema current_time current_timestamp current_user false \
     localtime localtimestamp null session_user true user";

/// PostgreSQL: words that call no ordinary function.
const POSTGRES_FUNC: &str = "all analyse analyze and any array as asc asymmetric between bigint bit boolean both case cast char \
     character check collate column constraint create current_catalog current_date current_role current_time \
     current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists \
     extract false fetch float for foreign from grant group having in initially inout int integer intersect \
     interval into json_table lateral leading limit localtime localtimestamp national nchar not null numeric \
     offset on only operator or order out placing position precision primary real references returning select \
     session_user setof smallint some symmetric system_user table then time timestamp to trailing treat true \
     union unique user using values varchar variadic when where window with xmlattributes xmlelement xmlexists \
     xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

/// PostgreSQL: words that name no type and no parameter: the reserved ones and those that may only be columns.
const POSTGRES_TYPE: &str = "all analyse analyze and any array as asc asymmetric between bigint bit boolean both case cast char \
     character check coalesce collate column constraint create current_catalog current_date current_role \
     current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end \
     except exists extract false fetch float for foreign from grant greatest group grouping having in \
     initially inout int integer intersect interval into json_array json_arrayagg json_exists json_object \
     json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least limit \
     localtime localtimestamp merge_action national nchar none normalize not null nullif numeric offset on \
     only or order out overlay placing position precision primary real references returning row select \
     session_user setof smallint some substring symmetric system_user table then time timestamp to trailing \
     treat trim true union unique user using values varchar variadic when where window with xmlattributes \
     xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable";

/// MySQL: words that are no name anywhere.
const MYSQL_RESERVED: &str = "accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade \
     case change char character check collate column condition constraint continue convert create cross cursor \
     databases day_hour day_microsecond day_minute day_second dec decimal declare default delayed delete \
     delete_domain_id desc describe deterministic distinct distinctrow div do_domain_ids double drop each else \
     elseif enclosed escaped except exists exit explain fetch float float4 float8 for force foreign from fulltext \
     grant group grouping having high_priority hour_microsecond hour_minute hour_second if ignore ignore_domain_ids \
     in index infile inner inout insensitive insert int int1 int2 int3 int4 int8 integer intersect interval into is \
     iterate join key keys kill lateral leading leave left like limit linear lines load lock long longblob longtext \
     loop low_priority master_demote_to_replica master_demote_to_slave master_ssl_verify_server_cert match maxvalue \
     mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies natural \
     no_write_to_binlog not numeric offset on optimize optionally or order out outer outfile over page_checksum \
     parse_vcol_expr partition portion precision primary procedure purge range read read_write reads real recursive \
     ref_system_id references regexp release rename repeat replace require resignal restrict return returning \
     revoke right rlike row_number rows schemas second_microsecond select sensitive separator set show signal \
     smallint spatial specific sql sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate \
     sqlwarning ssl starting stats_auto_recalc stats_persistent stats_sample_pages straight_join table terminated \
     then tinyblob tinyint tinytext to trailing trigger undo union unique unlock unsigned update usage use using \
     values varbinary varchar varcharacter varying when where while with write xor year_month zerofill";

/// MySQL: words that are no column reference, beside those.
const MYSQL_COLUMN: &str = "dual sql_buffer_result sql_cache sql_no_cache";

/// MySQL: words that are no column alias without AS, beside those.
const MYSQL_BARE: &str = "current_date current_role current_time current_timestamp current_user dual false localtime localtimestamp null \
     sounds true utc_date utc_time utc_timestamp";

/// MySQL: words that are no column alias after AS, beside those.
const MYSQL_LABEL: &str = "current_date current_role current_time current_timestamp current_user dual false localtime localtimestamp null \
     true utc_date utc_time utc_timestamp";

/// MySQL: words that are no table name, beside those.
const MYSQL_TABLE: &str = "current_date current_role current_time current_timestamp current_user false localtime localtimestamp null true \
     utc_date utc_time utc_timestamp";

/// MySQL: words that are no table alias, beside those.
const MYSQL_TALIAS: &str = "current_date current_role current_time current_timestamp current_user dual false localtime localtimestamp null \
     true utc_date utc_time utc_timestamp window";

/// MySQL: words that call no ordinary function.
const MYSQL_FUNC: &str = "all distinct distinctrow end accessible add alter analyze and as asc asensitive before between bigint blob both by call cascade case change \
     check collate column condition constraint continue convert create cross cursor databases day_hour \
     day_microsecond day_minute day_second dec decimal declare default delayed delete delete_domain_id desc \
     describe deterministic div do_domain_ids double drop dual each else elseif enclosed escaped except exists exit \
     explain false fetch float float4 float8 for force foreign from fulltext grant group having hour_microsecond \
     hour_minute hour_second ignore ignore_domain_ids in index infile inner inout insensitive int int1 int2 int3 \
     int4 int8 integer intersect into is iterate join key keys kill leading leave like limit linear lines load lock \
     long longblob longtext loop low_priority master_demote_to_replica master_demote_to_slave \
     master_ssl_verify_server_cert match maxvalue mediumblob mediumint mediumtext middleint minute_microsecond \
     minute_second modifies natural no_write_to_binlog not null numeric offset on optimize optionally or order out \
     outer outfile over page_checksum parse_vcol_expr partition portion precision primary procedure purge range \
     read read_write reads real recursive ref_system_id references regexp release rename require resignal restrict \
     return returning revoke rlike rows schemas second_microsecond select sensitive separator set show signal \
     smallint spatial specific sql sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc stats_persistent \
     stats_sample_pages table terminated then tinyblob tinyint tinytext to trailing trigger true undo union unlock \
     unsigned update usage use using values varbinary varchar varcharacter varying when where while window with \
     write xor year_month zerofill";

/// T-SQL: words that are no name anywhere.
const TSQL_RESERVED: &str = "add all alter and any as asc authorization backup begin between break browse bulk by cascade case check \
     checkpoint close clustered coalesce collate column commit compute constraint contains containstable continue \
     convert create cross current current_date current_time current_timestamp current_user cursor database dbcc \
     deallocate declare default delete deny desc disk distinct distributed double drop dump else end errlvl escape \
     except exec execute exists exit external fetch file fillfactor for foreign freetext freetexttable from full \
     function goto grant group having holdlock identity identity_insert identitycol if in index inner insert \
     intersect into is join key kill left like lineno load merge national nocheck nonclustered not null nullif of \
     off offsets on open opendatasource openquery openrowset openxml option or order outer over percent pivot plan \
     precision primary print proc procedure public raiserror read readtext reconfigure references replication \
     restore restrict return revert revoke right rollback rowcount rowguidcol rule save schema securityaudit select \
     semantickeyphrasetable semanticsimilaritydetailstable semanticsimilaritytable session_user set setuser \
     shutdown some statistics system_user table tablesample textsize then to top tran transaction trigger truncate \
     try_convert tsequal union unique unpivot update updatetext use user values varying view waitfor when where \
     while with writetext";

/// T-SQL: reserved words that nevertheless are functions.
const TSQL_RESERVED_FUNCTIONS: [Kw; 17] = [
    Kw::COALESCE,
    Kw::CONTAINS,
    Kw::CONTAINSTABLE,
    Kw::CONVERT,
    Kw::FREETEXT,
    Kw::FREETEXTTABLE,
    Kw::LEFT,
    Kw::NULLIF,
    Kw::OPENDATASOURCE,
    Kw::OPENQUERY,
    Kw::OPENROWSET,
    Kw::OPENXML,
    Kw::RIGHT,
    Kw::SEMANTICKEYPHRASETABLE,
    Kw::SEMANTICSIMILARITYDETAILSTABLE,
    Kw::SEMANTICSIMILARITYTABLE,
    Kw::TRY_CONVERT,
];

/// Roles each keyword is refused in, by dialect.
static REFUSED: [[Role; COUNT]; 4] = [sqlite(), postgres(), mysql(), tsql()];

/// Adds `roles` to every word of a list.
const fn mark(mut refused: [Role; COUNT], words: &str, roles: Role) -> [Role; COUNT] {
    let bytes = words.as_bytes();
    let (mut start, mut index) = (0, 0);
    while index <= bytes.len() {
        if index == bytes.len() || bytes[index] == b' ' {
            let (_, tail) = bytes.split_at(start);
            let (word, _) = tail.split_at(index - start);
            refused[Kw::of(word) as usize] |= roles;
            start = index + 1;
        }
        index += 1;
    }
    refused[Kw::NONE as usize] = 0;
    refused
}

const fn sqlite() -> [Role; COUNT] {
    let mut refused = [0; COUNT];
    refused = mark(
        refused,
        SQLITE_RESERVED,
        COLUMN | BARE_ALIAS | ALIAS | TABLE | TABLE_ALIAS,
    );
    refused = mark(refused, SQLITE_COLUMN, COLUMN);
    refused = mark(refused, SQLITE_BARE, BARE_ALIAS);
    refused = mark(refused, SQLITE_LABEL, ALIAS);
    refused = mark(refused, SQLITE_TABLE, TABLE);
    refused = mark(refused, SQLITE_TALIAS, TABLE_ALIAS);
    refused = mark(refused, SQLITE_FUNC, FUNCTION);
    refused
}

const fn postgres() -> [Role; COUNT] {
    let mut refused = [0; COUNT];
    refused = mark(refused, POSTGRES_RESERVED, COLUMN | TABLE | TABLE_ALIAS);
    refused = mark(refused, POSTGRES_BARE, BARE_ALIAS);
    refused = mark(refused, POSTGRES_TABLE, TABLE);
    refused = mark(refused, POSTGRES_TALIAS, TABLE_ALIAS);
    refused = mark(refused, POSTGRES_FUNC, FUNCTION);
    refused = mark(refused, POSTGRES_TYPE, TYPE);
    refused
}

const fn mysql() -> [Role; COUNT] {
    let mut refused = [0; COUNT];
    refused = mark(
        refused,
        MYSQL_RESERVED,
        COLUMN | BARE_ALIAS | ALIAS | TABLE | TABLE_ALIAS,
    );
    refused = mark(refused, MYSQL_COLUMN, COLUMN);
    refused = mark(refused, MYSQL_BARE, BARE_ALIAS);
    refused = mark(refused, MYSQL_LABEL, ALIAS);
    refused = mark(refused, MYSQL_TABLE, TABLE);
    refused = mark(refused, MYSQL_TALIAS, TABLE_ALIAS);
    refused = mark(refused, MYSQL_FUNC, FUNCTION);
    refused
}

const fn tsql() -> [Role; COUNT] {
    let mut refused = [0; COUNT];
    refused = mark(
        refused,
        TSQL_RESERVED,
        COLUMN | BARE_ALIAS | ALIAS | TABLE | TABLE_ALIAS | FUNCTION,
    );
    let words = TSQL_RESERVED_FUNCTIONS;
    let mut index = 0;
    while index < words.len() {
        refused[words[index] as usize] &= !FUNCTION;
        index += 1;
    }
    refused
}

/// Whether `keyword`, unquoted, may stand in `role`.
pub fn allows(dialect: Dialect, keyword: Kw, role: Role) -> bool {
    REFUSED[dialect as usize][keyword as usize] & role == 0
}

/// Words that MySQL 8.0 reserves and MariaDB does not: read as names, written in quotes.
const MYSQL_8_RESERVED: &str = "array cube cume_dist dense_rank empty first_value function generated grouping groups io_after_gtids \
     io_before_gtids json_table lag last_value lateral lead master_bind member nth_value ntile of optimizer_costs percent_rank rank \
     row row_number stored system virtual window";

/// Every word that [`is_reserved`], in lower case.
#[cfg(feature = "guest")]
pub fn reserved_words(dialect: Dialect) -> Vec<String> {
    let newer = MYSQL_8_RESERVED.split_ascii_whitespace().map(str::to_owned);
    let mut words: Vec<String> = Kw::all()
        .map(|keyword| keyword.name().to_lowercase())
        .chain(newer)
        .collect();
    words.retain(|word| is_reserved(dialect, word));
    words.sort();
    words.dedup();
    words
}

/// Whether an identifier of this spelling has to be quoted to be a column or table name.
pub fn is_reserved(dialect: Dialect, word: &str) -> bool {
    let newer = dialect == Dialect::Mysql
        && MYSQL_8_RESERVED
            .split_ascii_whitespace()
            .any(|reserved| reserved.eq_ignore_ascii_case(word));
    newer || !allows(dialect, Kw::of(word.as_bytes()), COLUMN | TABLE | TABLE_ALIAS | ALIAS)
}
