//! Prediction runs, execution match and before/after reports.
//!
//! What the commands call:
//!
//! | command | calls |
//! |---|---|
//! | `predict` | [`dataset::Dataset::read`], then [`prediction::predict`] over a [`prediction::TextGenerator`] |
//! | `eval` | [`predictions_file::PredictionsFile::read`], [`scoring::score`] over [`scoring::MetricPlugin`]s, [`report::Report::new`], [`report::write`] |
//! | `eval --definition` | [`definition::Definition`], given to [`execution::Judge::new`] |
//! | `eval --verify` | the same again, then [`manifest::Manifest::differences`] |
//!
//! Databases are reached through [`query_runner::QueryRunner`]. SQL is understood through [`scoring::SqlReader`], which a dialect provides.
//! Neither wasmtime nor burn is known here.

pub mod agreement;
pub mod candidates;
pub mod dataset;
pub mod definition;
pub mod execution;
pub mod extraction;
pub mod manifest;
pub mod named_values;
pub mod official;
pub mod prediction;
pub mod prediction_journal;
pub mod prediction_settings;
pub mod predictions_file;
pub mod query_runner;
pub mod report;
pub mod scoring;
pub mod sql_text;
pub mod statistics;
