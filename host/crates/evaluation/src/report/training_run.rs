//! The training run behind an adapter, read from the files beside its weights.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::configuration::SettingGroup;

/// Points of optimizer step and value.
pub type Curve = Vec<(u64, f64)>;

/// Settings and curves of one training run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// Adapter and optimizer settings.
    pub settings: Vec<SettingGroup>,
    /// Mean cross-entropy of the scored tokens.
    pub loss: Curve,
    /// The same over the evaluation samples.
    pub evaluation_loss: Curve,
    /// Learning rate.
    pub learning_rate: Curve,
    /// Norm of the gradient before clipping.
    pub gradient_norm: Curve,
    /// Tokens per second.
    pub throughput: Curve,
}

/// A file of a training run that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the training record {path} cannot be read: {reason}. Restore it from the training run, or move it away to leave training out of the report"
)]
pub struct UnreadableTrainingRun {
    /// The file.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl TrainingRun {
    /// Reads `trainer_log.jsonl`, `trainer_state.json`, `adapter_config.json` and `nl2sql_training.json` of an adapter folder,
    /// as LLaMA-Factory, transformers and nl2sql write them. Each may be missing; `None` where there is neither log nor state.
    ///
    /// # Errors
    /// One of the files is there and cannot be read or is not JSON.
    pub fn read(folder: &Path) -> Result<Option<Self>, UnreadableTrainingRun> {
        let log = read_lines(&folder.join("trainer_log.jsonl"))?;
        let state = read_json(&folder.join("trainer_state.json"))?;
        if log.is_empty() && state.is_none() {
            return Ok(None);
        }
        let history = state
            .as_ref()
            .and_then(|state| state["log_history"].as_array())
            .map_or(&[][..], Vec::as_slice);
        // Only the state has gradient norms, only the log has throughput; the rest is in both where both are there.
        let from_state = |name: &str| curve(history, "step", name);
        let from_log = |name: &str| curve(&log, "current_steps", name);
        let either = |in_state: &str, in_log: &str| {
            let points = from_state(in_state);
            if points.is_empty() { from_log(in_log) } else { points }
        };
        let adapter = read_json(&folder.join("adapter_config.json"))?;
        let record = read_json(&folder.join("nl2sql_training.json"))?;
        Ok(Some(Self {
            settings: settings(adapter.as_ref(), record.as_ref(), state.as_ref()),
            loss: either("loss", "loss"),
            evaluation_loss: either("eval_loss", "eval_loss"),
            learning_rate: either("learning_rate", "lr"),
            gradient_norm: from_state("grad_norm"),
            throughput: from_log("throughput"),
        }))
    }
}

/// Finite values of one field by step.
fn curve(entries: &[Value], step: &str, name: &str) -> Curve {
    entries
        .iter()
        .filter_map(|entry| {
            Some((
                entry[step].as_u64()?,
                entry[name].as_f64().filter(|value| value.is_finite())?,
            ))
        })
        .collect::<BTreeMap<u64, f64>>()
        .into_iter()
        .collect()
}

fn settings(adapter: Option<&Value>, record: Option<&Value>, state: Option<&Value>) -> Vec<SettingGroup> {
    let field = |file: Option<&Value>, name: &str| file.and_then(|file| plain(&file[name]));
    let adapter_group = SettingGroup::new(
        "Adapter",
        [
            ("base model", field(adapter, "base_model_name_or_path")),
            ("method", field(adapter, "peft_type")),
            ("rank", field(adapter, "r")),
            ("alpha", field(adapter, "lora_alpha")),
            ("dropout", field(adapter, "lora_dropout")),
            ("target modules", field(adapter, "target_modules")),
            ("DoRA", field(adapter, "use_dora").filter(|value| value == "true")),
        ],
    );
    let trained = record.map(|record| &record["settings"]);
    let training_group = SettingGroup::new(
        "Training",
        [
            ("samples", field(trained, "samples")),
            ("epochs", field(state, "num_train_epochs")),
            ("steps", field(state, "global_step")),
            ("batch", field(trained, "batch")),
            ("optimizer", field(trained, "optimizer")),
            ("schedule", field(trained, "schedule")),
            ("template", field(trained, "template")),
            ("cutoff length", field(trained, "cutoff_len")),
            ("packing", field(trained, "packing")),
            ("precision", field(trained, "precision")),
            ("seed", field(trained, "seed")),
            ("best evaluation loss", field(state, "best_metric")),
            (
                "version",
                record.and_then(|record| plain(&record["program"]["version"])),
            ),
        ],
    );
    [adapter_group, training_group].into_iter().flatten().collect()
}

/// A JSON value as a reader wants it: no quotes, lists with commas.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(plain).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}

fn read_text(path: &Path) -> Result<Option<String>, UnreadableTrainingRun> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn read_json(path: &Path) -> Result<Option<Value>, UnreadableTrainingRun> {
    read_text(path)?
        .map(|text| serde_json::from_str(&text).map_err(|error| unreadable(path, &error)))
        .transpose()
}

fn read_lines(path: &Path) -> Result<Vec<Value>, UnreadableTrainingRun> {
    let text = read_text(path)?.unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).map_err(|error| unreadable(path, &error)))
        .collect()
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> UnreadableTrainingRun {
    UnreadableTrainingRun {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_come_from_the_state_and_throughput_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_eq!(TrainingRun::read(folder.path()).unwrap(), None);
        fs::write(
            path("trainer_state.json"),
            r#"{"log_history":[{"step":1,"loss":2.0,"grad_norm":0.5,"learning_rate":1e-4},{"step":2,"eval_loss":1.5}],"global_step":2}"#,
        )
        .unwrap();
        fs::write(
            path("trainer_log.jsonl"),
            "{\"current_steps\":1,\"loss\":9.0,\"throughput\":120.5}\n",
        )
        .unwrap();
        fs::write(
            path("adapter_config.json"),
            r#"{"r":8,"target_modules":["q_proj","v_proj"]}"#,
        )
        .unwrap();
        let run = TrainingRun::read(folder.path()).unwrap().unwrap();
        assert_eq!(run.loss, [(1, 2.0)]);
        assert_eq!(run.evaluation_loss, [(2, 1.5)]);
        assert_eq!(run.gradient_norm, [(1, 0.5)]);
        assert_eq!(run.learning_rate, [(1, 1e-4)]);
        assert_eq!(run.throughput, [(1, 120.5)]);
        let adapter = &run.settings[0];
        assert_eq!(adapter.settings[0], ("rank".to_owned(), "8".to_owned()));
        assert_eq!(adapter.settings[1].1, "q_proj, v_proj");
    }

    #[test]
    fn a_damaged_log_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("trainer_log.jsonl"), "{\"current_steps\":1").unwrap();
        let error = TrainingRun::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("trainer_log.jsonl"), "{error}");
    }
}
