//! What a metric plugin sees and says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One figure a metric plugin computes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricInfo {
    /// Stable kebab-case name, e.g. `bleu-4`.
    pub name: String,
    /// `higher` or `lower`: which way is better.
    pub direction: String,
    /// `percent`, `ratio`, `seconds`, ...
    pub unit: String,
}

/// One prediction to score.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Id of the example.
    pub id: String,
    /// Database it is asked of, as the `query` service knows it; empty for the run's own.
    pub database: String,
    /// The question.
    pub question: String,
    /// What the model wrote, unchanged.
    pub prediction: String,
    /// The SQL extracted from it.
    pub predicted_sql: String,
    /// The reference answer.
    pub gold: String,
}

/// The scores of one row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowScore {
    /// One value per [`MetricInfo`], `None` where a row cannot be scored.
    pub values: Vec<Option<f64>>,
    /// Labels such as the execution outcome or an error class, as name and value.
    pub labels: Vec<(String, String)>,
}

/// How the statement is read out of an answer, and what is read of the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Takes two statements of an answer that has several, as the official evaluators do: to them, and to the engine's one-statement
    /// interface that they use, such an answer is an error.
    pub following_statements: bool,
    /// Tells what the reference asks for.
    pub reference: bool,
}

/// An answer, and what it is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsweredRow<'r> {
    /// Id of the example.
    pub id: Cow<'r, str>,
    /// The question.
    pub question: Cow<'r, str>,
    /// What the model wrote, unchanged.
    pub answer: Cow<'r, str>,
    /// The SQL in it; empty where it is still to be found.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub sql: Cow<'r, str>,
    /// The reference answer.
    pub gold: Cow<'r, str>,
}
