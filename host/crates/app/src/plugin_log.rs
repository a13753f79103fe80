//! What plugins log during a run: lines of `plugins.jsonl` in the run folder, beside what `tracing` shows of them.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nl2sql_plugin_host::{LogLevel, LogSink, TracingSink};
use serde_json::{Value, json};

use crate::fleet::LoggedMessage;

/// Name of the file in a run folder.
pub const PLUGIN_LOG: &str = "plugins.jsonl";

/// Most bytes that one process adds to the file; the rest goes to `tracing` alone.
const MAX_BYTES: usize = 16 << 20;

/// The file, made when the first message comes.
pub struct PluginLog {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    file: Option<File>,
    written: usize,
    /// Nothing more is written: the file is full or cannot be written.
    closed: bool,
}

impl PluginLog {
    /// A log in this run folder.
    pub fn new(run_folder: &std::path::Path) -> Self {
        Self {
            path: run_folder.join(PLUGIN_LOG),
            state: Mutex::default(),
        }
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Ok(());
        }
        let file = match &mut state.file {
            Some(file) => file,
            None => {
                let file = File::options().create(true).append(true).open(&self.path);
                state.file.insert(file?)
            }
        };
        file.write_all(line.as_bytes())?;
        state.written += line.len();
        state.closed = state.written >= MAX_BYTES;
        Ok(())
    }

    /// Adds what a plugin logged at a worker.
    pub(crate) fn append_of_worker(&self, worker: &str, logged: &LoggedMessage) {
        let LoggedMessage { plugin, level, message } = logged;
        self.keep(&json!({ "worker": worker, "plugin": plugin, "level": level, "message": message }));
    }

    fn keep(&self, line: &Value) {
        if let Err(error) = self.append(&format!("{line}\n")) {
            // A log that cannot be written stops no run, and is told once.
            self.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
            tracing::warn!("{} cannot be written: {error}", self.path.display());
        }
    }
}

impl LogSink for PluginLog {
    fn write(&self, plugin: &str, level: LogLevel, message: &str) {
        TracingSink.write(plugin, level, message);
        self.keep(&json!({ "plugin": plugin, "level": level.name(), "message": message }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_lines_and_a_full_log_ends() {
        let folder = tempfile::tempdir().unwrap();
        let log = PluginLog::new(folder.path());
        log.write("judge", LogLevel::Warn, "one\nmessage");
        let path = folder.path().join(PLUGIN_LOG);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "{\"plugin\":\"judge\",\"level\":\"warn\",\"message\":\"one\\nmessage\"}\n"
        );
        let long = "x".repeat(1 << 20);
        (0..40).for_each(|_| log.write("judge", LogLevel::Debug, &long));
        let size = std::fs::metadata(&path).unwrap().len() as usize;
        assert!((MAX_BYTES..MAX_BYTES + (2 << 20)).contains(&size), "{size}");
    }
}
