//! Append-only JSON lines: appends are atomic, also across a crash.

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
    /// Opens the journal at `path` and cuts it after its first `keep` bytes.
    pub(crate) fn open(path: &Path, keep: u64) -> Result<Self, PipelineError> {
        let fail = |error| PipelineError::io("opening", path, error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(fail)?;
        if keep < file.metadata().map_err(fail)?.len() {
            file.set_len(keep).map_err(fail)?;
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

/// What a journal holds.
#[derive(Debug)]
pub(crate) struct Lines<T> {
    /// The rows of the lines before the first one that cannot be read.
    pub(crate) rows: Vec<T>,
    /// Where each row ends, in bytes from the beginning of the file.
    ends: Vec<u64>,
    /// Where reading ended early, if it did.
    pub(crate) broken: Option<BrokenLine>,
}

impl<T> Lines<T> {
    /// Length in bytes of the first `rows` rows.
    pub(crate) fn length_of(&self, rows: usize) -> u64 {
        rows.checked_sub(1)
            .and_then(|last| self.ends.get(last))
            .copied()
            .unwrap_or_default()
    }
}

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokenLine {
    /// Counted from 1.
    pub(crate) number: usize,
    /// What is wrong with it.
    pub(crate) reason: String,
    /// Whether it is the last one, without an end: an interrupted write.
    pub(crate) is_torn: bool,
}

/// Reads a journal as far as it can be read; an absent file is an empty one.
pub(crate) fn readable_lines_of<T: DeserializeOwned>(path: &Path) -> Result<Lines<T>, PipelineError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(PipelineError::io("reading", path, error)),
    };
    let mut lines = Lines {
        rows: Vec::new(),
        ends: Vec::new(),
        broken: None,
    };
    let mut end = 0;
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        end += line.len() as u64;
        if line == b"\n" {
            continue;
        }
        let broken = |reason: String, is_torn| BrokenLine {
            number: index + 1,
            reason,
            is_torn,
        };
        let row = match line.strip_suffix(b"\n") {
            Some(whole) => serde_json::from_slice(whole).map_err(|error| broken(error.to_string(), false)),
            None => Err(broken("it has no end".to_owned(), true)),
        };
        match row {
            Ok(row) => {
                lines.rows.push(row);
                lines.ends.push(end);
            }
            Err(broken) => {
                lines.broken = Some(broken);
                break;
            }
        }
    }
    Ok(lines)
}

/// The rows of a journal. Half a line at the end is left out; any other line that cannot be read is an error.
pub(crate) fn lines_of<T: DeserializeOwned>(path: &Path, writer: Stage) -> Result<Vec<T>, PipelineError> {
    let lines = readable_lines_of(path)?;
    match lines.broken {
        Some(BrokenLine {
            number,
            reason,
            is_torn: false,
        }) => Err(PipelineError::Broken {
            path: path.to_owned(),
            reason: format!("line {number}: {reason}"),
            writer,
        }),
        _ => Ok(lines.rows),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Journal, lines_of, readable_lines_of};
    use crate::{PipelineError, Stage};

    #[test]
    fn a_partial_last_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "1\n2\n3").unwrap();
        assert_eq!(lines_of::<u32>(&path, Stage::Generate).unwrap(), [1, 2]);
        let lines = readable_lines_of::<u32>(&path).unwrap();
        assert!(
            lines
                .broken
                .as_ref()
                .is_some_and(|line| line.is_torn && line.number == 3)
        );
        let mut journal = Journal::open(&path, lines.length_of(1)).unwrap();
        journal.append(&[7, 8]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n7\n8\n");
    }

    #[test]
    fn empty_lines_are_no_rows_and_cut_nothing_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        fs::write(&path, "1\n\n2\n\n3\n").unwrap();
        let lines = readable_lines_of::<u32>(&path).unwrap();
        assert_eq!(lines.rows, [1, 2, 3]);
        Journal::open(&path, lines.length_of(2)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n\n2\n");
    }

    #[test]
    fn reading_stops_at_garbage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        for garbage in [&b"1\n2\n\0\0\0\0"[..], b"1\n2\n\0\0\n3\n", b"1\n2\n\xff\xfe\n"] {
            fs::write(&path, garbage).unwrap();
            let lines = readable_lines_of::<u32>(&path).unwrap();
            assert_eq!(lines.rows, [1, 2]);
            assert_eq!(lines.broken.map(|line| line.number), Some(3), "{garbage:?}");
        }
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
