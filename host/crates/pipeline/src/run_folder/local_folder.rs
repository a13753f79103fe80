//! Artifacts in a folder on this machine.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::store::{ArtifactStore, JournalWriter};
use super::{artifact, atomic};
use crate::PipelineError;

/// Bytes read at once.
const PART: usize = 64 << 10;

/// A folder that no other process works on while it is open.
#[derive(Debug)]
pub struct LocalFolder {
    root: PathBuf,
    _lock: Lock,
}

impl LocalFolder {
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

    fn path(&self, name: &str) -> PathBuf {
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

    /// Makes the folder that an artifact lies in.
    fn make_room(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(path)
    }
}

/// Nothing where the file is not there.
pub(super) fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a file part by part; nothing where it is not there.
pub(super) fn reader(path: &Path) -> io::Result<Option<Box<dyn BufRead>>> {
    let file = present(File::open(path))?;
    Ok(file.map(|file| Box::new(BufReader::with_capacity(PART, file)) as _))
}

impl ArtifactStore for LocalFolder {
    fn root(&self) -> PathBuf {
        self.root.clone()
    }

    fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        present(fs::read(self.path(name)))
    }

    fn reader(&self, name: &str) -> io::Result<Option<Box<dyn BufRead>>> {
        reader(&self.path(name))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        atomic::write(&self.make_room(name)?, bytes)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        present(fs::remove_file(self.path(name))).map(drop)
    }

    fn copy(&self, name: &str, to: &str) -> io::Result<()> {
        let to = self.make_room(to)?;
        fs::copy(self.path(name), &to)?;
        atomic::sync_folder(to.parent().unwrap_or(&self.root))
    }

    fn rename(&self, name: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(name), self.make_room(to)?)?;
        atomic::sync_folder(&self.root)
    }

    fn journal(&self, name: &str, keep: u64) -> io::Result<Box<dyn JournalWriter>> {
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(self.make_room(name)?)?;
        if keep < file.metadata()?.len() {
            file.set_len(keep)?;
        }
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(file))
    }
}

impl JournalWriter for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
