//! What can go wrong with a model, said so that the reader knows what to do next.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use thiserror::Error;

/// Failure of loading, converting or running a model.
#[derive(Debug, Error, Diagnostic)]
pub enum ModelError {
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    #[diagnostic(code(nl2sql::model::file))]
    File {
        /// What was tried: `read`, `write`, `map` ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },

    /// A JSON file does not have the expected form.
    #[error("{} is not valid: {source}", path.display())]
    #[diagnostic(code(nl2sql::model::json))]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's reason, with line and column.
        source: serde_json::Error,
    },

    /// `config.json` asks for something this program cannot honour.
    #[error("{}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::model::config), help("{help}"))]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// Which setting, and why it is refused.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// Weight files are missing, truncated or do not fit the configuration.
    #[error("{}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::model::weights), help("{help}"))]
    Weights {
        /// The weight file or model folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// An adapter does not fit, or asks for something this program cannot honour.
    #[error("adapter {}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::model::adapter), help("{help}"))]
    Adapter {
        /// The adapter folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// The tokenizer is missing, broken or does not belong to the model.
    #[error("tokenizer {}: {reason}", path.display())]
    #[diagnostic(code(nl2sql::model::tokenizer), help("{help}"))]
    Tokenizer {
        /// The tokenizer file or folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// A chat template is unknown or cannot encode the conversation.
    #[error("chat template `{template}`: {reason}")]
    #[diagnostic(code(nl2sql::model::template), help("{help}"))]
    Template {
        /// The template's name as given.
        template: String,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// A GGUF file is broken or holds something unsupported.
    #[error("{} is not a usable GGUF file: {reason}", path.display())]
    #[diagnostic(code(nl2sql::model::gguf), help("{help}"))]
    Gguf {
        /// The GGUF file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// A compute device is unknown, not built in or not present.
    #[error("device `{device}`: {reason}")]
    #[diagnostic(code(nl2sql::model::device), help("{help}"))]
    Device {
        /// The device as the user wrote it.
        device: String,
        /// What is wrong.
        reason: String,
        /// What to do next.
        help: String,
    },
}

/// Result of this crate's fallible operations.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

impl ModelError {
    /// A file error with the action that failed.
    pub fn file(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// A JSON error at a file.
    pub fn json(path: &Path, source: serde_json::Error) -> Self {
        Self::Json {
            path: path.to_owned(),
            source,
        }
    }

    /// A refused configuration.
    pub fn config(path: &Path, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Config {
            path: path.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// Unusable weights.
    pub fn weights(path: &Path, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Weights {
            path: path.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// An unusable adapter.
    pub fn adapter(path: &Path, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Adapter {
            path: path.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// An unusable tokenizer.
    pub fn tokenizer(path: &Path, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Tokenizer {
            path: path.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// A chat template that cannot be used.
    pub fn template(template: &str, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Template {
            template: template.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// An unusable GGUF file.
    pub fn gguf(path: &Path, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Gguf {
            path: path.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }

    /// A device that cannot be used.
    pub fn device(device: &str, reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Device {
            device: device.to_owned(),
            reason: reason.into(),
            help: help.into(),
        }
    }
}
