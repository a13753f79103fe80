//! Events of a training run.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::encoding::TruncationReport;

/// Metrics of one optimizer step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepFigures {
    /// Step, counted from 1.
    pub step: usize,
    /// Total number of steps.
    pub total_steps: usize,
    /// Completed epochs, with fraction.
    pub epoch: f64,
    /// Mean cross-entropy of the step's scored tokens.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Tokens per second in this session.
    pub tokens_per_second: f64,
    /// Seconds since this session started.
    pub elapsed: f64,
    /// Estimated seconds to the end of training.
    pub remaining: f64,
    /// Peak memory of the process in bytes, where the system reports it.
    pub peak_memory: Option<u64>,
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainEvent {
    /// Data was encoded.
    Encoded {
        /// Whether it is evaluation data.
        evaluation: bool,
        /// What was truncated.
        truncation: TruncationReport,
    },
    /// Training starts, or resumes from a checkpoint.
    Started {
        /// Total number of steps.
        total_steps: usize,
        /// Steps completed by earlier sessions.
        done_steps: usize,
        /// Training samples.
        samples: usize,
        /// Trainable parameters.
        trainable: usize,
        /// Name of the device.
        device: String,
    },
    /// A step was completed.
    Step(StepFigures),
    /// Evaluation is under way.
    Evaluating {
        /// Step, counted from 1.
        step: usize,
        /// Samples scored so far.
        done: usize,
        /// Samples to score.
        total: usize,
    },
    /// The evaluation samples were scored.
    Evaluated {
        /// Step, counted from 1.
        step: usize,
        /// Mean cross-entropy of their scored tokens.
        loss: f64,
        /// Whether it is the best so far.
        best: bool,
    },
    /// A checkpoint was written.
    Saved {
        /// Its folder.
        folder: PathBuf,
    },
    /// A checkpoint could not be written; training continues and older checkpoints are intact.
    SaveFailed {
        /// Why.
        reason: String,
    },
    /// Training stops before its last step.
    Stopping {
        /// Why.
        reason: String,
    },
}

/// Receives the events of a run.
pub trait TrainEvents {
    /// Called on the training thread; must return quickly.
    fn event(&mut self, event: &TrainEvent);
}

impl<F: FnMut(&TrainEvent)> TrainEvents for F {
    fn event(&mut self, event: &TrainEvent) {
        self(event);
    }
}

/// Peak memory of this process in bytes, where the system reports it.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
