//! The artifacts of a run, open for one writer.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ledger::{FORMAT, Marked};
use super::local_folder::LocalFolder;
use super::read_only_folder::ReadOnlyFolder;
use super::store::ArtifactStore;
use super::{BrokenLine, Journal, Ledger, Lines, StageState, artifact};
use crate::{PipelineError, Stage, StageSummary, digest};

/// The artifacts of one run. While it is open nobody else works on them.
#[derive(Debug)]
pub struct RunFolder {
    store: Box<dyn ArtifactStore>,
    root: PathBuf,
}

impl RunFolder {
    /// Opens or creates a folder on this machine and locks it.
    ///
    /// # Errors
    /// When it cannot be created or written, or another process works on it.
    pub fn open(root: &Path) -> Result<Self, PipelineError> {
        Ok(Self::over(Box::new(LocalFolder::open(root)?)))
    }

    /// A folder on this machine to look at, whoever works on it; nothing can be written.
    pub fn look_at(root: &Path) -> Self {
        Self::over(Box::new(ReadOnlyFolder::new(root)))
    }

    /// The artifacts that a store keeps.
    pub fn over(store: Box<dyn ArtifactStore>) -> Self {
        let root = store.root();
        Self { store, root }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where one of its artifacts is, for messages.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn failed(&self, action: &'static str, name: &str) -> impl Fn(io::Error) -> PipelineError {
        let path = self.path(name);
        move |error| PipelineError::io(action, &path, error)
    }

    /// Bytes of an artifact; nothing where it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PipelineError> {
        self.store.read(name).map_err(self.failed("reading", name))
    }

    /// Reads an artifact part by part; nothing where it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn reader(&self, name: &str) -> Result<Option<Box<dyn BufRead>>, PipelineError> {
        self.store.reader(name).map_err(self.failed("reading", name))
    }

    /// Replaces an artifact, and answers the digest of what it is now.
    ///
    /// # Errors
    /// When it cannot be written; it is as it was then.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<String, PipelineError> {
        self.store.replace(name, bytes).map_err(self.failed("writing", name))?;
        Ok(digest::sha256_hex(bytes))
    }

    /// Removes an artifact, where it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), PipelineError> {
        self.store.remove(name).map_err(self.failed("removing", name))
    }

    /// Opens a journal for appending behind its first `keep` bytes.
    pub(crate) fn journal(&self, name: &str, keep: u64) -> Result<Journal, PipelineError> {
        let writer = self.store.journal(name, keep).map_err(self.failed("opening", name))?;
        Ok(Journal::new(self.path(name), writer))
    }

    /// Reads a journal as far as it can be read; an absent one is empty.
    pub(crate) fn readable_lines<T: DeserializeOwned>(&self, name: &str) -> Result<Lines<T>, PipelineError> {
        Ok(Lines::read(&self.read(name)?.unwrap_or_default()))
    }

    /// The rows of a journal. Half a line at the end is left out; any other line that cannot be read is an error.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn lines<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, PipelineError> {
        let lines = self.readable_lines(name)?;
        match lines.broken {
            Some(BrokenLine {
                number,
                reason,
                is_torn: false,
            }) => Err(PipelineError::Broken {
                path: self.path(name),
                reason: format!("line {number}: {reason}"),
                writer: Stage::writer_of(name),
            }),
            _ => Ok(lines.rows),
        }
    }

    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<String, PipelineError> {
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| PipelineError::io("writing", &self.path(name), error.into()))?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }

    pub(crate) fn write_lines<T: Serialize>(&self, name: &str, rows: &[T]) -> Result<String, PipelineError> {
        let mut bytes = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut bytes, row)
                .map_err(|error| PipelineError::io("writing", &self.path(name), error.into()))?;
            bytes.push(b'\n');
        }
        self.write(name, &bytes)
    }

    /// Reads an artifact of an earlier stage.
    ///
    /// # Errors
    /// When it is missing or broken.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, PipelineError> {
        let Some(bytes) = self.read(name)? else {
            return Err(PipelineError::Missing {
                folder: self.root.clone(),
                artifact: name.into(),
                writer: Stage::writer_of(name),
            });
        };
        serde_json::from_slice(without_byte_order_mark(&bytes)).map_err(|error| PipelineError::Broken {
            path: self.path(name),
            reason: error.to_string(),
            writer: Stage::writer_of(name),
        })
    }

    /// Digest of an artifact as it is now; `None` when it is not there.
    pub(crate) fn digest(&self, name: &str) -> Result<Option<String>, PipelineError> {
        let Some(reader) = self.reader(name)? else {
            return Ok(None);
        };
        let digest = digest::sha256_hex_of(reader);
        digest.map(Some).map_err(self.failed("reading", name))
    }

    /// The ledger, an empty one in a new folder.
    pub(crate) fn read_ledger(&self) -> Result<Ledger, PipelineError> {
        // Cards are written after the first entry of the ledger.
        let is_new = || !self.store.exists(artifact::CARDS) && !self.store.exists(artifact::SAMPLES);
        if let Ok(Marked { format }) = self.read_json(artifact::STAGES)
            && format > FORMAT
        {
            return Err(PipelineError::LaterFormat {
                folder: self.root.clone(),
                format,
                known: FORMAT,
            });
        }
        let what = match self.read_json(artifact::STAGES) {
            Err(PipelineError::Missing { .. }) if is_new() => return Ok(Ledger::default()),
            Err(PipelineError::Missing { .. }) => "is gone".to_owned(),
            Err(PipelineError::Broken { reason, .. }) => format!("cannot be understood: {reason}"),
            other => return other,
        };
        Err(PipelineError::NoLedger {
            path: self.path(artifact::STAGES),
            what,
        })
    }

    /// The stages that were begun, as far as they came, with what they did.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn stages(&self) -> Result<Vec<(Stage, StageState, StageSummary)>, PipelineError> {
        let stages = self.read_ledger()?.stages.into_iter();
        Ok(stages
            .map(|(stage, record)| (stage, record.state, record.summary))
            .collect())
    }

    pub(crate) fn write_ledger(&self, ledger: &Ledger) -> Result<(), PipelineError> {
        self.write_json(artifact::STAGES, ledger).map(drop)
    }

    /// Moves artifacts into the next free `superseded/<n>/`; answers its path when there was something to move.
    pub(crate) fn supersede(&self, names: &[&str]) -> Result<Option<PathBuf>, PipelineError> {
        let shelf = self.free_shelf();
        let mut moved = false;
        for name in names.iter().filter(|name| self.store.exists(name)) {
            let to = format!("{shelf}/{name}");
            self.store.rename(name, &to).map_err(self.failed("moving", name))?;
            moved = true;
        }
        Ok(moved.then(|| self.path(&shelf)))
    }

    /// Copies artifacts into the next free `superseded/<n>/`; answers its path.
    pub(crate) fn keep_copies(&self, names: &[&str]) -> Result<PathBuf, PipelineError> {
        let shelf = self.free_shelf();
        for name in names.iter().filter(|name| self.store.exists(name)) {
            let to = format!("{shelf}/{name}");
            self.store.copy(name, &to).map_err(self.failed("copying", name))?;
        }
        Ok(self.path(&shelf))
    }

    /// The next `superseded/<n>` that is not there yet.
    fn free_shelf(&self) -> String {
        let shelves = (1u32..).map(|number| format!("{}/{number}", artifact::SUPERSEDED));
        let mut free = shelves.skip_while(|shelf| self.store.exists(shelf));
        free.next().unwrap_or_else(|| artifact::SUPERSEDED.into())
    }
}

/// Artifacts that were edited on Windows may begin with a byte order mark.
fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
