//! The questions that people wrote, and the databases they ask.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

/// Questions in Spider's layout; some have a translation in `question_zh`.
pub struct Questions {
    rows: Vec<Value>,
    /// The databases that are asked.
    pub databases: Vec<String>,
}

impl Questions {
    /// Reads a file of lines.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let rows: Vec<Value> = text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} is no file of JSON lines", file.display()))?;
        let asked: BTreeSet<&str> = rows.iter().filter_map(|row| row["db_id"].as_str()).collect();
        Ok(Self {
            databases: asked.into_iter().map(str::to_owned).collect(),
            rows,
        })
    }

    /// A file of each language.
    pub fn write(&self, folder: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
        let mut files = Vec::new();
        for (language, field) in [("en", "question"), ("zh", "question_zh")] {
            let lines: Vec<String> = self.rows.iter().filter_map(|row| asked_in(row, field)).collect();
            if !lines.is_empty() {
                let file = folder.join(format!("questions_{language}.jsonl"));
                fs::write(&file, lines.join("\n") + "\n")?;
                files.push((language, file));
            }
        }
        Ok(files)
    }
}

/// The row with its question from this field, where it has that.
fn asked_in(row: &Value, field: &str) -> Option<String> {
    let question = row[field].as_str()?;
    let mut row = row.clone();
    row["question"] = question.into();
    row.as_object_mut()?.remove("question_zh");
    Some(row.to_string())
}
