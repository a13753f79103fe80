//! Whether a file is the one that was read.

use std::path::Path;
use std::time::SystemTime;

/// Length and time of change of some files; equal stamps mean that nothing has to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileStamp(Vec<Option<(u64, Option<SystemTime>)>>);

impl FileStamp {
    /// The files as they are now.
    pub(super) fn of(folder: &Path, names: &[&str]) -> Self {
        let stamp = |name: &&str| {
            let metadata = std::fs::metadata(folder.join(name)).ok()?;
            Some((metadata.len(), metadata.modified().ok()))
        };
        Self(names.iter().map(stamp).collect())
    }

    /// Whether none of them is there.
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}
