//! `events.jsonl`: every event with its time.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::{RunFolder, artifact};
use crate::{EVENT_VERSION, Event, PipelineError};

/// Appends events. A log that cannot be written never stops a run.
#[derive(Debug)]
pub(crate) struct EventLog {
    file: Mutex<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    /// Seconds since 1970-01-01 UTC.
    time: f64,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

impl EventLog {
    pub(crate) fn open(folder: &RunFolder) -> Result<Self, PipelineError> {
        let path = folder.path(artifact::EVENTS);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(&path)
            .map_err(|error| PipelineError::io("opening", &path, error))?;
        let torn = std::fs::read(&path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
        if torn {
            file.write_all(b"\n")
                .map_err(|error| PipelineError::io("writing", &path, error))?;
        }
        Ok(Self { file: Mutex::new(file) })
    }

    pub(crate) fn write(&self, event: &Event<'_>) {
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |elapsed| elapsed.as_secs_f64());
        if let Ok(mut bytes) = serde_json::to_vec(&Line {
            version: EVENT_VERSION,
            time,
            event,
        }) {
            bytes.push(b'\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            // Progress is a convenience; the artifacts are what counts.
            let _ = file.write_all(&bytes);
        }
    }
}
