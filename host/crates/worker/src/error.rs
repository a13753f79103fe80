//! What can go wrong between coordinator, queue and workers.

use std::fmt::Display;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

/// Why the queue cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum QueueError {
    /// No server answers, or it refuses the login.
    #[error("the queue {url} cannot be reached: {reason}")]
    #[diagnostic(help(
        "Start a NATS server with JetStream (`nats-server -js`), or correct queue.url and the credentials under [queue]"
    ))]
    Unreachable {
        /// The server, without password.
        url: String,
        /// What was said.
        reason: String,
    },
    /// A secret or a file of the `[queue]` settings is missing.
    #[error("`{key}` cannot be used: {reason}")]
    #[diagnostic(help("Set it as the profile names it, or correct the profile"))]
    Setting {
        /// Dotted key.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// The server answers, and does not do what is asked.
    #[error("the queue refused to {action}: {reason}")]
    #[diagnostic(help(
        "Check that the server runs with JetStream and has room on its disk, and what the login may do there"
    ))]
    Refused {
        /// What was asked, e.g. `publish a task`.
        action: &'static str,
        /// What was said.
        reason: String,
    },
    /// A message that is not in the form of this version.
    #[error("{what} cannot be understood: {reason}")]
    #[diagnostic(help("Use the same version of nl2sql on all machines, and a queue that nobody else writes to"))]
    Malformed {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An artifact is not what its digest says.
    #[error("the artifact `{name}` {reason}")]
    #[diagnostic(help(
        "Nothing of it was used. Run again to send it again; if that does not help, somebody else writes to this queue"
    ))]
    Artifact {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A task was given to several workers, and none of them answered.
    #[error("{deliveries} workers were given a task ({what}) and none could do it; the last one said: {reason}")]
    #[diagnostic(help(
        "Correct what the workers report (`nl2sql worker --status`) and run again: what was computed is kept"
    ))]
    DeadLetter {
        /// What the task was.
        what: String,
        /// How many workers had it.
        deliveries: i64,
        /// What was said last.
        reason: String,
    },
    /// A job that this worker cannot do.
    #[error("this worker does not take part in run `{run}`: {reason}")]
    #[diagnostic(help("Use the same version and build of nl2sql on all machines"))]
    OtherVersion {
        /// The run.
        run: String,
        /// What differs.
        reason: String,
    },
    /// A file on this machine.
    #[error("{} cannot be written: {reason}", .path.display())]
    #[diagnostic(help("Free some space, or give the folder to the user that runs the worker"))]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The user asked to stop.
    #[error("stopped as asked")]
    #[diagnostic(help("Run the same command again to continue"))]
    Cancelled,
}

impl QueueError {
    /// The server does not do what is asked.
    pub(crate) fn refused(action: &'static str, reason: impl Display) -> Self {
        Self::Refused {
            action,
            reason: reason.to_string(),
        }
    }

    /// A message in another form.
    pub(crate) fn malformed(what: &'static str, reason: impl Display) -> Self {
        Self::Malformed {
            what,
            reason: reason.to_string(),
        }
    }

    /// An artifact that cannot be used.
    pub(crate) fn artifact(name: &str, reason: impl Display) -> Self {
        Self::Artifact {
            name: name.to_owned(),
            reason: reason.to_string(),
        }
    }
}
