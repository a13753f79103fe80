//! Append-only JSON lines: after a crash every line is whole or absent.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{PipelineError, Stage};

/// A journal open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal at `path` and cuts it after its first `keep` lines.
    pub(crate) fn open(path: &Path, keep: usize) -> Result<Self, PipelineError> {
        let fail = |error| PipelineError::io("opening", path, error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(fail)?;
        let bytes = std::fs::read(path).map_err(fail)?;
        let length = prefix_of_lines(&bytes, keep);
        if length < bytes.len() {
            file.set_len(length as u64).map_err(fail)?;
        }
        file.seek(SeekFrom::End(0)).map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Appends rows by one write, without waiting for the disk.
    pub(crate) fn append<T: Serialize>(&mut self, rows: &[T]) -> Result<(), PipelineError> {
        let fail = |error| PipelineError::io("writing", &self.path, error);
        let mut bytes = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut bytes, row).map_err(|error| fail(error.into()))?;
            bytes.push(b'\n');
        }
        self.file.write_all(&bytes).map_err(fail)
    }

    /// Waits until everything appended is on the disk.
    pub(crate) fn sync(&self) -> Result<(), PipelineError> {
        self.file
            .sync_data()
            .map_err(|error| PipelineError::io("syncing", &self.path, error))
    }
}

/// Length in bytes of the first `lines` lines.
fn prefix_of_lines(bytes: &[u8], lines: usize) -> usize {
    let mut ends = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1);
    match lines {
        0 => 0,
        count => ends.nth(count - 1).unwrap_or(bytes.len()),
    }
}

/// What a journal holds.
#[derive(Debug)]
pub(crate) struct Lines<T> {
    /// The rows of whole lines.
    pub(crate) rows: Vec<T>,
    /// Whether the file ends in half a line.
    pub(crate) broken_tail: bool,
}

/// Reads a journal; an absent file is an empty one. Half a line at the end is left out; a broken line before it is an error.
pub(crate) fn lines_of<T: DeserializeOwned>(path: &Path, writer: Stage) -> Result<Lines<T>, PipelineError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(PipelineError::io("reading", path, error)),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut rows = Vec::new();
    for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let row = serde_json::from_slice(line).map_err(|error| PipelineError::Broken {
            path: path.to_owned(),
            reason: format!("line {}: {error}", index + 1),
            writer,
        })?;
        rows.push(row);
    }
    Ok(Lines {
        rows,
        broken_tail: whole < bytes.len(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Journal, lines_of};
    use crate::{PipelineError, Stage};

    #[test]
    fn half_a_line_is_left_out_and_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "1\n2\n3").unwrap();
        let lines = lines_of::<u32>(&path, Stage::Generate).unwrap();
        assert_eq!(lines.rows, [1, 2]);
        assert!(lines.broken_tail);
        let mut journal = Journal::open(&path, 1).unwrap();
        journal.append(&[7, 8]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n7\n8\n");
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "1\nx\n3\n").unwrap();
        let error = lines_of::<u32>(&path, Stage::Generate).unwrap_err();
        assert!(
            matches!(&error, PipelineError::Broken { reason, .. } if reason.starts_with("line 2")),
            "{error}"
        );
    }
}
