//! Prediction runs, execution match and before/after reports.

pub mod definition;
pub mod execution;
pub mod official;
pub mod query_runner;
pub mod sql_text;
pub mod sqlite_folder;
