//! The profile's `[plan.options]`.

use serde::Deserialize;

/// What a profile can set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Tokens of cards in one prompt; larger schemas are planned in pages.
    pub page_tokens: usize,
    /// Times a page is asked for before its tables share a topic of their own.
    pub attempts: u32,
    /// Replaces the built-in instructions. `{total}`, `{minimum}` and `{dialect}` are filled in.
    pub instructions: Option<String>,
    /// Sampling temperature; the provider's by default.
    pub temperature: Option<f32>,
    /// Cap on output tokens; the provider's by default.
    pub max_tokens: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            page_tokens: 24_000,
            attempts: 3,
            instructions: None,
            temperature: None,
            max_tokens: None,
        }
    }
}
