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
    /// Whether some of it was answered by a provider without a price, so that the cost is not known.
    #[serde(default)]
    pub unpriced: bool,
}

impl UsageLine {
    /// The cost, where it is known.
    pub fn known_cost(&self) -> Option<f64> {
        (!self.unpriced).then_some(self.cost)
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cost += other.cost;
        self.unpriced |= other.unpriced;
    }
}

/// Spending of one run, with its sum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UsageReport {
    /// By stage, purpose and provider.
    pub lines: Vec<UsageLine>,
    /// Answers that came from the cache in this process.
    pub cached: u64,
    /// Providers that answered in place of others in this process, a sentence each.
    #[serde(default)]
    pub fallbacks: Vec<String>,
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

    /// The lines of each stage in one, in the order of the stages' names; purposes and providers are left out.
    pub fn by_stage(&self) -> Vec<UsageLine> {
        let mut stages: Vec<UsageLine> = Vec::new();
        for line in &self.lines {
            match stages.iter_mut().find(|stage| stage.stage == line.stage) {
                Some(stage) => stage.add(line),
                None => {
                    let mut stage = UsageLine {
                        stage: line.stage.clone(),
                        ..UsageLine::default()
                    };
                    stage.add(line);
                    stages.push(stage);
                }
            }
        }
        stages
    }

    /// Everything in one line.
    pub fn total(&self) -> UsageLine {
        let mut total = UsageLine::default();
        self.lines.iter().for_each(|line| total.add(line));
        total
    }

    /// Answers paid for over all lines.
    pub fn requests(&self) -> u64 {
        self.lines.iter().map(|line| line.requests).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_add_up_their_topics_and_providers() {
        let line = |stage: &str, purpose: &str, tokens| UsageLine {
            stage: stage.into(),
            purpose: purpose.into(),
            requests: 1,
            input_tokens: tokens,
            output_tokens: 2 * tokens,
            cost: 0.5,
            ..UsageLine::default()
        };
        let report = UsageReport {
            lines: vec![
                line("generate", "sales", 10),
                line("generate", "staff", 5),
                line("plan", "topics", 7),
            ],
            ..UsageReport::default()
        };
        let stages = report.by_stage();
        let sums: Vec<_> = stages
            .iter()
            .map(|stage| (stage.stage.as_str(), stage.requests, stage.input_tokens))
            .collect();
        assert_eq!(sums, [("generate", 2, 15), ("plan", 1, 7)]);
        assert_eq!((report.total().output_tokens, report.total().cost), (44, 1.5));
        assert_eq!((report.tokens(), report.requests()), (66, 3));
    }
}
