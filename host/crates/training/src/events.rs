//! What a training run tells whoever watches it.

use std::path::PathBuf;

use serde::Serialize;

use crate::encoding::TruncationReport;

/// Figures of one optimizer step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepFigures {
    /// Step, counted from 1.
    pub step: usize,
    /// Steps in all.
    pub total_steps: usize,
    /// Epochs done, with fraction.
    pub epoch: f64,
    /// Mean cross-entropy of the step's scored tokens.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Tokens a second since training began or went on.
    pub tokens_per_second: f64,
    /// Seconds since training began or went on.
    pub elapsed: f64,
    /// Estimated seconds to the end.
    pub remaining: f64,
    /// Most memory the process has held, in bytes, where the system tells.
    pub peak_memory: Option<u64>,
}

/// A moment of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum TrainEvent {
    /// Data was encoded.
    Encoded {
        /// Whether it is evaluation data.
        evaluation: bool,
        /// What the cutoff length took.
        truncation: TruncationReport,
    },
    /// Training begins, or goes on from a checkpoint.
    Started {
        /// Steps in all.
        total_steps: usize,
        /// Steps done before.
        done_steps: usize,
        /// Samples to train on.
        samples: usize,
        /// Trained numbers.
        trainable: usize,
        /// What computes.
        device: String,
    },
    /// A step was made.
    Step(StepFigures),
    /// The evaluation samples were scored.
    Evaluated {
        /// Step, counted from 1.
        step: usize,
        /// Mean cross-entropy of their scored tokens.
        loss: f64,
        /// Whether it is the least so far.
        best: bool,
    },
    /// A checkpoint was written.
    Saved {
        /// Its folder.
        folder: PathBuf,
    },
    /// A checkpoint could not be written; training goes on and the older ones are whole.
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

/// Watches a run.
pub trait TrainEvents {
    /// Called on the training thread; should return soon.
    fn event(&mut self, event: &TrainEvent);
}

impl<F: FnMut(&TrainEvent)> TrainEvents for F {
    fn event(&mut self, event: &TrainEvent) {
        self(event);
    }
}

/// Most memory this process has held, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
