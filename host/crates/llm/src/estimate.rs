//! What a run will cost, before it starts.

use serde::{Deserialize, Serialize};

use crate::Price;

/// Tokens of a text by a rule of thumb: four Latin characters or one CJK character a token. Providers count for themselves; this serves for
/// reservations and estimates alone.
pub fn estimate_tokens(text: &str) -> u64 {
    let (latin, wide) = text.chars().fold((0u64, 0u64), |(latin, wide), c| {
        if c < '\u{2e80}' {
            (latin + 1, wide)
        } else {
            (latin, wide + 1)
        }
    });
    latin.div_ceil(4) + wide
}

/// What the generation stage will ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GenerationShape {
    /// Accepted samples wanted.
    pub samples: u64,
    /// Samples asked for in one request.
    pub per_request: u64,
    /// Share of samples expected to be accepted, in (0, 1].
    pub acceptance: f64,
    /// Tokens of one prompt: instructions, DDL and examples.
    pub prompt_tokens: u64,
    /// Tokens of one question with its SQL.
    pub sample_tokens: u64,
}

/// An estimate of requests, tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Requests.
    pub requests: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Cost in the currency of `Price`.
    pub cost: f64,
}

impl Estimate {
    /// Estimate of a run: one planning request per page of cards, then generation.
    pub fn of(plan_prompt_tokens: &[u64], generation: GenerationShape, price: Price) -> Self {
        let asked = (generation.samples as f64 / generation.acceptance.clamp(0.05, 1.0)).ceil() as u64;
        let rounds = asked.div_ceil(generation.per_request.max(1));
        let input_tokens = plan_prompt_tokens.iter().sum::<u64>() + rounds * generation.prompt_tokens;
        let output_tokens = plan_prompt_tokens.len() as u64 * PLAN_ANSWER_TOKENS + asked * generation.sample_tokens;
        Self {
            requests: plan_prompt_tokens.len() as u64 + rounds,
            input_tokens,
            output_tokens,
            cost: price.of(input_tokens, output_tokens),
        }
    }
}

/// Tokens of a planner's answer to one page of cards: some dozen topics of about 60 tokens each.
const PLAN_ANSWER_TOKENS: u64 = 800;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_follow_the_script() {
        assert_eq!(estimate_tokens("abcdefgh"), 2);
        assert_eq!(estimate_tokens("客户表"), 3);
    }

    #[test]
    fn an_estimate_adds_planning_and_generation() {
        let shape = GenerationShape {
            samples: 200,
            per_request: 20,
            acceptance: 0.8,
            prompt_tokens: 1000,
            sample_tokens: 60,
        };
        let estimate = Estimate::of(
            &[500],
            shape,
            Price {
                input: 1.0,
                output: 2.0,
            },
        );
        assert_eq!(estimate.requests, 14);
        assert_eq!(estimate.input_tokens, 500 + 13 * 1000);
        assert_eq!(estimate.output_tokens, 800 + 250 * 60);
        assert!((estimate.cost - (13_500.0 + 2.0 * 15_800.0) / 1e6).abs() < 1e-12);
    }
}
