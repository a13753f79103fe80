//! Errors of preparing and running a training, each with what the user can do next.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use nl2sql_model::ModelError;
use thiserror::Error;

/// Failure of preparing or running a training.
#[derive(Debug, Error, Diagnostic)]
pub enum TrainError {
    /// The model, tokenizer, template or adapter cannot be used.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Model(#[from] ModelError),

    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    #[diagnostic(code(nl2sql::training::file))]
    File {
        /// The attempted action.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },

    /// The compute device failed.
    #[error("the compute device failed: {reason}; lower the batch size, or train with --device cpu")]
    #[diagnostic(code(nl2sql::training::device))]
    Device {
        /// What the device said.
        reason: String,
    },

    /// A setting is impossible.
    #[error("{name} {reason}; {advice}")]
    #[diagnostic(code(nl2sql::training::setting))]
    Setting {
        /// The setting, by LLaMA-Factory's name.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// What to do next.
        advice: String,
    },

    /// A recipe asks for something that cannot be honoured.
    #[error("recipe {}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::training::recipe))]
    Recipe {
        /// The recipe file.
        path: PathBuf,
        /// Every reason, one per line.
        reason: String,
    },

    /// The `[train]` section of a profile asks for something that cannot be honoured.
    #[error("[train] of the profile: {0}")]
    #[diagnostic(code(nl2sql::training::section))]
    Section(String),

    /// The data set cannot be trained on.
    #[error("data set {}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::training::dataset))]
    Dataset {
        /// The data file.
        path: PathBuf,
        /// What is wrong, and what to do next.
        reason: String,
    },

    /// A checkpoint cannot be resumed from.
    #[error("checkpoint {}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::training::checkpoint))]
    Checkpoint {
        /// The checkpoint folder.
        path: PathBuf,
        /// What is wrong, and what to do next.
        reason: String,
    },

    /// The loss or gradient is not finite.
    #[error(
        "{what} is {value} at step {step} (samples {samples:?}); training stopped and the last checkpoint was kept; \
         lower the learning rate, or inspect these samples"
    )]
    #[diagnostic(code(nl2sql::training::not_finite))]
    NotFinite {
        /// `loss` or `gradient norm`.
        what: &'static str,
        /// Its value.
        value: f64,
        /// Optimizer step, counted from 1.
        step: usize,
        /// Numbers of the step's samples in the data set, counted from 0.
        samples: Vec<usize>,
    },
}

impl TrainError {
    /// A file error with the action that failed.
    pub fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// An impossible setting: its name, what is wrong, and what to do.
    pub fn setting(name: &str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Setting {
            name: name.to_owned(),
            reason: reason.into(),
            advice: advice.into(),
        }
    }

    /// A data set that cannot be used.
    pub fn dataset(path: &Path, reason: impl Into<String>) -> Self {
        Self::Dataset {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// A checkpoint that cannot be used.
    pub fn checkpoint(path: &Path, reason: impl Into<String>) -> Self {
        Self::Checkpoint {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}
