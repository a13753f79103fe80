//! The command that scores predictions of the rows that a test wrote.

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
