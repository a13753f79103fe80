//! How many valid and invalid queries each dialect accepts, through WASM, beside sqlparser and sqlglot on the same lists.
//!
//! `cargo xtask bench dialects [-- <folder>] [-- --verbose]`. The folder holds `valid_<dialect>.jsonl` and `invalid_<dialect>.jsonl` with an
//! `sql` in each row; without one, `sql` of the shared data is read. Only SELECT and WITH statements count.

use std::path::{Path, PathBuf};

use nl2sql_catalog::Database;
use nl2sql_plugin_host::{DialectSession, PluginHost};
use sqlparser::dialect::{Dialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

const DIALECTS: [(&str, &dyn Dialect); 4] = [
    ("sqlite", &SQLiteDialect {}),
    ("postgres", &PostgreSqlDialect {}),
    ("mysql", &MySqlDialect {}),
    ("tsql", &MsSqlDialect {}),
];

/// How many queries of a list each parser accepts.
struct Accepted {
    queries: usize,
    ours: usize,
    sqlparser: usize,
    sqlglot: usize,
}

fn main() {
    let (mut folder, mut verbose) = (None, false);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--verbose" => verbose = true,
            // Cargo tells every bench so.
            "--bench" => {}
            path => folder = Some(PathBuf::from(path)),
        }
    }
    let folder = folder.unwrap_or_else(|| nl2sql_bench::data().join("sql"));
    let host = PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .build()
        .expect("an engine");
    println!(
        "{:<9} {:<8} {:>7} {:>7} {:>10} {:>8}",
        "dialect", "list", "queries", "ours", "sqlparser", "sqlglot"
    );
    for (name, dialect) in DIALECTS {
        let session = host
            .dialect(name)
            .expect("the dialect is built in")
            .open(&Database::default());
        for kind in ["valid", "invalid"] {
            let path = folder.join(format!("{kind}_{name}.jsonl"));
            let found = accepted(&path, name, dialect, &session, verbose.then_some(kind == "valid"));
            println!(
                "{name:<9} {kind:<8} {:>7} {:>7} {:>10} {:>8}",
                found.queries, found.ours, found.sqlparser, found.sqlglot
            );
        }
    }
}

/// Counts, and prints each query that is not judged as `expected`, where that is given.
fn accepted(
    path: &Path,
    name: &str,
    dialect: &dyn Dialect,
    session: &DialectSession,
    expected: Option<bool>,
) -> Accepted {
    let rows = nl2sql_bench::rows(path);
    let queries: Vec<&str> = rows
        .iter()
        .filter_map(|row| row["sql"].as_str())
        .filter(|sql| begins_query(sql))
        .collect();
    let ours: Vec<bool> = queries
        .iter()
        .map(|sql| session.check_syntax(sql).expect("the dialect answers").is_ok())
        .collect();
    for (sql, _) in queries
        .iter()
        .zip(&ours)
        .filter(|(_, ok)| expected.is_some_and(|expected| **ok != expected))
    {
        println!("  {sql}");
    }
    let by_sqlparser = |sql: &&&str| Parser::parse_sql(dialect, sql).is_ok_and(|statements| !statements.is_empty());
    let by_sqlglot = nl2sql_bench::sqlglot("accepts", queries.iter().map(|sql| (name, *sql)));
    Accepted {
        queries: queries.len(),
        ours: ours.iter().filter(|ok| **ok).count(),
        sqlparser: queries.iter().filter(by_sqlparser).count(),
        sqlglot: by_sqlglot.lines().filter(|line| *line == "1").count(),
    }
}

fn begins_query(sql: &str) -> bool {
    let word = sql.split_ascii_whitespace().next().unwrap_or_default();
    let word = word
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or_default();
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}
