//! What was spent on what.

use serde::{Deserialize, Serialize};

/// Spending on one purpose of one stage at one provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageLine {
    /// Stage.
    pub stage: String,
    /// Purpose within the stage, e.g. a topic.
    pub purpose: String,
    /// Provider that answered.
    pub provider: String,
    /// Answers paid for.
    pub requests: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Cost in the currency of the profile's prices.
    pub cost: f64,
}

/// Spending of one run, with its sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageReport {
    /// By stage, purpose and provider.
    pub lines: Vec<UsageLine>,
    /// Answers that came from the cache in this process.
    pub cached: u64,
}

impl UsageReport {
    /// Tokens in and out over all lines.
    pub fn tokens(&self) -> u64 {
        self.lines
            .iter()
            .map(|line| line.input_tokens + line.output_tokens)
            .sum()
    }

    /// Cost over all lines.
    pub fn cost(&self) -> f64 {
        self.lines.iter().map(|line| line.cost).sum()
    }

    /// Answers paid for over all lines.
    pub fn requests(&self) -> u64 {
        self.lines.iter().map(|line| line.requests).sum()
    }
}
