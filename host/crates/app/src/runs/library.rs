//! The runs there are, by name.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_pipeline::{RoundRecord, artifact};
use nl2sql_profile::Profile;
use schemars::JsonSchema;
use serde::Serialize;

use super::coverage_report::CoverageReport;
use super::evaluation_report::{ChangeFilter, EvaluationReport, QuestionPage};
use super::event_tail::EventTail;
use super::overview::{RunHead, RunOverview};
use super::pair_filter::PairFilter;
use super::pair_list::{PairFacets, PairPage, WholePair};
use super::progress::RunState;
use super::reviewer::Reviewer;
use super::run_error::RunError;
use super::training_report::TrainingReport;
use super::watched_run::WatchedRun;
use crate::Session;

/// Runs whose data is kept at hand.
const AT_HAND: usize = 8;

/// The runs below the folder of the profile, and the run of the session. All calls read files and block for a moment.
pub struct RunLibrary {
    /// Where runs lie.
    folder: PathBuf,
    /// Name and folder of the session's run.
    own: (String, PathBuf),
    profile: Profile,
    at_hand: Mutex<Vec<Arc<WatchedRun>>>,
    reviewers: Mutex<BTreeMap<String, Arc<Reviewer>>>,
}

/// A run in the list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunEntry {
    /// Its name.
    pub name: String,
    /// Name of its database; empty before it was read.
    pub database: String,
    /// How it is.
    pub state: RunState,
    /// The last job.
    pub job: Option<String>,
    /// When it began, in seconds since 1970-01-01 UTC.
    pub started: Option<f64>,
    /// When it told something last.
    pub updated: Option<f64>,
    /// Pairs that the validators accepted.
    pub accepted: u64,
    /// Pairs that they rejected.
    pub rejected: u64,
    /// Pairs that are wanted; 0 before the plan is made.
    pub wanted: u64,
}

impl RunLibrary {
    /// The runs of a session's profile.
    pub fn of(session: &Session) -> Self {
        let place = session.place();
        Self {
            folder: session.profile().run.dir.clone(),
            own: (
                folder_name(&place.folder).unwrap_or_else(|| place.name.clone()),
                place.folder.clone(),
            ),
            profile: session.profile().clone(),
            at_hand: Mutex::default(),
            reviewers: Mutex::default(),
        }
    }

    /// Name of the session's run.
    pub fn own(&self) -> &str {
        &self.own.0
    }

    /// Every run, the latest news first.
    ///
    /// # Errors
    /// When a run cannot be read.
    pub fn list(&self) -> Result<Vec<RunEntry>, RunError> {
        let mut entries = Vec::new();
        for (name, folder) in self.folders() {
            entries.push(self.at_hand(&name, &folder).entry()?);
        }
        entries.sort_by(|a, b| {
            let news = |entry: &RunEntry| entry.updated.unwrap_or_default();
            news(b).total_cmp(&news(a)).then_with(|| a.name.cmp(&b.name))
        });
        Ok(entries)
    }

    /// How a run is.
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read.
    pub fn overview(&self, run: &str) -> Result<RunOverview, RunError> {
        self.run(run)?.overview()
    }

    /// What its accepted pairs use.
    ///
    /// # Errors
    /// As [`overview`](Self::overview), or when nothing is planned yet.
    pub fn coverage(&self, run: &str) -> Result<CoverageReport, RunError> {
        let run = self.run(run)?;
        let pairs = run.pairs()?;
        CoverageReport::of(&run.artifacts(), &pairs)
    }

    /// A page of the pairs that are wanted.
    ///
    /// # Errors
    /// As [`overview`](Self::overview).
    pub fn pairs(&self, run: &str, filter: &PairFilter, rows: Range<usize>) -> Result<PairPage, RunError> {
        Ok(self.run(run)?.pairs()?.page(filter, rows))
    }

    /// What the pairs can be told apart by.
    ///
    /// # Errors
    /// As [`overview`](Self::overview).
    pub fn pair_facets(&self, run: &str) -> Result<PairFacets, RunError> {
        Ok(self.run(run)?.pairs()?.facets())
    }

    /// A pair with its history.
    ///
    /// # Errors
    /// As [`overview`](Self::overview), or when there is no such pair.
    pub fn pair(&self, run: &str, id: &str) -> Result<WholePair, RunError> {
        self.run(run)?.pairs()?.whole(id)
    }

    /// How far its training is.
    ///
    /// # Errors
    /// As [`overview`](Self::overview), or when it has trained nothing.
    pub fn training(&self, run: &str) -> Result<TrainingReport, RunError> {
        let run = self.run(run)?;
        let (progress, _) = run.progress()?;
        TrainingReport::of(
            run.folder(),
            progress.state(),
            progress.job.as_deref(),
            progress.training.as_ref(),
        )
    }

    /// The figures of its evaluation.
    ///
    /// # Errors
    /// As [`overview`](Self::overview), or when it was not evaluated.
    pub fn evaluation(&self, run: &str) -> Result<EvaluationReport, RunError> {
        let report = self.run(run)?.evaluation()?;
        Ok(EvaluationReport::of(&report))
    }

    /// The questions of its evaluation that are wanted; with the rows that they returned where those may be seen.
    ///
    /// # Errors
    /// As [`evaluation`](Self::evaluation).
    pub fn evaluated_questions(
        &self,
        run: &str,
        filter: &ChangeFilter,
        rows: Range<usize>,
        with_rows: bool,
    ) -> Result<QuestionPage, RunError> {
        let report = self.run(run)?.evaluation()?;
        Ok(QuestionPage::of(&report, filter, rows, with_rows))
    }

    /// The events of one run from a place on, or from now on.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn events(&self, run: &str, from: Option<u64>) -> Result<EventTail, RunError> {
        let run = self.run(run)?;
        Ok(match from {
            Some(end) => EventTail::from(run.folder(), end),
            None => EventTail::from_now(run.folder()),
        })
    }

    /// Names of the runs.
    pub fn names(&self) -> Vec<String> {
        self.folders().into_keys().collect()
    }

    /// The run of this name, and what judges its edits.
    pub(super) fn reviewed_run(&self, name: &str) -> Result<(Arc<WatchedRun>, Arc<Reviewer>), RunError> {
        let run = self.run(name)?;
        let mut reviewers = self.reviewers.lock().unwrap_or_else(PoisonError::into_inner);
        let reviewer = reviewers
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Reviewer::new(run.folder().to_owned(), self.profile.clone())));
        Ok((run, reviewer.clone()))
    }

    /// A name is looked up and never made part of a path.
    fn run(&self, name: &str) -> Result<Arc<WatchedRun>, RunError> {
        match self.folders().get(name) {
            Some(folder) => Ok(self.at_hand(name, folder)),
            None => Err(RunError::no_run(name)),
        }
    }

    /// The session's run comes before another of its name.
    fn folders(&self) -> BTreeMap<String, PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut folders: BTreeMap<String, PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|folder| is_run(folder))
            .filter_map(|folder| Some((folder_name(&folder)?, folder)))
            .collect();
        let (name, folder) = &self.own;
        if is_run(folder) {
            folders.insert(name.clone(), folder.clone());
        }
        folders
    }

    fn at_hand(&self, name: &str, folder: &Path) -> Arc<WatchedRun> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let known = at_hand
            .iter()
            .position(|run| run.name == name && run.folder() == folder);
        let run = match known {
            Some(at) => at_hand.remove(at),
            None => Arc::new(WatchedRun::new(name.to_owned(), folder.to_owned())),
        };
        at_hand.insert(0, run.clone());
        at_hand.truncate(AT_HAND);
        run
    }
}

fn folder_name(folder: &Path) -> Option<String> {
    Some(folder.file_name()?.to_str()?.to_owned())
}

/// Whether a folder holds a run: one that was begun has its manifest.
fn is_run(folder: &Path) -> bool {
    folder.join(artifact::RUN).is_file()
}

impl WatchedRun {
    /// The run in the list.
    pub(super) fn entry(&self) -> Result<RunEntry, RunError> {
        let (progress, _) = self.progress()?;
        let artifacts = self.artifacts();
        let rounds: Vec<RoundRecord> = artifacts.lines(artifact::ROUNDS).map_err(RunError::unavailable)?;
        let count = |of: fn(&RoundRecord) -> u32| rounds.iter().map(|round| u64::from(of(round))).sum();
        let head = RunHead::read(&artifacts);
        Ok(RunEntry {
            name: self.name.clone(),
            database: head.database,
            state: progress.state(),
            job: progress.job.clone(),
            started: progress.started,
            updated: progress.updated,
            accepted: count(|round| round.accepted),
            rejected: count(|round| round.rejected),
            wanted: head.wanted,
        })
    }
}
