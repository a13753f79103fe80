use std::fs;
use std::path::Path;

use nl2sql_sdk::types::Catalog;
use nl2sql_sdk::{Dialect, DialectSession};
use nl2sql_sqlparser_dialect::{Guest, Session};

use super::Plugin;

fn accepted(list: &str) -> Option<(usize, usize)> {
    let shared =
        std::env::var("NL2SQL_SHARED").unwrap_or_else(|_| format!("{}/../../../../shared", env!("CARGO_MANIFEST_DIR")));
    let file = Path::new(&shared).join(format!("data/sql/{list}_clickhouse.jsonl"));
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    };
    let session = Session::<Plugin>::new(&Catalog::default());
    let sql = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["sql"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let statements: Vec<String> = text.lines().map(sql).collect();
    let good = statements
        .iter()
        .filter(|sql| session.check_syntax(sql).is_ok())
        .count();
    println!("clickhouse {list}: {good} of {} accepted", statements.len());
    Some((good, statements.len()))
}

#[test]
fn statements_of_the_shared_lists_are_told_apart() {
    let (Some((valid, all)), Some((invalid, broken))) = (accepted("valid"), accepted("invalid")) else {
        return;
    };
    assert!(valid >= 200, "{valid} of {all} valid statements are accepted");
    assert!(invalid <= 5, "{invalid} of {broken} invalid statements are accepted");
}

#[test]
fn what_its_own_guard_refuses_is_not_read_only() {
    let session = Session::<Plugin>::new(&Catalog::default());
    let verdict = |sql: &str| session.statement(sql);
    assert!(
        verdict("SELECT a FROM t").read_only,
        "{:?}",
        verdict("SELECT a FROM t").reason
    );
    assert!(!verdict("DROP TABLE t").read_only && !verdict("INSERT INTO t SELECT 1").read_only);
    let info = Guest::<Plugin>::info();
    for (function, _) in &info.guard.refused_functions {
        let name = function.replace('*', "x");
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let sql = format!("SELECT {name}('x') FROM t");
            assert!(!verdict(&sql).read_only, "{sql}");
        }
    }
}
