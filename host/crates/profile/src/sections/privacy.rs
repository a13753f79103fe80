//! `[privacy]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to the values of a column before anything sees them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValuePolicy {
    /// Values leave as they are.
    Allow,
    /// Letters and digits are replaced, the format is kept.
    Mask,
    /// Values are replaced by a digest that is the same throughout the run.
    Hash,
    /// No value leaves.
    #[default]
    Drop,
}

/// A policy for the columns that match.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivacyRule {
    /// Globs over `column`, `table.column` or `schema.table.column`, compared without case.
    pub columns: Vec<String>,
    /// What to do with their values.
    pub policy: ValuePolicy,
}

/// Which values may leave the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacySettings {
    /// Whether values are sampled at all.
    pub sample_values: bool,
    /// Policy of columns that no rule names and whose name does not look personal.
    pub default: ValuePolicy,
    /// Policy of columns whose name or comment looks personal (e-mail, telephone, identity numbers, names of people ...).
    pub personal: ValuePolicy,
    /// The first rule that matches a column decides.
    pub rules: Vec<PrivacyRule>,
    /// Environment variable with a secret mixed into hashes, so that they cannot be guessed from the seed.
    pub hash_salt_env: Option<String>,
}

impl Default for PrivacySettings {
    fn default() -> Self {
        Self {
            sample_values: false,
            default: ValuePolicy::Allow,
            personal: ValuePolicy::Drop,
            rules: Vec::new(),
            hash_salt_env: None,
        }
    }
}
