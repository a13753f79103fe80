//! A question with its SQL.

use serde::{Deserialize, Serialize};

/// Spider's four hardness levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Difficulty {
    /// Level 1.
    #[default]
    Easy,
    /// Level 2.
    Medium,
    /// Level 3.
    Hard,
    /// Level 4.
    Extra,
}

impl Difficulty {
    /// The levels in rising order.
    pub const ALL: [Difficulty; 4] = [Self::Easy, Self::Medium, Self::Hard, Self::Extra];

    /// The name in JSON and across the plugin boundary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
            Self::Extra => "extra",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// A question with the SQL that answers it: a line of `samples.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Sample {
    /// Unique in the run; given by the pipeline.
    pub id: String,
    /// Topic it was generated for.
    pub topic: String,
    /// The question in the user's words.
    pub question: String,
    /// One SELECT/WITH statement of the run's dialect.
    pub sql: String,
    /// Language of the question as a BCP 47 tag, e.g. `en`, `zh`.
    pub language: String,
    /// Hardness the generator aimed at; the pipeline reports the measured one.
    pub difficulty: Difficulty,
    /// Free tags, e.g. the template family.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
