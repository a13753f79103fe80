//! What can go wrong while a model generates.

use miette::Diagnostic;
use nl2sql_model::ModelError;
use thiserror::Error;

/// Failure of generation.
#[derive(Debug, Error, Diagnostic)]
pub enum InferenceError {
    /// A request cannot be served.
    #[error("request {number}: {reason}")]
    #[diagnostic(code(nl2sql::inference::request), help("{help}"))]
    Request {
        /// Number of the request, from 1.
        number: usize,
        /// Why it is refused.
        reason: String,
        /// What to do next.
        help: String,
    },

    /// Too many requests are waiting.
    #[error("{waiting} requests are waiting already")]
    #[diagnostic(code(nl2sql::inference::busy), help("Try again later."))]
    QueueFull {
        /// Requests that wait.
        waiting: usize,
    },

    /// The scheduler's thread has ended.
    #[error("the thread that generates has ended")]
    #[diagnostic(
        code(nl2sql::inference::stopped),
        help("This is a defect of nl2sql; load the model again.")
    )]
    Stopped,

    /// Keys and values do not fit into their memory.
    #[error("memory for keys and values is exhausted")]
    #[diagnostic(
        code(nl2sql::inference::memory),
        help("Give keys and values more memory, or shorten prompts and answers.")
    )]
    OutOfMemory,

    /// The engine has one model and no adapters beside it.
    #[error("this engine serves a single model")]
    #[diagnostic(code(nl2sql::inference::adapters), help("Load the adapter together with the model."))]
    AdaptersUnsupported,

    /// Answers cannot be held to a JSON schema.
    #[error("the schema cannot be enforced: {reason}")]
    #[diagnostic(
        code(nl2sql::inference::schema),
        help("Leave the keyword out, or simplify the schema.")
    )]
    Schema {
        /// Why not.
        reason: String,
    },

    /// What an answer is held to gave out while it was written.
    #[error("the answer cannot be held to its format any longer: {0}")]
    #[diagnostic(code(nl2sql::inference::constraint), help("Simplify the schema."))]
    Constraint(String),

    /// The device did not give the logits back.
    #[error("cannot read logits from the device: {reason}")]
    #[diagnostic(
        code(nl2sql::inference::logits),
        help("Try another device or another dtype; `nl2sql doctor` lists the devices.")
    )]
    Logits {
        /// The device's reason.
        reason: String,
    },

    /// The model or its tokenizer failed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Model(#[from] ModelError),
}

/// Result of this crate's fallible operations.
pub type Result<T, E = InferenceError> = std::result::Result<T, E>;
