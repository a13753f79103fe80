//! The stages by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::artifact;

/// One stage of the pipeline, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Metadata from the database.
    Extract,
    /// Table cards and sampled values.
    Cards,
    /// Topics and budgets.
    Plan,
    /// Question/SQL pairs, topped up until budgets are met.
    Generate,
    /// Verdicts and coverage.
    Validate,
    /// Training files.
    Export,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Stage; 6] = [
        Self::Extract,
        Self::Cards,
        Self::Plan,
        Self::Generate,
        Self::Validate,
        Self::Export,
    ];

    /// The name, which is also the command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Extract => "extract",
            Self::Cards => "cards",
            Self::Plan => "plan",
            Self::Generate => "generate",
            Self::Validate => "validate",
            Self::Export => "export",
        }
    }

    /// The stage of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Artifacts it reads.
    pub(crate) fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Extract => &[],
            Self::Cards => &[artifact::METADATA],
            Self::Plan => &[artifact::METADATA, artifact::CARDS],
            Self::Generate => &[artifact::METADATA, artifact::CARDS, artifact::PLAN],
            Self::Validate => &[artifact::METADATA, artifact::PLAN, artifact::SAMPLES],
            Self::Export => &[
                artifact::METADATA,
                artifact::CARDS,
                artifact::PLAN,
                artifact::SAMPLES,
                artifact::VERDICTS,
                artifact::ANALYSIS,
                artifact::COVERAGE,
                artifact::REVIEWS,
                artifact::FEEDBACK,
            ],
        }
    }

    /// The stage that writes an artifact.
    pub(crate) fn writer_of(name: &str) -> Self {
        match name {
            artifact::METADATA => Self::Extract,
            artifact::CARDS | artifact::CARDS_TEXT => Self::Cards,
            artifact::PLAN => Self::Plan,
            artifact::SAMPLES | artifact::ROUNDS | artifact::REVIEWS | artifact::FEEDBACK => Self::Generate,
            artifact::VERDICTS | artifact::ANALYSIS | artifact::COVERAGE => Self::Validate,
            _ => Self::Export,
        }
    }
}
