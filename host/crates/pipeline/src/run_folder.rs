//! The folder of one run: its files, its lock, its ledger.

pub mod artifact;
mod atomic;
mod event_log;
mod folder;
mod journal;
mod ledger;
mod lock;

pub(crate) use event_log::EventLog;
pub use folder::RunFolder;
pub(crate) use journal::{BrokenLine, Journal, lines_of, readable_lines_of};
pub(crate) use ledger::{Ledger, StageRecord, StageState};
