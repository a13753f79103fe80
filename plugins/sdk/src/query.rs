//! The service `query`: one read-only statement at a time against the run's database.
//!
//! Rows stay in the host behind [`Rows`] until they are asked for.

pub use crate::bindings::services::query::{
    MatchOutcome, MatchPair, Outcome, QueryError, QueryFailure, ResultColumn, Rows, Value, execution_match, run,
};

impl QueryFailure {
    /// The name, as a code of findings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Outcome {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::EmptyMatch => "empty-match",
            Self::GoldError => "gold-error",
            Self::PredictionError => "prediction-error",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
        }
    }
}
