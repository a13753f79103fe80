//! A run folder, open and locked.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ledger::{FORMAT, Marked};
use super::lock::Lock;
use super::{Ledger, artifact, atomic};
use crate::{PipelineError, Stage, digest};

/// The folder of one run. While it is open no other process can open it.
#[derive(Debug)]
pub struct RunFolder {
    root: PathBuf,
    _lock: Lock,
}

impl RunFolder {
    /// Opens or creates the folder and locks it.
    ///
    /// # Errors
    /// When it cannot be created or written, or another process works on it.
    pub fn open(root: &Path) -> Result<Self, PipelineError> {
        fs::create_dir_all(root).map_err(|error| PipelineError::io("creating", root, error))?;
        let lock = Lock::take(root)?;
        let folder = Self {
            root: root.to_owned(),
            _lock: lock,
        };
        folder.sweep()?;
        Ok(folder)
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of one of its files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Removes drafts that a killed process left behind.
    fn sweep(&self) -> Result<(), PipelineError> {
        for folder in [self.root.clone(), self.path(artifact::EXPORT)] {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                if entry.file_name().to_string_lossy().starts_with(".draft-") {
                    let path = entry.path();
                    fs::remove_file(&path).map_err(|error| PipelineError::io("removing", &path, error))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<String, PipelineError> {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| PipelineError::io("creating", parent, error))?;
        }
        atomic::write(&path, bytes)?;
        Ok(digest::sha256_hex(bytes))
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
        let path = self.path(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(PipelineError::Missing {
                    folder: self.root.clone(),
                    artifact: name.into(),
                    writer: Stage::writer_of(name),
                });
            }
            Err(error) => return Err(PipelineError::io("reading", &path, error)),
        };
        serde_json::from_slice(&bytes).map_err(|error| PipelineError::Broken {
            path,
            reason: error.to_string(),
            writer: Stage::writer_of(name),
        })
    }

    /// Digest of a file as it is now; `None` when it is not there.
    pub(crate) fn digest(&self, name: &str) -> Result<Option<String>, PipelineError> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(digest::sha256_hex(bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(PipelineError::io("reading", &self.path(name), error)),
        }
    }

    /// The ledger, an empty one in a new folder.
    pub(crate) fn read_ledger(&self) -> Result<Ledger, PipelineError> {
        // Cards are written after the first entry of the ledger.
        let is_new = || !self.path(artifact::CARDS).exists() && !self.path(artifact::SAMPLES).exists();
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

    pub(crate) fn write_ledger(&self, ledger: &Ledger) -> Result<(), PipelineError> {
        self.write_json(artifact::STAGES, ledger).map(drop)
    }

    /// Moves files into the next free `superseded/<n>/`; answers its path when there was something to move.
    pub(crate) fn supersede(&self, names: &[&str]) -> Result<Option<PathBuf>, PipelineError> {
        let present: Vec<_> = names.iter().filter(|name| self.path(name).exists()).collect();
        if present.is_empty() {
            return Ok(None);
        }
        let place = self.free_shelf()?;
        for name in present {
            let from = self.path(name);
            fs::rename(&from, place.join(name)).map_err(|error| PipelineError::io("moving", &from, error))?;
        }
        atomic::sync_folder(&self.root)?;
        Ok(Some(place))
    }

    /// Copies files into the next free `superseded/<n>/`; answers its path.
    pub(crate) fn keep_copies(&self, names: &[&str]) -> Result<PathBuf, PipelineError> {
        let place = self.free_shelf()?;
        for name in names.iter().filter(|name| self.path(name).exists()) {
            let from = self.path(name);
            fs::copy(&from, place.join(name)).map_err(|error| PipelineError::io("copying", &from, error))?;
        }
        atomic::sync_folder(&place)?;
        Ok(place)
    }

    /// The next `superseded/<n>/` that is not there yet, made.
    fn free_shelf(&self) -> Result<PathBuf, PipelineError> {
        let shelf = self.path(artifact::SUPERSEDED);
        let place = (1u32..)
            .map(|number| shelf.join(number.to_string()))
            .find(|path| !path.exists());
        let place = place.unwrap_or(shelf);
        fs::create_dir_all(&place).map_err(|error| PipelineError::io("creating", &place, error))?;
        Ok(place)
    }
}
