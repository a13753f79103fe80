//! One run, kept at hand: what has not changed is not read again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nl2sql_evaluation::report::Report;
use nl2sql_pipeline::{RunFolder, artifact};

use super::evaluation_report::{self, REPORT};
use super::event_tail::EventTail;
use super::file_stamp::FileStamp;
use super::pair_list::PairList;
use super::progress::Progress;
use super::run_error::RunError;

/// What the pairs are read from.
const PAIRS: [&str; 3] = [artifact::SAMPLES, artifact::VERDICTS, artifact::REVIEWS];

/// A run, kept at hand.
#[derive(Debug)]
pub(super) struct WatchedRun {
    pub(super) name: String,
    folder: PathBuf,
    progress: Mutex<(EventTail, Progress)>,
    pairs: Mutex<Option<(FileStamp, Arc<PairList>)>>,
    evaluation: Mutex<Option<(FileStamp, Arc<Report>)>>,
}

impl WatchedRun {
    pub(super) fn new(name: String, folder: PathBuf) -> Self {
        Self {
            progress: Mutex::new((EventTail::from(&folder, 0), Progress::default())),
            pairs: Mutex::default(),
            evaluation: Mutex::default(),
            name,
            folder,
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The artifacts, to look at.
    pub(super) fn artifacts(&self) -> RunFolder {
        RunFolder::look_at(&self.folder)
    }

    /// What its events come to, and where they end.
    pub(super) fn progress(&self) -> Result<(Progress, u64), RunError> {
        let mut kept = locked(&self.progress);
        let (tail, progress) = &mut *kept;
        loop {
            let before = tail.end();
            let events = tail.read().map_err(RunError::unavailable)?;
            // Another log tells of another run.
            if tail.end() < before {
                *progress = Progress::default();
            }
            if events.is_empty() && tail.end() == before {
                return Ok((progress.clone(), tail.end()));
            }
            events.iter().for_each(|(_, event)| progress.add(event));
        }
    }

    /// Its pairs as they are now.
    pub(super) fn pairs(&self) -> Result<Arc<PairList>, RunError> {
        let mut kept = locked(&self.pairs);
        let stamp = FileStamp::of(&self.folder, &PAIRS);
        match &*kept {
            Some((read, pairs)) if *read == stamp => Ok(pairs.clone()),
            _ => {
                let pairs = Arc::new(PairList::read(&self.artifacts())?);
                *kept = Some((stamp, pairs.clone()));
                Ok(pairs)
            }
        }
    }

    /// Reads the pairs again the next time: a change within one tick of the clock leaves no other trace.
    pub(super) fn forget_pairs(&self) {
        *locked(&self.pairs) = None;
    }

    /// Its evaluation.
    pub(super) fn evaluation(&self) -> Result<Arc<Report>, RunError> {
        let mut kept = locked(&self.evaluation);
        let stamp = FileStamp::of(&self.folder, &[REPORT]);
        match &*kept {
            Some((read, report)) if *read == stamp => Ok(report.clone()),
            _ => {
                let report = Arc::new(evaluation_report::read(&self.folder)?);
                *kept = Some((stamp, report.clone()));
                Ok(report)
            }
        }
    }

    /// Whether a part of it is there.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        !FileStamp::of(&self.folder, names).is_empty()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
