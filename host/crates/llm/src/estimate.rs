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
    /// Estimate of planning: one request per page of cards, given the tokens of each prompt.
    pub fn of_planning(prompt_tokens: &[u64], price: Price) -> Self {
        let requests = prompt_tokens.len() as u64;
        Self::priced(
            requests,
            prompt_tokens.iter().sum(),
            requests * PLAN_ANSWER_TOKENS,
            price,
        )
    }

    /// Estimate of generation for one topic.
    pub fn of_generation(shape: GenerationShape, price: Price) -> Self {
        let asked = (shape.samples as f64 / shape.acceptance.clamp(0.05, 1.0)).ceil() as u64;
        let requests = asked.div_ceil(shape.per_request.max(1));
        Self::priced(
            requests,
            requests * shape.prompt_tokens,
            asked * shape.sample_tokens,
            price,
        )
    }

    fn priced(requests: u64, input_tokens: u64, output_tokens: u64, price: Price) -> Self {
        Self {
            requests,
            input_tokens,
            output_tokens,
            cost: price.of(input_tokens, output_tokens),
        }
    }

    /// Input and output tokens together.
    pub fn tokens(&self) -> u64 {
        self.input_tokens + self.output_tokens
    }
}

impl std::iter::Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(estimates: I) -> Self {
        estimates.fold(Self::default(), |sum, next| Self {
            requests: sum.requests + next.requests,
            input_tokens: sum.input_tokens + next.input_tokens,
            output_tokens: sum.output_tokens + next.output_tokens,
            cost: sum.cost + next.cost,
        })
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
            per_request: 15,
            acceptance: 0.8,
            prompt_tokens: 1000,
            sample_tokens: 60,
        };
        let price = Price {
            input: 1.0,
            output: 2.0,
        };
        let estimate: Estimate = [
            Estimate::of_planning(&[500], price),
            Estimate::of_generation(shape, price),
        ]
        .into_iter()
        .sum();
        assert_eq!(estimate.requests, 1 + 17);
        assert_eq!(estimate.input_tokens, 500 + 17 * 1000);
        assert_eq!(estimate.output_tokens, 800 + 250 * 60);
        assert!((estimate.cost - (17_500.0 + 2.0 * 15_800.0) / 1e6).abs() < 1e-12);
    }
}
