//! Evaluation against official verdicts, and its artifacts.

mod official_verdicts;
mod prediction_runs;
mod reports;
mod schema_names;
mod shared;
// The runner that the product wires in; it knows this crate and the driver alone.
#[path = "../../app/src/sqlite_databases.rs"]
mod sqlite_databases;
