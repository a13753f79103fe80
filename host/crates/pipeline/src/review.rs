//! What people decided about samples: a journal in the run folder, and what follows from it for each sample.
//!
//! Samples and verdicts stay as they were made. The export reads the journal beside them.

mod applied;
mod journal;

use std::collections::BTreeMap;

use nl2sql_catalog::{Finding, Sample, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PipelineError, RunFolder, artifact, sha256_hex};
pub(crate) use applied::ReviewCounts;
pub use journal::ReviewJournal;

/// One decision: a line of `reviews.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Unique in the journal.
    pub id: String,
    /// Seconds since 1970-01-01 UTC.
    pub time: u64,
    /// Who decided.
    pub by: String,
    /// Id of the sample.
    pub sample: String,
    /// Digest of the sample as it was generated: a decision about another one of the same id does not count.
    pub of: String,
    /// The decision.
    #[serde(flatten)]
    pub action: ReviewAction,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum ReviewAction {
    /// It is right, whatever a validator thinks of it.
    Approve,
    /// It is to be left out.
    Ban,
    /// It is to read otherwise. What the run's validators say about that decides whether it is exported.
    Edit {
        /// The question from now on.
        question: String,
        /// The statement from now on.
        sql: String,
        /// Whether no validator rejected it.
        accepted: bool,
        /// The validator that did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rejected_by: Option<String>,
        /// What they found.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        findings: Vec<Finding>,
    },
    /// The decision before it, as far as it stands, no longer does.
    Undo,
}

impl ReviewAction {
    /// The step in the history of a pair.
    pub fn step(&self) -> ReviewStep {
        match self {
            Self::Approve => ReviewStep::Approve,
            Self::Ban => ReviewStep::Ban,
            Self::Edit { .. } => ReviewStep::Edit,
            Self::Undo => ReviewStep::Undo,
        }
    }
}

/// A step in the history of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewStep {
    /// It was approved.
    Approve,
    /// It was banned.
    Ban,
    /// It was edited.
    Edit,
    /// The step before it was taken back.
    Undo,
}

/// Where a pair stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    /// Nobody decided.
    #[default]
    None,
    /// Approved, as it was generated or as it was edited before.
    Approved,
    /// Edited, and no more.
    Edited,
    /// Left out.
    Banned,
}

/// The journal, by sample.
#[derive(Clone, Debug, Default)]
pub struct Reviews(BTreeMap<String, Vec<Review>>);

/// A sample with what people decided about it.
#[derive(Clone, Debug)]
pub struct ReviewedPair {
    /// As it reads now.
    pub sample: Sample,
    /// About how it reads now.
    pub verdict: Verdict,
    /// Where it stands.
    pub state: ReviewState,
    /// Every step, the oldest first, and whether it was taken back.
    pub history: Vec<(Review, bool)>,
}

impl Reviews {
    /// The journal of a run; empty where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(folder: &RunFolder) -> Result<Self, PipelineError> {
        Ok(Self::new(folder.lines(artifact::REVIEWS)?))
    }

    /// Decisions in the order they were taken.
    pub fn new(rows: Vec<Review>) -> Self {
        let mut by_sample: BTreeMap<String, Vec<Review>> = BTreeMap::new();
        for review in rows {
            by_sample.entry(review.sample.clone()).or_default().push(review);
        }
        Self(by_sample)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A sample with its verdict, and what was decided about it.
    pub fn of(&self, sample: &Sample, verdict: &Verdict) -> ReviewedPair {
        let mut pair = ReviewedPair {
            sample: sample.clone(),
            verdict: verdict.clone(),
            state: ReviewState::None,
            history: Vec::new(),
        };
        let Some(reviews) = self.0.get(&sample.id) else {
            return pair;
        };
        let digest = sample_digest(sample);
        let mut standing = Vec::new();
        for review in reviews.iter().filter(|review| review.of == digest) {
            let at = pair.history.len();
            pair.history.push((review.clone(), false));
            match review.action {
                ReviewAction::Undo => {
                    if let Some(last) = standing.pop() {
                        let (_, undone): &mut (Review, bool) = &mut pair.history[last];
                        *undone = true;
                    }
                }
                _ => standing.push(at),
            }
        }
        for at in standing {
            let (review, _) = &pair.history[at];
            let action = review.action.clone();
            pair.decide(action);
        }
        pair
    }
}

impl ReviewedPair {
    fn decide(&mut self, action: ReviewAction) {
        match action {
            ReviewAction::Approve => self.state = ReviewState::Approved,
            ReviewAction::Ban => self.state = ReviewState::Banned,
            ReviewAction::Edit {
                question,
                sql,
                accepted,
                rejected_by,
                findings,
            } => {
                self.state = ReviewState::Edited;
                (self.sample.question, self.sample.sql) = (question, sql);
                self.verdict.accepted = accepted;
                self.verdict.rejected_by = rejected_by;
                self.verdict.findings = findings;
            }
            ReviewAction::Undo => {}
        }
    }

    /// Whether the next export takes it.
    pub fn is_exported(&self) -> bool {
        match self.state {
            ReviewState::Approved => true,
            ReviewState::Banned => false,
            ReviewState::None | ReviewState::Edited => self.verdict.accepted,
        }
    }

    /// Whether it reads otherwise than it was generated.
    pub fn is_edited(&self) -> bool {
        let is_edit = |(review, undone): &(Review, bool)| !undone && review.action.step() == ReviewStep::Edit;
        self.history.iter().any(is_edit)
    }

    /// Id of the last step.
    pub fn last_step(&self) -> Option<&str> {
        self.history.last().map(|(review, _)| review.id.as_str())
    }
}

/// What a decision is about.
pub(crate) fn sample_digest(sample: &Sample) -> String {
    sha256_hex(format!("{}\n{}\n{}", sample.id, sample.question, sample.sql))
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Sample, Verdict};

    use super::{Review, ReviewAction, ReviewState, ReviewedPair, Reviews, sample_digest};

    fn sample() -> Sample {
        Sample {
            id: "s1".into(),
            question: "How many?".into(),
            sql: "SELECT 1".into(),
            ..Sample::default()
        }
    }

    fn decided(actions: &[ReviewAction]) -> ReviewedPair {
        let rows = actions.iter().enumerate().map(|(number, action)| Review {
            id: format!("r{number}"),
            time: 0,
            by: "a".into(),
            sample: "s1".into(),
            of: sample_digest(&sample()),
            action: action.clone(),
        });
        let verdict = Verdict {
            sample: "s1".into(),
            accepted: true,
            ..Verdict::default()
        };
        Reviews::new(rows.collect()).of(&sample(), &verdict)
    }

    fn edit(sql: &str, accepted: bool) -> ReviewAction {
        ReviewAction::Edit {
            question: "How many now?".into(),
            sql: sql.into(),
            accepted,
            rejected_by: None,
            findings: Vec::new(),
        }
    }

    #[test]
    fn the_last_decision_that_stands_counts_and_undo_takes_back_one() {
        use ReviewAction::{Approve, Ban, Undo};
        let cases: [(&[ReviewAction], ReviewState, bool, &str); 8] = [
            (&[], ReviewState::None, true, "SELECT 1"),
            (&[Ban], ReviewState::Banned, false, "SELECT 1"),
            (&[Ban, Undo], ReviewState::None, true, "SELECT 1"),
            (&[Undo, Ban], ReviewState::Banned, false, "SELECT 1"),
            (&[edit("SELECT 2", false)], ReviewState::Edited, false, "SELECT 2"),
            (
                &[edit("SELECT 2", false), Approve],
                ReviewState::Approved,
                true,
                "SELECT 2",
            ),
            (
                &[Ban, edit("SELECT 2", true), Undo, Undo],
                ReviewState::None,
                true,
                "SELECT 1",
            ),
            (
                &[edit("SELECT 2", true), edit("SELECT 3", true), Undo],
                ReviewState::Edited,
                true,
                "SELECT 2",
            ),
        ];
        for (actions, state, exported, sql) in cases {
            let pair = decided(actions);
            assert_eq!(
                (pair.state, pair.is_exported(), pair.sample.sql.as_str()),
                (state, exported, sql),
                "{actions:?}"
            );
            assert_eq!(pair.is_edited(), sql != "SELECT 1");
            assert_eq!(pair.history.len(), actions.len());
        }
    }

    #[test]
    fn decisions_about_another_sample_of_the_same_id_do_not_count() {
        let of_another = Review {
            id: "r".into(),
            time: 0,
            by: "a".into(),
            sample: "s1".into(),
            of: sample_digest(&Sample::default()),
            action: ReviewAction::Ban,
        };
        let pair = Reviews::new(vec![of_another]).of(&sample(), &Verdict::default());
        assert_eq!(pair.state, ReviewState::None);
        assert!(pair.history.is_empty());
    }

    #[test]
    fn a_line_of_the_journal_is_flat() {
        let pair = decided(&[edit("SELECT 2", true)]);
        let line = serde_json::to_string(&pair.history[0].0).unwrap();
        assert!(line.contains(r#""action":"edit","question":"How many now?""#), "{line}");
        assert_eq!(serde_json::from_str::<Review>(&line).unwrap(), pair.history[0].0);
    }
}
