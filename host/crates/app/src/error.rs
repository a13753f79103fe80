//! What a job can fail with.

use std::path::{Path, PathBuf};

use nl2sql_llm::LlmError;
use nl2sql_model::ModelError;
use nl2sql_pipeline::{Failure, PipelineError};
use nl2sql_plugin_supply::SupplyError;
use nl2sql_profile::ProfileError;
use nl2sql_training::TrainError;
use nl2sql_worker::QueueError;

use crate::diagnostic::{Diagnostic, Exit, diagnose};

/// Everything a session or a job can fail with. [`AppError::diagnostic`] says it to a person, [`AppError::exit`] to a shell.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A stage, or the run folder.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The database, a plugin or the language model.
    #[error("{0}")]
    Part(#[from] Failure),
    /// A file or folder that cannot be written.
    #[error("{} cannot be written: {reason}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A model folder, an adapter or a device.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The language model.
    #[error(transparent)]
    Llm(#[from] LlmError),
    /// The queue that workers take tasks from.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A plugin of somebody else's that is not fetched, added or updated.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// Work that could not be done although it was asked for rightly.
    #[error("{0}")]
    Failed(String),
    /// What was asked cannot be: arguments, files they name, settings.
    #[error("{0}")]
    Usage(String),
    /// The user asked to stop.
    #[error("stopped as asked. {}", crate::sentence(.kept))]
    Stopped {
        /// What is kept, in a sentence.
        kept: String,
    },
}

impl AppError {
    /// A file or folder that cannot be written.
    pub fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unwritable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    /// The error for a person.
    pub fn diagnostic(&self) -> Diagnostic {
        diagnose::diagnostic(self)
    }

    /// How a program ends that reports this error.
    pub fn exit(&self) -> Exit {
        diagnose::exit(self)
    }
}
