//! Append-only JSON lines: appends are atomic, also across a crash.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store::JournalWriter;
use crate::PipelineError;

/// A journal open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    writer: Box<dyn JournalWriter>,
}

impl Journal {
    /// A journal that `writer` appends to; `path` is for messages.
    pub(super) fn new(path: PathBuf, writer: Box<dyn JournalWriter>) -> Self {
        Self { path, writer }
    }

    /// Appends rows by one write, without waiting for the disk.
    pub(crate) fn append<T: Serialize>(&mut self, rows: &[T]) -> Result<(), PipelineError> {
        let fail = |error| PipelineError::io("writing", &self.path, error);
        let mut bytes = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut bytes, row).map_err(|error| fail(error.into()))?;
            bytes.push(b'\n');
        }
        self.writer.append(&bytes).map_err(fail)
    }

    /// Waits until everything appended is on the disk.
    pub(crate) fn sync(&self) -> Result<(), PipelineError> {
        self.writer
            .sync()
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

impl<T: DeserializeOwned> Lines<T> {
    /// Reads a journal as far as it can be read.
    pub(crate) fn read(bytes: &[u8]) -> Self {
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
                // A journal that was edited on Windows may begin with a byte order mark.
                Some(whole) if index == 0 => {
                    let row = whole.strip_prefix(b"\xef\xbb\xbf").unwrap_or(whole);
                    serde_json::from_slice(row).map_err(|error| broken(error.to_string(), false))
                }
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
        lines
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{PipelineError, RunFolder};

    const JOURNAL: &str = "samples.jsonl";

    fn run_with(text: &[u8]) -> (tempfile::TempDir, RunFolder) {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(JOURNAL), text).unwrap();
        let run = RunFolder::open(place.path()).unwrap();
        (place, run)
    }

    #[test]
    fn a_partial_last_line_is_dropped() {
        let (place, run) = run_with(b"1\n2\n3");
        assert_eq!(run.lines::<u32>(JOURNAL).unwrap(), [1, 2]);
        let lines = run.readable_lines::<u32>(JOURNAL).unwrap();
        assert!(
            lines
                .broken
                .as_ref()
                .is_some_and(|line| line.is_torn && line.number == 3)
        );
        let mut journal = run.journal(JOURNAL, lines.length_of(1)).unwrap();
        journal.append(&[7, 8]).unwrap();
        assert_eq!(fs::read_to_string(place.path().join(JOURNAL)).unwrap(), "1\n7\n8\n");
    }

    #[test]
    fn empty_lines_are_no_rows_and_cut_nothing_off() {
        let (place, run) = run_with(b"1\n\n2\n\n3\n");
        let lines = run.readable_lines::<u32>(JOURNAL).unwrap();
        assert_eq!(lines.rows, [1, 2, 3]);
        run.journal(JOURNAL, lines.length_of(2)).unwrap();
        assert_eq!(fs::read_to_string(place.path().join(JOURNAL)).unwrap(), "1\n\n2\n");
    }

    #[test]
    fn reading_stops_at_garbage() {
        for garbage in [&b"1\n2\n\0\0\0\0"[..], b"1\n2\n\0\0\n3\n", b"1\n2\n\xff\xfe\n"] {
            let (_place, run) = run_with(garbage);
            let lines = run.readable_lines::<u32>(JOURNAL).unwrap();
            assert_eq!(lines.rows, [1, 2]);
            assert_eq!(lines.broken.map(|line| line.number), Some(3), "{garbage:?}");
        }
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error_with_its_number() {
        let (_place, run) = run_with(b"1\nx\n3\n");
        let error = run.lines::<u32>(JOURNAL).unwrap_err();
        assert!(
            matches!(&error, PipelineError::Broken { reason, .. } if reason.starts_with("line 2")),
            "{error}"
        );
    }
}
