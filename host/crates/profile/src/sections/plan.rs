//! `[plan]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Options;

/// Topics and their budgets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanSettings {
    /// Planner plugin.
    pub planner: String,
    /// Accepted pairs wanted over all topics.
    pub total: u32,
    /// Minimum budget of a topic, where the total allows it.
    pub minimum: u32,
    /// Language topics are named in, as a BCP 47 tag.
    pub language: String,
    /// Options of the planner.
    pub options: Options,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            planner: "planner-fk".into(),
            total: 500,
            minimum: 5,
            language: "en".into(),
            options: Options::new(),
        }
    }
}
