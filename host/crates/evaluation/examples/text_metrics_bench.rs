//! Rows a second of BLEU-4 and ROUGE through WebAssembly, and of LLaMA-Factory's metric code in the same run.
//!
//! `cargo run -p nl2sql-evaluation --example text_metrics_bench -- <folder of built plugins> <rows.jsonl> [python]`
//!
//! Rows are `{"predict", "label"}`. The peer needs the Python packages nltk, jieba and rouge-chinese.

use std::{env, error::Error, fs, process::Command, time::Instant};

use nl2sql_catalog::MetricRow;
use nl2sql_plugin_host::{PluginHost, Services};

/// Rows handed over at once, as scoring does.
const BATCH: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [plugins, rows_path, rest @ ..] = arguments.as_slice() else {
        return Err("which folder of plugins, and which rows?".into());
    };
    let mut rows = Vec::new();
    for line in fs::read_to_string(rows_path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        rows.push(MetricRow {
            prediction: text("predict"),
            gold: text("label"),
            ..MetricRow::default()
        });
    }
    let host = PluginHost::builder().folder(plugins).build()?;
    let metric = host.metric("metric-text", Services::none())?.open(None, "{}");
    let begun = Instant::now();
    metric.score(&rows[..rows.len().min(1)])?;
    println!(
        "first row, dictionary included: {:.0} ms",
        begun.elapsed().as_secs_f64() * 1e3
    );
    let begun = Instant::now();
    for batch in rows.chunks(BATCH) {
        metric.score(batch)?;
    }
    let ours = rows.len() as f64 / begun.elapsed().as_secs_f64();
    println!("ours, one thread: {ours:.0} rows/s");
    if let Some(python) = rest.first() {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/peers/llama_factory_metrics.py");
        let output = Command::new(python).args([script, rows_path]).output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let theirs: f64 = printed
            .trim()
            .parse()
            .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
        println!(
            "LLaMA-Factory's metric code: {theirs:.0} rows/s; ours {:.1} times that",
            ours / theirs
        );
    }
    Ok(())
}
