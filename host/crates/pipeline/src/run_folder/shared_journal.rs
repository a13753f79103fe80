//! Journals that several processes append to, one line at a time under the file's lock.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Lines;
use crate::PipelineError;

/// A journal, locked as long as this lives.
#[derive(Debug)]
pub(crate) struct SharedJournal {
    path: PathBuf,
    file: File,
}

impl SharedJournal {
    /// Waits until nobody else has the journal; makes it where it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, PipelineError> {
        let fail = |error| PipelineError::io("writing", path, error);
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// The rows, with half a line that a killed process left cut off and the file at its end.
    pub(crate) fn rows<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, PipelineError> {
        let fail = |error| PipelineError::io("reading", &self.path, error);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0)).map_err(fail)?;
        self.file.read_to_end(&mut bytes).map_err(fail)?;
        let lines = Lines::<T>::read(&bytes);
        if let Some(broken) = lines.broken.as_ref().filter(|line| !line.is_torn) {
            let reason = format!("line {}: {}", broken.number, broken.reason);
            return Err(fail(io::Error::new(io::ErrorKind::InvalidData, reason)));
        }
        let end = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at as u64 + 1);
        self.file.set_len(end).map_err(fail)?;
        self.file.seek(SeekFrom::Start(end)).map_err(fail)?;
        Ok(lines.rows)
    }

    /// One line by one write behind the rows, on the disk before anybody hears of it; what was not written whole is taken back.
    pub(crate) fn append(&mut self, row: &impl Serialize) -> Result<(), PipelineError> {
        let fail = |error| PipelineError::io("writing", &self.path, error);
        let before = self.file.stream_position().map_err(fail)?;
        let mut line = serde_json::to_vec(row).map_err(|error| fail(error.into()))?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if written.is_err() {
            self.file.set_len(before).map_err(fail)?;
        }
        written.map_err(fail)
    }
}
