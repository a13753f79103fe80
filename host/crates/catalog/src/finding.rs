//! What validators find, and the verdict the pipeline draws from it.

use serde::{Deserialize, Serialize};

use crate::Position;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Info,
    /// Suspicious, yet accepted.
    Warning,
    /// Rejects the sample.
    #[default]
    Error,
}

impl Severity {
    /// Every name, as JSON and the plugin contract spell it.
    pub const NAMES: [&str; 3] = ["info", "warning", "error"];

    /// The name in JSON and across the plugin boundary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Error]
            .into_iter()
            .find(|severity| severity.name() == name)
    }
}

/// A stretch of a SQL text, `end` exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// First character.
    pub start: Position,
    /// Just past the last character.
    pub end: Position,
}

/// One thing a validator noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Layer it belongs to: `syntax`, `schema`, `execution`, or a third party's own.
    pub layer: String,
    /// Its weight.
    pub severity: Severity,
    /// Stable kebab-case code, e.g. `unknown-column`.
    pub code: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where in the SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What to write instead, e.g. the nearest known name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// The outcome of validating one sample: a line of `verdicts.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Id of the sample.
    pub sample: String,
    /// Whether no layer rejected it.
    pub accepted: bool,
    /// The layer that rejected it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_by: Option<String>,
    /// What the layers up to that one found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}
