//! Pairs that people wrote (`db_id`, `question`, `query`), with the profile's prompt around each question, as rows to train on.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::JobContext;
use super::evaluation_context::{EvaluationContext, ExampleSource};
use crate::AppError;

/// Writes `dataset`, asked of the SQLite files in `databases`, as the Alpaca file `<name>_prompted.jsonl` into the run's `export/`; answers
/// where it is.
///
/// The same dataset and databases give the same bytes, so that a stopped training finds what it was begun with.
pub(super) fn write_prompted(
    job: &JobContext,
    name: &str,
    dataset: &Path,
    databases: &Path,
) -> Result<PathBuf, AppError> {
    let source = ExampleSource {
        dataset: Some(dataset.to_owned()),
        databases: Some(databases.to_owned()),
        limit: None,
    };
    let context = EvaluationContext::open(job, &source)?;
    let examples = context.prompted(&job.session.profile().export)?;
    let with_answer = examples.iter().filter_map(|example| {
        let gold = example.gold.as_deref()?;
        Some(match &example.system {
            Some(system) => json!({ "instruction": example.prompt, "output": gold, "system": system }),
            None => json!({ "instruction": example.prompt, "output": gold }),
        })
    });
    let rows: Vec<String> = with_answer.map(|row| row.to_string()).collect();
    let unanswered = examples.len() - rows.len();
    if unanswered > 0 {
        let message = format!("{}: {unanswered} rows without a query are left out", dataset.display());
        job.note(message);
    }
    let path = job
        .session
        .place()
        .folder
        .join("export")
        .join(format!("{name}_prompted.jsonl"));
    write(&path, &(rows.join("\n") + "\n"))?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> Result<(), AppError> {
    let unwritable = |error: std::io::Error| AppError::Unwritable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unwritable)?;
    }
    // Renamed when it is whole: a training killed here finds no half file.
    let beside = path.with_extension("jsonl.part");
    fs::write(&beside, text).map_err(unwritable)?;
    fs::rename(&beside, path).map_err(unwritable)
}
