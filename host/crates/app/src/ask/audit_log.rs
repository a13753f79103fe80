//! Who asked what: a line for every question and statement, on disk before its answer leaves.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use crate::AppError;

/// A line of `serve/audit.jsonl`. Values of the database are no part of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuditLine {
    /// Seconds since 1970-01-01 UTC.
    pub time: u64,
    /// Id of the request.
    pub request: String,
    /// Name of the key.
    pub caller: String,
    /// `ask`, `query` or `feedback`.
    pub kind: String,
    /// The question.
    pub question: Option<String>,
    /// Its language, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The statement that was run.
    pub sql: Option<String>,
    /// Name of the database.
    pub database: String,
    /// Rows that were returned.
    pub rows: Option<usize>,
    /// `answered`, `unanswered`, `refused` or `failed`.
    pub outcome: String,
    /// How long it took.
    pub seconds: f64,
}

/// The log.
#[derive(Debug)]
pub struct AuditLog {
    file: File,
}

impl AuditLog {
    /// Opens the log, or begins it. Half a line that a killed process left is closed, so that it stays apart from the next.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: PathBuf) -> Result<Self, AppError> {
        let open = || -> io::Result<Self> {
            let whole = std::fs::read(&path).map_or(true, |bytes| bytes.is_empty() || bytes.ends_with(b"\n"));
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            if !whole {
                file.write_all(b"\n")?;
            }
            Ok(Self { file })
        };
        open().map_err(|error| AppError::unwritable(&path, &error))
    }

    /// Appends a line, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, line: &AuditLine) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        let before = self.file.metadata()?.len();
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            // A disk that is full may have taken half of it. Why it was not written is what counts, also where this fails too.
            let _ = self.file.set_len(before);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_whole_also_after_a_process_was_killed() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("audit.jsonl");
        std::fs::write(&path, "{\"half").unwrap();
        let line = AuditLine {
            question: Some("two\nlines".into()),
            ..AuditLine::default()
        };
        let mut log = AuditLog::open(path.clone()).unwrap();
        log.append(&line).unwrap();
        log.append(&line).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[1..]
                .iter()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );
    }
}
