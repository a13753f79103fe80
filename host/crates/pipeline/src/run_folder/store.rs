//! Where the artifacts of a run are kept.

use std::fmt::Debug;
use std::io::{self, BufRead};
use std::path::PathBuf;

/// Keeps the artifacts of one run, for one writer at a time: a folder on this machine, or something that workers elsewhere reach too.
/// Names are relative and in the form of paths, for example `samples.jsonl` and `export/shop_train.json`.
pub trait ArtifactStore: Debug + Send + Sync {
    /// Where the run is, for people.
    fn root(&self) -> PathBuf;

    /// Whether an artifact is there.
    fn exists(&self, name: &str) -> bool;

    /// Its bytes; nothing where it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Reads it part by part, for what need not be in memory as a whole; nothing where it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn reader(&self, name: &str) -> io::Result<Option<Box<dyn BufRead>>>;

    /// Puts `bytes` in its place. Whatever happens meanwhile, readers and the next process find the artifact as it was or as it is to be.
    ///
    /// # Errors
    /// When it cannot be written; it is as it was then.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()>;

    /// Removes it, where it is there.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Copies an artifact under another name, which is new.
    ///
    /// # Errors
    /// When it cannot be copied.
    fn copy(&self, name: &str, to: &str) -> io::Result<()>;

    /// Moves an artifact, or a folder of them, to another name, which is new, and waits until that is durable.
    ///
    /// # Errors
    /// When it cannot be moved.
    fn rename(&self, name: &str, to: &str) -> io::Result<()>;

    /// Opens a journal for appending, made where there is none, and cuts it after its first `keep` bytes.
    ///
    /// # Errors
    /// When it cannot be opened or cut.
    fn journal(&self, name: &str, keep: u64) -> io::Result<Box<dyn JournalWriter>>;
}

/// Appends to a journal.
pub trait JournalWriter: Debug + Send + Sync {
    /// Appends at the end, in one piece.
    ///
    /// # Errors
    /// When not all of it is written; readers leave half a line out.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until everything appended is durable.
    ///
    /// # Errors
    /// When that cannot be said.
    fn sync(&self) -> io::Result<()>;
}
