//! One database file for any number of threads.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use nl2sql_catalog::ResultSet;

use super::reader::{InvalidText, SqliteReader};
use super::scratch_copy::SqliteCopy;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Readers kept while nobody uses them.
const MAX_IDLE_READERS: usize = 16;

/// A database file whose readers are opened when they are needed and kept for the next caller. Shared across threads; every call
/// blocks its thread for as long as the statement takes.
///
/// A file in WAL mode is read without making files beside it, also in a folder that cannot be written.
pub struct SqliteFile {
    settings: ConnectionSettings,
    invalid_text: InvalidText,
    idle: Mutex<Vec<SqliteReader>>,
}

impl SqliteFile {
    /// Opens a first reader, so that a missing or damaged file shows here. `limits` are those of opening: how long to wait for a lock.
    pub fn open(path: impl Into<PathBuf>, limits: Limits) -> Result<Self, ConnectError> {
        let settings = ConnectionSettings {
            limits,
            ..ConnectionSettings::sqlite(path)
        };
        let first = SqliteReader::open(&settings)?;
        Ok(Self {
            settings,
            invalid_text: InvalidText::default(),
            idle: Mutex::new(vec![first]),
        })
    }

    /// The same file with another answer to text that is not UTF-8.
    #[must_use]
    pub fn with_invalid_text(self, invalid_text: InvalidText) -> Self {
        Self { invalid_text, ..self }
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// Runs one statement under every guard.
    ///
    /// # Errors
    /// As [`SqliteReader::run_blocking`]; [`QueryError::Unavailable`] or [`QueryError::Denied`] when the file can no longer be opened.
    pub fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let parked = self.idle().pop();
        let mut reader = match parked {
            Some(reader) => reader,
            None => SqliteReader::open(&self.settings)?,
        };
        reader.set_invalid_text(self.invalid_text);
        let outcome = reader.run_blocking(sql, limits);
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE_READERS {
            idle.push(reader);
        }
        outcome
    }

    /// A copy in memory, on which statements of any kind may run; it is gone when it is dropped.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn copy(&self) -> Result<SqliteCopy, ConnectError> {
        SqliteCopy::of(&self.settings.path, self.invalid_text)
    }

    /// A poisoned lock guards a list that is whole at any time, so it is used on.
    fn idle(&self) -> MutexGuard<'_, Vec<SqliteReader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
