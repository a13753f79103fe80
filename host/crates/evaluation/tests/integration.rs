//! Evaluation against official verdicts, and its artifacts.

mod official_verdicts;
mod prediction_runs;
mod reports;
mod schema_names;
mod shared;
