//! The service `query`: one read-only statement at a time against the run's database.
//!
//! Rows stay in the host behind [`Rows`] until they are asked for.

pub use crate::bindings::services::query::{MatchOutcome, MatchPair, QueryError, Rows, execution_match, run};
