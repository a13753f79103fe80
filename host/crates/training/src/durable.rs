//! Atomic file writes.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::error::TrainError;

/// Writes a temporary file beside `path`, syncs it and renames it.
///
/// # Errors
/// When the disk is full or the folder is not writable; an older file of that name is left as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let partial = path.with_added_extension("partial");
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(source) = written {
        // Report the original error; a leftover partial file is overwritten next time.
        let _ = std::fs::remove_file(&partial);
        return Err(TrainError::file("write", path, source));
    }
    rename(&partial, path)
}

/// Renames a file or folder and syncs the parent folder.
///
/// # Errors
/// When the rename is refused.
pub fn rename(from: &Path, to: &Path) -> Result<(), TrainError> {
    std::fs::rename(from, to).map_err(|source| TrainError::file("rename into place", to, source))?;
    sync_folder(to.parent().unwrap_or(Path::new(".")))
}

/// Syncs a folder.
///
/// # Errors
/// When the folder cannot be opened.
pub fn sync_folder(folder: &Path) -> Result<(), TrainError> {
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| TrainError::file("sync", folder, source))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
