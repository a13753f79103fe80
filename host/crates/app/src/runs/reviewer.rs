//! Judges what people write with the validators of the run.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, Sample, Severity, Verdict};
use nl2sql_pipeline::{Dependencies, Dialect, Failure, RunFolder, Validator, artifact, judge_samples};
use nl2sql_profile::Profile;
use tokio_util::sync::CancellationToken;

use super::run_error::RunError;
use crate::{RunDependencies, Session, profile_of_run};

/// The validators of a run, opened when something is to be judged.
pub(super) struct Reviewer {
    folder: PathBuf,
    profile: Profile,
    opened: Mutex<Option<Opened>>,
}

/// A session of the run with what judges.
struct Opened {
    dialect: Arc<dyn Dialect>,
    validators: Vec<Box<dyn Validator>>,
}

impl Reviewer {
    /// The reviewer of the run in `folder`; `profile` is the server's.
    pub(super) fn new(folder: PathBuf, profile: Profile) -> Self {
        Self {
            folder,
            profile,
            opened: Mutex::default(),
        }
    }

    /// What the validators say about a sample. One is judged at a time.
    pub(super) fn judge(&self, sample: &Sample) -> Result<Verdict, RunError> {
        self.with_opened(|opened| {
            let verdicts = judge_samples(&opened.validators, std::slice::from_ref(sample))?;
            let none = || Failure::new("validators", "unavailable", "no verdict came back");
            verdicts.into_iter().next().ok_or_else(none)
        })
    }

    /// Why a statement cannot be in a data set, whatever people think of it: it does not parse, changes something, or names what is not there.
    pub(super) fn unsound(&self, sql: &str) -> Result<Option<String>, RunError> {
        self.with_opened(|opened| {
            Ok(match opened.dialect.analyse(sql)? {
                Err(error) => Some(error.message),
                Ok(analysis) if !analysis.statement.read_only => {
                    Some(analysis.statement.reason.unwrap_or_else(|| "it is no query".into()))
                }
                Ok(analysis) => {
                    let mut errors = analysis.findings.into_iter();
                    let error = errors.find(|finding| finding.severity == Severity::Error);
                    error.map(|finding| finding.message)
                }
            })
        })
    }

    fn with_opened<T>(&self, work: impl FnOnce(&Opened) -> Result<T, Failure>) -> Result<T, RunError> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match slot.take() {
            Some(opened) => opened,
            None => self.open()?,
        };
        let outcome = work(&opened);
        // What failed is opened again the next time: a database may be back by then.
        if outcome.is_ok() {
            *slot = Some(opened);
        }
        outcome.map_err(RunError::unavailable)
    }

    fn open(&self) -> Result<Opened, RunError> {
        let profile = profile_of_run(&self.folder, &self.profile).map_err(RunError::unavailable)?;
        let session = Session::new(profile, Some(self.folder.clone())).map_err(RunError::unavailable)?;
        let catalog: Database = RunFolder::look_at(&self.folder)
            .read_json(artifact::METADATA)
            .map_err(RunError::unavailable)?;
        let catalog = Arc::new(catalog);
        let dependencies = RunDependencies::new(session, CancellationToken::new());
        Ok(Opened {
            dialect: dependencies.dialect(&catalog).map_err(RunError::unavailable)?,
            validators: dependencies.validators(&catalog).map_err(RunError::unavailable)?,
        })
    }
}
