//! The five kinds of plugins and what each may import.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::contract::Version;

/// Package of the contract, without its version.
pub const CONTRACT: &str = "nl2sql:plugin";

/// Versions of the contract this host serves.
pub const SERVED_VERSIONS: [&str; 2] = [Version::V0_1.name(), Version::V0_2.name()];

/// What a plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// SQL of one database family.
    Dialect,
    /// Plans business topics.
    Planner,
    /// Writes question/SQL pairs.
    Generator,
    /// Checks samples.
    Validator,
    /// Scores predictions.
    Metric,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 5] = [
        Self::Dialect,
        Self::Planner,
        Self::Generator,
        Self::Validator,
        Self::Metric,
    ];

    /// The name in manifests and in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dialect => "dialect",
            Self::Planner => "planner",
            Self::Generator => "generator",
            Self::Validator => "validator",
            Self::Metric => "metric",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The services a plugin of this kind may import when its manifest asks for them and the profile grants them, in the
    /// newest version of the contract.
    pub fn services(self) -> &'static [&'static str] {
        match self {
            Self::Dialect => &[],
            Self::Planner => &["llm"],
            Self::Generator | Self::Validator | Self::Metric => &["llm", "sql", "query"],
        }
    }

    /// The interface a plugin of this kind exports, under one version of the contract.
    pub fn interface(self, version: &str) -> String {
        format!("{CONTRACT}/{}@{version}", self.name())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
