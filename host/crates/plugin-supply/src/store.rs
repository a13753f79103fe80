//! The program's own folder of fetched plugins, each under its digest.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use nl2sql_plugin_host::MAX_PLUGIN_BYTES;

use crate::SupplyError;
use crate::lock::replace;

/// Files called after their SHA-256. What is read from it is hashed again: nothing here is trusted.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in this folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file of a digest.
    pub fn path(&self, sha256: &str) -> PathBuf {
        self.folder.join(format!("{sha256}.wasm"))
    }

    /// The bytes that lie under a digest, whatever they are; `None` when there are none.
    pub(crate) fn read(&self, sha256: &str) -> Result<Option<Vec<u8>>, SupplyError> {
        let path = self.path(sha256);
        let failed = |error: std::io::Error| SupplyError::bad_file(&path, error);
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(SupplyError::bad_file(&path, "it is not a file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&path).map_err(failed)?;
        file.take(MAX_PLUGIN_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        Ok(Some(bytes))
    }

    /// Keeps bytes under their digest.
    pub(crate) fn keep(&self, sha256: &str, bytes: &[u8]) -> Result<(), SupplyError> {
        make(&self.folder)?;
        replace(&self.path(sha256), bytes)
    }

    /// Held while locks and profiles are changed, so that two commands do not overwrite each other's.
    pub(crate) fn hold(&self) -> Result<fs::File, SupplyError> {
        make(&self.folder)?;
        let path = self.folder.join("in-use");
        let file = fs::File::create(&path).map_err(|error| SupplyError::unwritable(&path, error))?;
        file.lock().map_err(|error| SupplyError::unwritable(&path, error))?;
        Ok(file)
    }
}

fn make(folder: &Path) -> Result<(), SupplyError> {
    fs::create_dir_all(folder).map_err(|error| SupplyError::unwritable(folder, error))
}
