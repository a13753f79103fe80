//! The end of a run's `events.jsonl`, whichever process writes it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use nl2sql_pipeline::artifact;
use serde::Serialize;
use serde_json::Value;

use super::plain_text::value_without_places;
use crate::{EVENT_VERSION, Event};

/// Most bytes that are read at once.
const PIECE: u64 = 1 << 20;

/// Reads what was appended since it was asked last.
#[derive(Debug)]
pub struct EventTail {
    path: PathBuf,
    /// Where the last whole line that was read ends.
    end: u64,
}

/// An event as others may see it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldEvent {
    /// Where its line ends in the log, in bytes.
    pub end: u64,
    /// The event; paths are told by their last part.
    pub event: Value,
}

impl EventTail {
    /// From a place in the log on, which is where some line ends.
    pub fn from(folder: &Path, end: u64) -> Self {
        Self {
            path: folder.join(artifact::EVENTS),
            end,
        }
    }

    /// From the end of the log on.
    pub fn from_now(folder: &Path) -> Self {
        let length = std::fs::metadata(folder.join(artifact::EVENTS)).map_or(0, |metadata| metadata.len());
        Self::from(folder, length)
    }

    /// Where the last line that was read ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// New events, oldest first; none where nothing was written. A log that became shorter is another one, and read from its beginning.
    ///
    /// # Errors
    /// When the log is there and cannot be read.
    pub(super) fn read(&mut self) -> io::Result<Vec<(u64, Event)>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        if length < self.end {
            self.end = 0;
        }
        if length == self.end {
            return Ok(Vec::new());
        }
        file.seek(SeekFrom::Start(self.end))?;
        let mut bytes = Vec::new();
        file.take(PIECE).read_to_end(&mut bytes)?;
        Ok(self.take_lines(&bytes))
    }

    /// Whole lines; the rest is read again when it is whole. Lines that are no events of this version are passed over.
    fn take_lines(&mut self, bytes: &[u8]) -> Vec<(u64, Event)> {
        let mut events = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                // A line longer than a piece is no event.
                if line.len() as u64 == PIECE {
                    self.end += PIECE;
                }
                break;
            }
            self.end += line.len() as u64;
            if let Ok(event) = serde_json::from_slice::<Event>(line)
                && event.version <= EVENT_VERSION
            {
                events.push((self.end, event));
            }
        }
        events
    }

    /// New events as others may see them.
    ///
    /// # Errors
    /// When the log is there and cannot be read.
    pub fn told(&mut self) -> io::Result<Vec<ToldEvent>> {
        let told = |(end, event): (u64, Event)| {
            let mut event = serde_json::to_value(event).unwrap_or_default();
            value_without_places(&mut event);
            ToldEvent { end, event }
        };
        Ok(self.read()?.into_iter().map(told).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::EventTail;
    use crate::{Event, EventKind};

    fn line(job: &str) -> String {
        let event = Event::now(EventKind::JobStarted { job: job.into() });
        serde_json::to_string(&event).unwrap() + "\n"
    }

    #[test]
    fn whole_lines_are_told_once_and_half_ones_later() {
        let place = tempfile::tempdir().unwrap();
        let mut tail = EventTail::from_now(place.path());
        assert!(tail.told().unwrap().is_empty());
        let path = place.path().join("events.jsonl");
        let (first, second) = (line("/home/me/run"), line("train"));
        let (half, rest) = second.split_at(20);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(format!("{first}garbage\n{half}").as_bytes()).unwrap();
        let told = tail.told().unwrap();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].event["job"], "run", "paths are cut");
        assert_eq!(told[0].end, first.len() as u64);
        file.write_all(rest.as_bytes()).unwrap();
        assert_eq!(tail.told().unwrap()[0].event["job"], "train");
        assert!(tail.told().unwrap().is_empty());
        let mut again = EventTail::from(place.path(), told[0].end);
        assert_eq!(again.told().unwrap().len(), 1);
        std::fs::write(&path, line("eval")).unwrap();
        assert_eq!(
            tail.told().unwrap()[0].event["job"],
            "eval",
            "another log is read from its beginning"
        );
    }
}
