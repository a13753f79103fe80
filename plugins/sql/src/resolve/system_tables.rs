//! Schemas and tables that engines have of themselves.

use std::borrow::Cow;

use super::Resolver;
use super::relation::Columns;
use crate::dialect::Dialect;

/// Schemas of the engines themselves, whose tables no catalog lists.
pub(super) fn is_system_schema(dialect: Dialect, schema: &str) -> bool {
    let known: &[&str] = match dialect {
        Dialect::Sqlite => &["temp"],
        Dialect::Postgres => &["information_schema", "pg_catalog", "pg_toast", "pg_temp"],
        Dialect::Mysql => &["information_schema", "mysql", "performance_schema", "sys"],
        Dialect::Tsql => &["information_schema", "sys", "master", "tempdb", "msdb", "model"],
    };
    known.iter().any(|name| name.eq_ignore_ascii_case(schema))
}

/// Tables every database of a dialect has besides those of its catalog.
pub(super) fn is_system_table(dialect: Dialect, name: &str) -> bool {
    match dialect {
        Dialect::Sqlite => {
            const TABLES: [&str; 9] = [
                "sqlite_master",
                "sqlite_schema",
                "sqlite_temp_master",
                "sqlite_temp_schema",
                "sqlite_sequence",
                "dbstat",
                "sqlite_dbpage",
                "sqlite_stat1",
                "sqlite_stmt",
            ];
            const FUNCTIONS: [&str; 4] = ["json_each", "json_tree", "generate_series", "bytecode"];
            TABLES
                .iter()
                .chain(&FUNCTIONS)
                .any(|table| table.eq_ignore_ascii_case(name))
                || name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("pragma_"))
        }
        Dialect::Postgres => name.starts_with("pg_"),
        Dialect::Mysql => name.eq_ignore_ascii_case("dual"),
        Dialect::Tsql => name.starts_with('#') || name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("sys")),
    }
}

/// Whether MariaDB's sequence engine makes a table of this name up: `seq_1_to_10`, `seq_1_to_10_step_2`.
pub(super) fn is_sequence_table(name: &str) -> bool {
    let parts: Vec<&str> = name.split('_').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        ["seq", first, "to", last] => is_number(first) && is_number(last),
        ["seq", first, "to", last, "step", step] => [first, last, step].into_iter().all(is_number),
        _ => false,
    }
}

impl Resolver<'_> {
    /// The columns of SQLite's own tables; those of other engines depend on their versions.
    pub(super) fn system_columns(&mut self, table: &str) -> Columns {
        let names: &[&'static str] = match (self.dialect, table.to_ascii_lowercase().as_str()) {
            (Dialect::Sqlite, "sqlite_master" | "sqlite_schema" | "sqlite_temp_master" | "sqlite_temp_schema") => {
                &["type", "name", "tbl_name", "rootpage", "sql"]
            }
            (Dialect::Mysql, "dual") => &[],
            _ => return Columns::Open,
        };
        self.known(names.iter().map(|name| Cow::Borrowed(*name)))
    }
}
