//! What the benches have in common: JSON lines, and sqlglot in the same run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// The folder of data that `cargo xtask bench` names.
///
/// # Panics
/// Without `cargo xtask bench` around it.
pub fn data() -> PathBuf {
    std::env::var_os("NL2SQL_BENCH_DATA")
        .expect("run it by `cargo xtask bench`, which says where the data is")
        .into()
}

/// The objects of a file of JSON lines.
///
/// # Panics
/// When the file is missing or holds something else.
pub fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(parse).collect()
}

/// What `sqlglot_peer.py` prints in a mode for statements, each with its dialect.
///
/// # Panics
/// Without `cargo xtask bench` around it, or when sqlglot fails.
pub fn sqlglot<'s>(mode: &str, statements: impl IntoIterator<Item = (&'s str, &'s str)>) -> String {
    let python = std::env::var_os("NL2SQL_PEER_PYTHON").expect("run it by `cargo xtask bench`, which sets the peer up");
    let mut peer = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sqlglot_peer.py"))
        .arg(mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut lines = String::new();
    for (dialect, sql) in statements {
        lines += &json!({ "dialect": dialect, "sql": sql }).to_string();
        lines.push('\n');
    }
    let mut input = peer.stdin.take().expect("its input is piped");
    input.write_all(lines.as_bytes()).expect("sqlglot reads the statements");
    drop(input);
    let output = peer.wait_with_output().expect("sqlglot ends");
    assert!(output.status.success(), "sqlglot failed");
    String::from_utf8(output.stdout).expect("sqlglot prints text")
}
