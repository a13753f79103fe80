//! How many valid and invalid queries each dialect accepts, through WASM, beside sqlparser and sqlglot on the same lists.
//!
//! `cargo xtask bench dialects [-- <folder>]`. The folder holds `valid_<dialect>.jsonl` and `invalid_<dialect>.jsonl` with an `sql` in each row;
//! without one, `sql` of the shared data is read. Only SELECT and WITH statements count. Each statement that is judged otherwise than its
//! list says is printed, with the reason: what the dialect says of it, or what the engine said.

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
    // Cargo tells every bench `--bench`.
    let folder = std::env::args().skip(1).find(|argument| argument != "--bench");
    let folder = folder.map_or_else(|| nl2sql_bench::data().join("sql"), PathBuf::from);
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
            let found = accepted(&path, name, dialect, &session, kind == "valid");
            println!(
                "{name:<9} {kind:<8} {:>7} {:>7} {:>10} {:>8}",
                found.queries, found.ours, found.sqlparser, found.sqlglot
            );
        }
    }
}

/// Counts, and prints each query that is not judged as `expected`.
fn accepted(path: &Path, name: &str, dialect: &dyn Dialect, session: &DialectSession, expected: bool) -> Accepted {
    let rows = nl2sql_bench::rows(path);
    let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let queries: Vec<(String, String)> = rows
        .iter()
        .map(|row| (text(row, "sql"), text(row, "engine_msg")))
        .filter(|(sql, _)| begins_query(sql))
        .collect();
    let mut ours = 0;
    for (sql, engine) in &queries {
        let judged = session.check_syntax(sql).expect("the dialect answers");
        ours += usize::from(judged.is_ok());
        match judged {
            Err(error) if expected => println!("  refused: {sql}\n    {}", error.message),
            Ok(()) if !expected => println!("  accepted: {sql}\n    {}", engine.trim()),
            Err(_) | Ok(()) => {}
        }
    }
    let by_sqlparser = |sql: &str| Parser::parse_sql(dialect, sql).is_ok_and(|statements| !statements.is_empty());
    let by_sqlglot = nl2sql_bench::sqlglot("accepts", queries.iter().map(|(sql, _)| (name, sql.as_str())));
    Accepted {
        queries: queries.len(),
        ours,
        sqlparser: queries.iter().filter(|(sql, _)| by_sqlparser(sql)).count(),
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
