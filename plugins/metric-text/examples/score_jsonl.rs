//! Scores a JSONL file of `{"predict", "label"}` rows natively and prints one JSON array of figures a row.
//!
//! `cargo run -p metric-text --example score_jsonl -- generated_predictions.jsonl`

use std::{env, error::Error, fs::File, io::BufRead, io::BufReader, io::Write, io::stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("which file?")?;
    let mut out = stdout().lock();
    for line in BufReader::new(File::open(path)?).lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        writeln!(out, "{:?}", metric_text::score::score(text("predict"), text("label")))?;
    }
    Ok(())
}
