//! Which pairs are wanted.

use nl2sql_pipeline::{ReviewState, ReviewedPair};
use serde::Deserialize;

use super::pair_list::rejecting;

/// Which pairs are wanted; what is left out restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PairFilter {
    /// Part of question, statement or id, in any case.
    pub search: Option<String>,
    /// `accepted` or `rejected`, by the validators.
    pub state: Option<Verdicts>,
    /// Where pairs stand with people.
    pub review: Option<ReviewState>,
    /// Topic.
    pub topic: Option<String>,
    /// Language of the question.
    pub language: Option<String>,
    /// Hardness the generator aimed at.
    pub difficulty: Option<String>,
    /// Validator that rejected it.
    pub layer: Option<String>,
    /// Rule by which it did.
    pub code: Option<String>,
}

/// What the validators said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdicts {
    /// None rejected it.
    Accepted,
    /// One did.
    Rejected,
}

impl PairFilter {
    /// The filter, its search in lower case.
    pub(super) fn prepared(&self) -> Self {
        Self {
            search: self.search.as_ref().map(|search| search.to_lowercase()),
            ..self.clone()
        }
    }

    /// Whether a pair is wanted; `self` is [`prepared`](Self::prepared).
    pub(super) fn takes(&self, pair: &ReviewedPair) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let (sample, verdict) = (&pair.sample, &pair.verdict);
        let verdicts = self
            .state
            .is_none_or(|state| (state == Verdicts::Accepted) == verdict.accepted);
        let (layer, code) = rejecting(verdict).unwrap_or_default();
        verdicts
            && self.review.is_none_or(|review| review == pair.state)
            && is(&self.topic, &sample.topic)
            && is(&self.language, &sample.language)
            && is(&self.difficulty, sample.difficulty.name())
            && is(&self.layer, layer)
            && is(&self.code, code)
            && self.search.as_ref().is_none_or(|search| {
                [&sample.question, &sample.sql, &sample.id]
                    .iter()
                    .any(|text| text.to_lowercase().contains(search.as_str()))
            })
    }
}
