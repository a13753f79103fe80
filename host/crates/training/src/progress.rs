//! Progress of a run: `trainer_state.json` with transformers' names, and `trainer_log.jsonl` with LLaMA-Factory's.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::TrainError;
use crate::events::StepFigures;

/// One entry of the history; an evaluation has only `eval_loss`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Norm of the gradient before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Learning rate of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Mean loss of the steps since the previous entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Evaluation loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eval_loss: Option<f64>,
    /// Step, counted from 1.
    pub step: usize,
}

/// Everything beside values and optimizer state that resuming needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainerState {
    /// Step with the lowest evaluation loss.
    pub best_global_step: Option<usize>,
    /// Lowest evaluation loss.
    pub best_metric: Option<f64>,
    /// Folder name of the checkpoint with the lowest evaluation loss.
    pub best_model_checkpoint: Option<String>,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Steps done.
    pub global_step: usize,
    /// Always true: there is one process.
    pub is_world_process_zero: bool,
    /// Log entries.
    pub log_history: Vec<LogEntry>,
    /// Steps between log entries.
    pub logging_steps: usize,
    /// Total number of steps.
    pub max_steps: usize,
    /// Total number of epochs.
    pub num_train_epochs: f64,
    /// Tokens trained on.
    pub num_input_tokens_seen: u64,
    /// Micro-batch size.
    pub train_batch_size: usize,
    /// Consecutive evaluations without a lower loss.
    pub evaluations_without_progress: usize,
    /// Sum of the losses of all steps.
    pub loss_sum: f64,
    /// Sum of the losses since the last entry.
    pub unlogged_loss: f64,
    /// Number of losses since the last entry.
    pub unlogged_steps: usize,
    /// Training time over all sessions, in seconds.
    pub seconds: f64,
}

impl TrainerState {
    /// Initial state.
    pub fn new(max_steps: usize, epochs: f64, logging_steps: usize, batch: usize) -> Self {
        Self {
            best_global_step: None,
            best_metric: None,
            best_model_checkpoint: None,
            epoch: 0.0,
            global_step: 0,
            is_world_process_zero: true,
            log_history: Vec::new(),
            logging_steps,
            max_steps,
            num_train_epochs: epochs,
            num_input_tokens_seen: 0,
            train_batch_size: batch,
            evaluations_without_progress: 0,
            loss_sum: 0.0,
            unlogged_loss: 0.0,
            unlogged_steps: 0,
            seconds: 0.0,
        }
    }

    /// Writes `trainer_state.json` into `folder`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), TrainError> {
        write_json(&folder.join("trainer_state.json"), &json!(self))
    }

    /// Mean loss of all steps.
    pub fn mean_loss(&self) -> f64 {
        self.loss_sum / self.global_step.max(1) as f64
    }
}

/// Writes an indented JSON file atomically.
///
/// # Errors
/// When the file cannot be written.
pub fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), TrainError> {
    crate::durable::write(path, format!("{value:#}\n").as_bytes())
}

/// Rewrites `trainer_log.jsonl` from the history, so that steps repeated by a resumed run appear once.
///
/// # Errors
/// When the file cannot be written.
pub fn rewrite_log(folder: &Path, state: &TrainerState) -> Result<(), TrainError> {
    let mut text = String::new();
    for entry in &state.log_history {
        text.push_str(&log_line(state.max_steps, entry, None));
    }
    crate::durable::write(&folder.join("trainer_log.jsonl"), text.as_bytes())
}

/// Appends an entry to `trainer_log.jsonl`.
///
/// # Errors
/// When the file cannot be written.
pub fn append_log(
    folder: &Path,
    total_steps: usize,
    entry: &LogEntry,
    figures: Option<&StepFigures>,
) -> Result<(), TrainError> {
    let path = folder.join("trainer_log.jsonl");
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(log_line(total_steps, entry, figures).as_bytes()))
        .map_err(|source| TrainError::file("write", &path, source))
}

fn log_line(total_steps: usize, entry: &LogEntry, figures: Option<&StepFigures>) -> String {
    let mut line = serde_json::Map::new();
    line.insert("current_steps".into(), json!(entry.step));
    line.insert("total_steps".into(), json!(total_steps));
    for (name, value) in [
        ("loss", entry.loss),
        ("eval_loss", entry.eval_loss),
        ("lr", entry.learning_rate),
    ] {
        if let Some(value) = value {
            line.insert(name.into(), json!(value));
        }
    }
    line.insert("epoch".into(), json!(entry.epoch));
    line.insert(
        "percentage".into(),
        json!((1e4 * entry.step as f64 / total_steps.max(1) as f64).round() / 100.0),
    );
    if let Some(figures) = figures {
        line.insert("elapsed_time".into(), json!(clock(figures.elapsed)));
        line.insert("remaining_time".into(), json!(clock(figures.remaining)));
        line.insert(
            "throughput".into(),
            json!((figures.tokens_per_second * 100.0).round() / 100.0),
        );
    }
    format!("{}\n", serde_json::Value::Object(line))
}

/// `h:mm:ss`, as Python prints a time span.
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
