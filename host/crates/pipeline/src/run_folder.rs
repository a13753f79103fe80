//! The folder of one run: its files, its lock, its ledger.

pub mod artifact;
mod atomic;
mod folder;
mod journal;
mod ledger;
mod local_folder;
mod lock;
mod read_only_folder;
mod shared_journal;
mod store;

pub use folder::RunFolder;
pub(crate) use journal::{BrokenLine, Journal, Lines};
pub use local_folder::LocalFolder;
pub(crate) use shared_journal::SharedJournal;
pub use store::{ArtifactStore, JournalWriter};

pub use ledger::StageState;
pub(crate) use ledger::{Ledger, StageRecord};
