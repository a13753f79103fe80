//! `usage.json` in the run folder: what the language model has cost so far, by stage and topic.

use std::path::Path;

use nl2sql_llm::{UsageLine, UsageReport};
use serde_json::{Value, json};

use crate::failure::CommandError;

/// Name of the file.
pub const USAGE: &str = "usage.json";

/// Usage as data.
pub fn as_json(usage: &UsageReport) -> Value {
    let amounts = |line: &UsageLine| json!({ "requests": line.requests, "input_tokens": line.input_tokens, "output_tokens": line.output_tokens, "cost": line.cost });
    let with = |line: &UsageLine, names: &[(&str, &str)]| {
        let mut object = json!({});
        for (key, name) in names {
            object[*key] = json!(name);
        }
        if let (Some(object), Value::Object(amounts)) = (object.as_object_mut(), amounts(line)) {
            object.extend(amounts);
        }
        object
    };
    let stages: Vec<_> = usage
        .by_stage()
        .iter()
        .map(|line| with(line, &[("stage", &line.stage)]))
        .collect();
    let topics: Vec<_> = usage
        .lines
        .iter()
        .map(|line| {
            with(
                line,
                &[
                    ("stage", &line.stage),
                    ("topic", &line.purpose),
                    ("provider", &line.provider),
                ],
            )
        })
        .collect();
    json!({ "total": amounts(&usage.total()), "stages": stages, "topics": topics })
}

/// Writes the file beside its place and renames it; a run without a language model gets none.
pub fn write(folder: &Path, usage: &UsageReport) -> Result<(), CommandError> {
    if usage.lines.is_empty() {
        return Ok(());
    }
    let path = folder.join(USAGE);
    let draft = folder.join(".draft-usage");
    let text = format!("{:#}\n", as_json(usage));
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(|error| CommandError::Unwritable {
            path,
            reason: error.to_string(),
        })
}
