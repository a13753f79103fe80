//! `events.jsonl` of a run folder: every event of every job.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nl2sql_pipeline::artifact;

use crate::{Event, RunPlace};

/// Appends events to the log of a run folder, once there is one. A log that cannot be written never stops a job: progress is a
/// convenience, the artifacts are what counts.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl EventLog {
    /// The log of a run.
    pub fn of(place: &RunPlace) -> Self {
        Self {
            path: place.folder.join(artifact::EVENTS),
            file: Mutex::default(),
        }
    }

    /// Appends one event by one write, so that processes that share the folder do not mix their lines.
    pub fn append(&self, event: &Event) {
        let mut slot = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.is_none() {
            *slot = self.open();
        }
        if let (Some(file), Ok(mut line)) = (slot.as_mut(), serde_json::to_vec(event)) {
            line.push(b'\n');
            let _ = file.write_all(&line);
        }
    }

    /// Opens the file behind its last whole line. The folder is the run's to make.
    fn open(&self) -> Option<File> {
        if !self.path.parent()?.is_dir() {
            return None;
        }
        let mut options = OpenOptions::new();
        let mut file = options.create(true).append(true).open(&self.path).ok()?;
        let is_torn = std::fs::read(&self.path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        if is_torn {
            file.write_all(b"\n").ok()?;
        }
        Some(file)
    }
}
