//! The training pairs of several runs as one data set.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::recipe::NAME;

/// Writes the pairs of all runs, with the description and the data card that training reads.
pub fn join_pairs(runs: &[PathBuf], folder: &Path) -> Result<()> {
    let mut rows: Vec<Value> = Vec::new();
    let mut layout: Option<Value> = None;
    for run in runs {
        let export = run.join("export");
        match read(&export.join(format!("{NAME}_train.json")))? {
            Value::Array(own) => rows.extend(own),
            _ => bail!("{} exported no rows", run.display()),
        }
        let card = read(&export.join("datacard.json"))?;
        let known = layout.get_or_insert_with(|| card["prompt"].clone());
        ensure!(
            *known == card["prompt"],
            "{} was exported in another layout than the others",
            run.display()
        );
    }
    fs::create_dir_all(folder)?;
    let file = format!("{NAME}_train.json");
    write(&folder.join(&file), &json!(rows))?;
    let mut columns = json!({ "prompt": "instruction", "query": "input", "response": "output" });
    if rows.iter().any(|row| row["history"].is_array()) {
        columns["history"] = json!("history");
    }
    let info = json!({ format!("{NAME}_train"): { "file_name": file, "columns": columns } });
    write(&folder.join("dataset_info.json"), &info)?;
    write(
        &folder.join("datacard.json"),
        &json!({ "name": NAME, "prompt": layout }),
    )
}

fn read(file: &Path) -> Result<Value> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} cannot be understood", file.display()))
}

fn write(file: &Path, value: &Value) -> Result<()> {
    fs::write(file, value.to_string()).with_context(|| format!("cannot write {}", file.display()))
}
