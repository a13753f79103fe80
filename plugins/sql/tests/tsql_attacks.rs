//! The attacks on SQL Server, judged by the dialect alone: the same list that the driver's own guard is tried with.

use std::path::Path;

use nl2sql_catalog::Database;
use nl2sql_sql::{Dialect, Session};

#[test]
fn every_attack_is_refused_with_a_reason() {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host/crates/database/tests/attacks/tsql.sql");
    let text = std::fs::read_to_string(list).unwrap();
    let attacks: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with("-- ") && !line.is_empty())
        .map(|line| line.replace("\\n", "\n"))
        .collect();
    assert!(attacks.len() >= 60);
    let session = Session::new(Dialect::Tsql, &Database::default());
    let passed: Vec<&String> = attacks
        .iter()
        .filter(|sql| {
            let info = session.statement(sql);
            info.read_only || info.reason.is_none_or(|reason| reason.len() < 8)
        })
        .collect();
    assert!(passed.is_empty(), "{passed:#?}");
}
