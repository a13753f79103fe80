//! The command that scores predictions of the rows that a test wrote, and options of metrics that it refuses.

use std::fs;

use crate::before_and_after::{command, said};

/// Scores `pred.txt` against `rows.jsonl`, into `scored`.
pub const EVAL: [&str; 8] = [
    "eval",
    "--quiet",
    "--set",
    "evaluate.dataset=rows.jsonl",
    "--after",
    "pred.txt",
    "--output",
    "scored",
];

#[test]
fn options_that_no_metric_takes_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("shop.sqlite")).unwrap();
    database.execute_batch("CREATE TABLE shops (id INTEGER)").unwrap();
    fs::write(
        folder.path().join("nl2sql.toml"),
        "[database]\npath = \"shop.sqlite\"\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("rows.jsonl"),
        "{\"db_id\": \"shop\", \"question\": \"Shops?\", \"query\": \"SELECT * FROM shops\"}\n",
    )
    .unwrap();
    fs::write(folder.path().join("pred.txt"), "SELECT * FROM shops\n").unwrap();
    let score = |options: &str| {
        let options = format!("evaluate.options={options}");
        let output = command(folder.path(), &[&EVAL[..], &["--set", &options]].concat()).output();
        let output = output.unwrap();
        (output.status.code(), said(&output))
    };
    for metric in ["metric-execution", "metric-sql", "metric-text"] {
        let (code, text) = score(&format!("{{\"{metric}\"={{depth=1}}}}"));
        assert_eq!(code, Some(4), "{metric}: {text}");
        assert!(text.contains(metric) && text.contains("`depth`"), "{text}");
    }
    let (code, text) = score("{\"metric-exection\"={definition=\"bird\"}}");
    assert_eq!(code, Some(4), "{text}");
    assert!(
        text.contains("evaluate.options.metric-exection is for a plugin that is not there"),
        "{text}"
    );
    // Options of a metric that is there and does not score may stay.
    let (code, text) = score("{\"metric-text\"={}}");
    assert_eq!(code, Some(0), "{text}");
}
