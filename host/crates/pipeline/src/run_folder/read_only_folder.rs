//! Artifacts in a folder that somebody else may be writing: looked at without its lock, and never changed.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use super::local_folder::{present, reader};
use super::store::{ArtifactStore, JournalWriter};

/// A folder that is only read. Artifacts are replaced whole and journals end with whole lines, so that what is read is as it was at one moment.
#[derive(Debug)]
pub(super) struct ReadOnlyFolder {
    root: PathBuf,
}

impl ReadOnlyFolder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }
}

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "the run is only looked at",
    ))
}

impl ArtifactStore for ReadOnlyFolder {
    fn root(&self) -> PathBuf {
        self.root.clone()
    }

    fn exists(&self, name: &str) -> bool {
        self.root.join(name).exists()
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        present(std::fs::read(self.root.join(name)))
    }

    fn reader(&self, name: &str) -> io::Result<Option<Box<dyn BufRead>>> {
        reader(&self.root.join(name))
    }

    fn replace(&self, _: &str, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        refused()
    }

    fn copy(&self, _: &str, _: &str) -> io::Result<()> {
        refused()
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        refused()
    }

    fn journal(&self, _: &str, _: u64) -> io::Result<Box<dyn JournalWriter>> {
        refused()
    }
}
