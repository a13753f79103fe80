//! Evaluation against official verdicts, and its artifacts.

mod departures;
mod official_verdicts;
mod prediction_runs;
mod reports;
mod shared;
// The runner that the product wires in; it knows this crate and the driver alone.
#[allow(dead_code, reason = "only the program asks where a file is")]
#[path = "../../app/src/sqlite_databases.rs"]
mod sqlite_databases;
