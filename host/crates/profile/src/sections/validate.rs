//! `[validate]`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Options;

/// Checks on pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ValidateSettings {
    /// Validator plugins in order; the first that finds an error rejects.
    pub validators: Vec<String>,
    /// Options per validator.
    pub options: BTreeMap<String, Options>,
    /// Time limit of one statement during validation, milliseconds.
    pub timeout_ms: u64,
}

impl Default for ValidateSettings {
    fn default() -> Self {
        Self {
            validators: ["validator-syntax", "validator-schema", "validator-execution"]
                .map(String::from)
                .to_vec(),
            options: BTreeMap::new(),
            timeout_ms: 2_000,
        }
    }
}
