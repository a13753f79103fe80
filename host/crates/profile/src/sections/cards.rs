//! `[cards]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Table cards: compact text about each table for a language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CardSettings {
    /// Distinct values taken per column, where `[privacy]` lets values out.
    pub values: u32,
    /// Values shown on a card; the rest is for literals.
    pub shown_values: u32,
    /// Longest value taken, in characters; longer ones are left out whole.
    pub value_chars: u32,
    /// Distinct values per text column that questions are searched for, where prompts show `{values}` and `[privacy]` lets values out
    /// unmasked.
    pub searched_values: u32,
    /// Size of a page of cards in estimated tokens.
    pub page_tokens: u32,
}

impl Default for CardSettings {
    fn default() -> Self {
        Self {
            values: 50,
            shown_values: 3,
            value_chars: 80,
            searched_values: 2_000,
            page_tokens: 6_000,
        }
    }
}
