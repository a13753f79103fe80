//! `[generate]`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Options;

/// Question/SQL pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GenerateSettings {
    /// Generator plugin.
    pub generator: String,
    /// Languages of the questions, as BCP 47 tags with weights.
    pub languages: BTreeMap<String, f32>,
    /// Spider's levels `easy`, `medium`, `hard`, `extra` with weights.
    pub difficulties: BTreeMap<String, f32>,
    /// Maximum pairs asked for in one call of the generator.
    pub batch: u32,
    /// Top-up rounds per topic beyond those its budget needs at least.
    pub max_rounds: u32,
    /// Maximum share of a topic's budget whose SQL may return no row, or nothing but zero or NULL.
    pub max_empty: f64,
    /// Maximum pairs that share an SQL, each with a question of its own. A generator is told; it writes new SQL first.
    pub wordings: u32,
    /// Options of the generator.
    pub options: Options,
}

impl Default for GenerateSettings {
    fn default() -> Self {
        let weights = |pairs: &[(&str, f32)]| pairs.iter().map(|(name, weight)| ((*name).into(), *weight)).collect();
        Self {
            generator: "generator-grammar".into(),
            languages: weights(&[("en", 1.0)]),
            difficulties: weights(&[("easy", 0.25), ("medium", 0.4), ("hard", 0.2), ("extra", 0.15)]),
            batch: 1000,
            max_rounds: 12,
            max_empty: 0.02,
            wordings: 3,
            options: Options::new(),
        }
    }
}
