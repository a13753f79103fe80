//! What a command can fail with, and the exit code that says so.

use std::path::PathBuf;
use std::process::ExitCode;

use nl2sql_app::advised;
use nl2sql_llm::LlmError;
use nl2sql_model::ModelError;
use nl2sql_pipeline::{Failure as PartFailure, PipelineError};
use nl2sql_profile::ProfileError;
use nl2sql_training::TrainError;

/// How the program ends; the codes are in `nl2sql --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Decision = 3,
    Unavailable = 4,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Everything a command can fail with.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The database, a plugin or the language model.
    #[error("{0}")]
    Part(#[from] PartFailure),
    #[error("{} cannot be written: {reason}", .path.display())]
    Unwritable { path: PathBuf, reason: String },
    /// A model folder, an adapter or a device.
    #[error("{}", advised(.0))]
    Model(#[from] ModelError),
    #[error("{}", advised_of_training(.0))]
    Train(#[from] TrainError),
    #[error("{}", advised(.0))]
    Llm(#[from] LlmError),
    #[error("{0}")]
    Failed(String),
    #[error("{0}")]
    Usage(String),
}

impl From<&CommandError> for Exit {
    fn from(error: &CommandError) -> Self {
        match error {
            CommandError::Profile(_)
            | CommandError::Usage(_)
            | CommandError::Pipeline(PipelineError::Setting { .. })
            | CommandError::Train(TrainError::Setting { .. } | TrainError::Recipe { .. })
            | CommandError::Train(TrainError::Model(ModelError::Template { .. } | ModelError::Device { .. }))
            | CommandError::Model(ModelError::Template { .. } | ModelError::Device { .. }) => Self::Usage,
            CommandError::Pipeline(PipelineError::Cancelled { .. }) => Self::Interrupted,
            CommandError::Pipeline(
                PipelineError::Edited { .. }
                | PipelineError::NoLedger { .. }
                | PipelineError::LaterFormat { .. }
                | PipelineError::WouldSupersede { .. }
                | PipelineError::OtherGenerator { .. }
                | PipelineError::Busy { .. },
            ) => Self::Decision,
            CommandError::Pipeline(PipelineError::Part { failure, .. }) if failure.code == "cancelled" => {
                Self::Interrupted
            }
            CommandError::Pipeline(PipelineError::Part { failure, .. })
                if ["unavailable", "offline-miss", "rejected"].contains(&failure.code.as_str()) =>
            {
                Self::Unavailable
            }
            CommandError::Part(_) | CommandError::Llm(_) => Self::Unavailable,
            _ => Self::Failed,
        }
    }
}

/// The same of training, whose errors say what to do by themselves unless they come from the model.
fn advised_of_training(error: &TrainError) -> String {
    match error {
        TrainError::Model(error) => advised(error),
        other => other.to_string(),
    }
}
