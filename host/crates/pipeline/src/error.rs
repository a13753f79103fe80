//! What can go wrong in the pipeline, each as one clear paragraph.

use std::io;
use std::path::{Path, PathBuf};

use crate::Stage;

/// Why a part (database, plugin, language model) could not do what it was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The part, e.g. `database` or the name of a plugin.
    pub part: String,
    /// Stable kebab-case code. `unavailable`, `cancelled` and `bad-options` stop a stage, `budget` ends it short; others are about one call.
    pub code: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of `part`.
    pub fn new(part: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            part: part.into(),
            code: code.into(),
            message: message.into(),
            hint: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether asking the same part for something else is pointless.
    pub(crate) fn stops_the_stage(&self) -> bool {
        matches!(
            self.code.as_str(),
            "unavailable" | "cancelled" | "bad-options" | "budget" | "offline-miss" | "rejected"
        )
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.part, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, ". {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Everything that stops a stage.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A file of the run folder could not be read or written.
    #[error("{action} {} failed: {}", .path.display(), io_advice(.source))]
    Io {
        /// `reading`, `writing`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process holds the run folder.
    #[error("another nl2sql process{} is working on {}. Wait for it to end, stop it, or choose another folder with --run-dir", .process.map(|id| format!(" (id {id})")).unwrap_or_default(), .folder.display())]
    Busy {
        /// The run folder.
        folder: PathBuf,
        /// Process id of the holder, where it is known.
        process: Option<u32>,
    },
    /// A stage needs an artifact that is not there.
    #[error("{} does not hold {artifact}, which this stage reads. Run `nl2sql {}` first, or `nl2sql run` for everything", .folder.display(), .writer.name())]
    Missing {
        /// The run folder.
        folder: PathBuf,
        /// The artifact.
        artifact: String,
        /// The stage that writes it.
        writer: Stage,
    },
    /// An artifact does not parse.
    #[error("{} cannot be understood: {reason}. Restore the file, or recreate it with `nl2sql {} --redo`", .path.display(), .writer.name())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
        /// The stage that writes it.
        writer: Stage,
    },
    /// Artifacts are not as the stage left them.
    #[error("{} {} since the {} stage wrote it. Pass --accept-edits to continue with it as it is (later stages run again where needed), or recreate it with `nl2sql {} --redo`", .path.display(), if *.gone { "is gone" } else { "was changed" }, .writer.name(), .writer.name())]
    Edited {
        /// The file.
        path: PathBuf,
        /// Whether it is missing rather than changed.
        gone: bool,
        /// The stage that wrote it.
        writer: Stage,
    },
    /// The ledger of the run is gone or garbage, so nobody can say whether artifacts are as the stages left them.
    #[error("{} {what}, so nothing tells whether the files beside it are as the stages left them. Pass --accept-edits to keep the samples and do the other stages again (what they made before is kept in superseded/), or put the file back", .path.display())]
    NoLedger {
        /// The file.
        path: PathBuf,
        /// `is gone` or `cannot be understood: ...`.
        what: String,
    },
    /// A later version of the program made the run.
    #[error("{} was made by a later nl2sql: its format is {format}, and this one knows {known}. Use that version, or start another run with --set run.name=<name>", .folder.display())]
    LaterFormat {
        /// The run folder.
        folder: PathBuf,
        /// Its format.
        format: u32,
        /// The latest format this program knows.
        known: u32,
    },
    /// Going on would set generated samples aside.
    #[error("the {} stage would have to be done again because {reason}, and {samples} generated samples depend on it. Pass --redo to set them aside in superseded/ and generate again, undo the change, or start another run with --set run.name=<name>", .stage.name())]
    WouldSupersede {
        /// The stage.
        stage: Stage,
        /// What changed.
        reason: String,
        /// Samples that depend on it.
        samples: usize,
    },
    /// A stage was done with another plugin or language model than the one at hand, and samples depend on it.
    #[error("the {} stage would have to be done again because {reason}, and {samples} generated samples depend on it. Pass --accept-edits to keep what is there and go on with what is at hand, --redo to set the samples aside in superseded/ and generate again, or put back what was there", .stage.name())]
    OtherPlugin {
        /// The stage.
        stage: Stage,
        /// What is another one now.
        reason: String,
        /// Samples already there.
        samples: usize,
    },
    /// There is nothing to work on.
    #[error("{what}. {advice}")]
    Nothing {
        /// What is empty.
        what: String,
        /// What to do.
        advice: String,
    },
    /// A part failed.
    #[error("the {} stage stopped. {failure}{}", .stage.name(), if .kept.is_empty() { String::new() } else { format!(". {}", .kept) })]
    Part {
        /// The stage.
        stage: Stage,
        /// What failed.
        failure: Failure,
        /// What is kept, in a sentence; may be empty.
        kept: String,
    },
    /// A setting does not fit the data.
    #[error("`{key}` does not fit: {reason}")]
    Setting {
        /// Dotted key of the profile.
        key: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The user asked to stop.
    #[error("stopped as asked. Everything made so far is in {}; `nl2sql run` resumes from there", .folder.display())]
    Cancelled {
        /// The run folder.
        folder: PathBuf,
    },
}

impl PipelineError {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn part(stage: Stage, failure: Failure) -> Self {
        Self::Part {
            stage,
            failure,
            kept: String::new(),
        }
    }
}

/// The system's words, and what to do about the usual ones.
fn io_advice(error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full. Free some space or point --run-dir elsewhere, then run the same command again; nothing written before is lost"
        }
        io::ErrorKind::FileTooLarge => {
            "files may not grow so large here. Raise the limit (`ulimit -f`) or point --run-dir elsewhere, then run the same command again; nothing written before is lost"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "this folder may not be written. Change its rights or choose another one with --run-dir"
        }
        io::ErrorKind::NotADirectory => "a part of this path is a file. Choose another folder with --run-dir",
        _ => return format!("{error}"),
    };
    format!("{error}: {advice}")
}
