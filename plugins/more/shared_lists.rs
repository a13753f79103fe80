//! What the tests of every dialect here hold it to.

use std::fs;
use std::path::Path;

use nl2sql_sdk::types::Catalog;
use nl2sql_sdk::{Dialect, DialectSession};
use nl2sql_sqlparser_dialect::{Guest, Session, SqlparserDialect};

/// Statements of a shared list that are accepted, and those that are not, with the reason.
struct Read {
    accepted: Vec<String>,
    refused: Vec<String>,
}

fn read<D: SqlparserDialect>(list: &str) -> Option<Read> {
    let beside = format!("{}/../../../../shared", env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var("NL2SQL_SHARED").unwrap_or(beside);
    let file = Path::new(&shared).join(format!("data/sql/{list}.jsonl"));
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    };
    let session = Session::<D>::new(&Catalog::default());
    let mut read = Read {
        accepted: Vec::new(),
        refused: Vec::new(),
    };
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let sql = row["sql"].as_str().unwrap();
        match session.check_syntax(sql) {
            Ok(()) => read.accepted.push(sql.to_owned()),
            Err(error) => read.refused.push(format!("{sql}\n    {}", error.message)),
        }
    }
    println!(
        "{list}: {} accepted, {} refused",
        read.accepted.len(),
        read.refused.len()
    );
    Some(read)
}

/// At least so many valid and at most so many invalid statements of the shared lists are accepted.
pub fn are_told_apart<D: SqlparserDialect>(dialect: &str, min_valid: usize, max_invalid: usize) {
    let (Some(valid), Some(invalid)) = (
        read::<D>(&format!("valid_{dialect}")),
        read::<D>(&format!("invalid_{dialect}")),
    ) else {
        return;
    };
    let enough = valid.accepted.len() >= min_valid;
    assert!(enough, "valid and refused:\n{}", valid.refused.join("\n"));
    let few = invalid.accepted.len() <= max_invalid;
    assert!(few, "invalid and accepted:\n{}", invalid.accepted.join("\n"));
}

/// Functions that the dialect's guard refuses are seen in statements that parse.
pub fn guard_holds<D: SqlparserDialect>() {
    let session = Session::<D>::new(&Catalog::default());
    let verdict = |sql: &str| session.statement(sql);
    assert!(
        verdict("SELECT a FROM t").read_only,
        "{:?}",
        verdict("SELECT a FROM t").reason
    );
    assert!(!verdict("DROP TABLE t").read_only && !verdict("INSERT INTO t SELECT 1").read_only);
    let info = Guest::<D>::info();
    for (function, _) in &info.guard.refused_functions {
        let name = function.replace('*', "x");
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            let sql = format!("SELECT {name}('x') FROM t");
            assert!(!verdict(&sql).read_only, "{sql}");
        }
    }
}
