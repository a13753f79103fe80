//! What reaches a person when something goes wrong: one shape for the terminal, `--json` and HTTP.

mod codes;
pub(crate) mod diagnose;
mod exit;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use codes::{Code, all_codes};
pub use exit::{Exit, exit_codes};

/// An error for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, e.g. `run::edited-artifact`; [`all_codes`] lists them.
    pub code: String,
    /// What happened, in one paragraph.
    pub message: String,
    /// What to do next, where the message does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// File, folder, setting or part that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Diagnostic {
    /// A diagnostic that is its own advice.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str().to_owned(),
            message: message.into(),
            help: None,
            place: None,
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help.map(|help| sentence(&help));
        self
    }

    /// The same with its place.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string());
        self
    }
}

/// Message and help as one paragraph.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.help {
            Some(help) => write!(f, "{}. {help}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// An error with its help in the same paragraph.
pub fn advised(error: &impl miette::Diagnostic) -> String {
    match error.help() {
        Some(help) => format!("{error}. {}", sentence(&help.to_string())),
        None => error.to_string(),
    }
}

/// With a capital letter, to stand behind a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
