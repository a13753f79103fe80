//! Decisions of people about pairs.

use std::time::{SystemTime, UNIX_EPOCH};

use nl2sql_catalog::Sample;
use nl2sql_pipeline::{ReviewAction, ReviewJournal, ReviewedPair};

use super::library::RunLibrary;
use super::pair_list::WholePair;
use super::reviewer::Reviewer;
use super::run_error::RunError;
use crate::event_log::EventLog;
use crate::{Event, EventKind, RunPlace};

/// Longest question or statement, in bytes.
const LONGEST: usize = 16_384;

/// What is to be decided about a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is right.
    Approve,
    /// It is to be left out.
    Ban,
    /// It is to read otherwise.
    Edit {
        /// The question from now on.
        question: String,
        /// The statement from now on.
        sql: String,
    },
    /// The last decision that stands no longer does.
    Undo,
}

impl RunLibrary {
    /// Decides about a pair, on what `last_step` says was seen of it. An edit is judged by the run's validators first. Blocks as long as they take.
    ///
    /// # Errors
    /// When there is no such pair, somebody else decided meanwhile, the decision makes no sense, or a validator or the folder does not answer.
    pub fn review(
        &self,
        run: &str,
        pair: &str,
        decision: Decision,
        last_step: Option<&str>,
        by: &str,
    ) -> Result<WholePair, RunError> {
        let (run, reviewer) = self.reviewed_run(run)?;
        let pairs = run.pairs()?;
        let found = pairs.pair(pair)?;
        if found.last_step() != last_step {
            return Err(RunError::Outdated);
        }
        let action = action(decision, found, &reviewer)?;
        let (sample, verdict) = pairs.generated(pair)?;
        let step = action.step();
        let journal = ReviewJournal::of(run.folder());
        let written = journal.append((sample, verdict), last_step, (by, now()), action);
        let (after, was_written) = written.map_err(RunError::unavailable)?;
        run.forget_pairs();
        if !was_written {
            return Err(RunError::Outdated);
        }
        let place = RunPlace {
            name: run.name.clone(),
            folder: run.folder().to_owned(),
        };
        EventLog::of(&place).append(&Event::now(EventKind::PairReviewed {
            sample: pair.to_owned(),
            step,
            by: by.to_owned(),
        }));
        Ok(WholePair::of(sample, &after))
    }
}

/// The decision as the journal keeps it.
fn action(decision: Decision, found: &ReviewedPair, reviewer: &Reviewer) -> Result<ReviewAction, RunError> {
    match decision {
        Decision::Ban => Ok(ReviewAction::Ban),
        Decision::Undo if found.history.iter().any(|(review, undone)| stands(review, *undone)) => {
            Ok(ReviewAction::Undo)
        }
        Decision::Undo => Err(RunError::Refused("there is nothing to undo".into())),
        Decision::Approve => match reviewer_objection(found, reviewer)? {
            None => Ok(ReviewAction::Approve),
            Some(reason) => Err(RunError::Refused(format!(
                "the statement cannot be approved as it stands: {reason}; edit it"
            ))),
        },
        Decision::Edit { question, sql } => edit(found, question, sql, reviewer),
    }
}

fn stands(review: &nl2sql_pipeline::Review, undone: bool) -> bool {
    !undone && review.action != ReviewAction::Undo
}

/// Whoever approves a pair overrules the validators, but not what the dialect knows.
fn reviewer_objection(found: &ReviewedPair, reviewer: &Reviewer) -> Result<Option<String>, RunError> {
    if found.verdict.accepted {
        return Ok(None);
    }
    reviewer.unsound(&found.sample.sql)
}

fn edit(found: &ReviewedPair, question: String, sql: String, reviewer: &Reviewer) -> Result<ReviewAction, RunError> {
    let (question, sql) = (question.trim().to_owned(), sql.trim().to_owned());
    if question.is_empty() || sql.is_empty() {
        return Err(RunError::Refused("question and statement must not be empty".into()));
    }
    if question.len() > LONGEST || sql.len() > LONGEST {
        return Err(RunError::Refused(format!(
            "question and statement have at most {LONGEST} bytes each"
        )));
    }
    let sample = Sample {
        question,
        sql,
        ..found.sample.clone()
    };
    let verdict = reviewer.judge(&sample)?;
    Ok(ReviewAction::Edit {
        question: sample.question,
        sql: sample.sql,
        accepted: verdict.accepted,
        rejected_by: verdict.rejected_by,
        findings: verdict.findings,
    })
}

/// Seconds since 1970-01-01 UTC.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
