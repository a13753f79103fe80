//! `[ask]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evaluate::DecodingConstraint;

/// Questions to the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AskSettings {
    /// Statements sampled beside the likeliest one; the result that most of them share is the answer, and the share is how sure it is.
    pub candidates: u32,
    /// Temperature of these statements.
    pub temperature: f32,
    /// Share of agreeing statements below which the answer is "I don't know", from 0 to 1.
    pub threshold: f32,
    /// Most rows of a result.
    pub max_rows: u32,
    /// What a model on this machine may write, as `evaluate.constrain`; names are those that the caller may read.
    pub constrain: DecodingConstraint,
    /// Verified pairs whose questions resemble the asked one: the model is shown them, and the answer names them; 0 shows none.
    pub similar_pairs: u32,
}

impl Default for AskSettings {
    fn default() -> Self {
        Self {
            candidates: 4,
            temperature: 0.7,
            threshold: 0.5,
            max_rows: 1_000,
            constrain: DecodingConstraint::None,
            similar_pairs: 3,
        }
    }
}

impl AskSettings {
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(("ask.threshold".into(), "it is a share between 0 and 1".into()));
        }
        if self.max_rows == 0 {
            return Err(("ask.max_rows".into(), "it must be at least 1".into()));
        }
        Ok(())
    }
}
