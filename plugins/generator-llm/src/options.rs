//! The profile's `[generate.options]`.

use serde::Deserialize;

/// What a profile can set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Pairs asked for in one request.
    pub pairs_per_request: u32,
    /// Requests of one round, sent together.
    pub requests_per_round: u32,
    /// How many more pairs are asked for than wanted, because some will be rejected: a factor.
    pub surplus: f64,
    /// Times an answer without any pair is asked for again.
    pub attempts: u32,
    /// Whether rejected pairs go back once, with what was found.
    pub repair: bool,
    /// Accepted questions shown to the model so that it does not repeat them.
    pub shown: usize,
    /// Most tokens of table definitions in one prompt; a larger topic shows its tables in turn.
    pub schema_tokens: usize,
    /// Language of the instructions, `en` or `zh`; by default that of most questions.
    pub language: Option<String>,
    /// Wording style of the questions, in the profile's own words.
    pub style: Option<String>,
    /// Replaces the built-in instructions. `{dialect}` is filled in.
    pub instructions: Option<String>,
    /// Sampling temperature; the provider's by default.
    pub temperature: Option<f32>,
    /// Cap on output tokens; the provider's by default.
    pub max_tokens: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pairs_per_request: 15,
            requests_per_round: 8,
            surplus: 1.15,
            attempts: 3,
            repair: true,
            shown: 40,
            schema_tokens: 12_000,
            language: None,
            style: None,
            instructions: None,
            temperature: None,
            max_tokens: None,
        }
    }
}
