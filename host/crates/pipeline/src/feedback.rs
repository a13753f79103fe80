//! What people said about answers: a journal that a server of the run appends to, and the pairs that follow from it for the export.

mod journal;
mod verified;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::generate::question_key;
pub use journal::FeedbackJournal;
pub(crate) use verified::{Merge, Merged, Verification, VerifiedCounts};

/// What somebody thinks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackVerdict {
    /// The statement answers the question.
    Right,
    /// It does not.
    Wrong,
    /// It does not, and another one does.
    Corrected,
}

/// A line of `serve/verified.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Seconds since 1970-01-01 UTC.
    pub time: u64,
    /// Name of the key.
    pub by: String,
    /// The question.
    pub question: String,
    /// Language of the question as a BCP 47 tag; empty where nobody said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The statement that was judged; for [`FeedbackVerdict::Corrected`] the right one.
    pub sql: String,
    /// The verdict.
    pub verdict: FeedbackVerdict,
}

/// Pairs whose statement was found to answer the question, in the order of their verdicts. A later verdict overrules an earlier one about
/// the same pair, and a question has one statement, the last.
pub fn verified_pairs(lines: &[Feedback]) -> Vec<&Feedback> {
    let mut by_question: BTreeMap<String, Vec<(usize, &Feedback)>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let standing = by_question.entry(question_key(&line.question)).or_default();
        standing.retain(|(_, earlier)| earlier.sql != line.sql);
        if line.verdict != FeedbackVerdict::Wrong {
            standing.push((at, line));
        }
    }
    let mut last: Vec<_> = by_question
        .into_values()
        .filter_map(|mut standing| standing.pop())
        .collect();
    last.sort_by_key(|(at, _)| *at);
    last.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::{Feedback, FeedbackVerdict, verified_pairs};

    fn said(question: &str, sql: &str, verdict: FeedbackVerdict) -> Feedback {
        Feedback {
            time: 0,
            by: "a".into(),
            question: question.into(),
            language: String::new(),
            sql: sql.into(),
            verdict,
        }
    }

    #[test]
    fn a_question_has_the_last_statement_that_stands() {
        use FeedbackVerdict::{Corrected, Right, Wrong};
        let statements = |lines: &[Feedback]| -> Vec<String> {
            verified_pairs(lines).into_iter().map(|line| line.sql.clone()).collect()
        };
        let mut lines = vec![said("How many?", "SELECT 1", Right), said("Which?", "SELECT 9", Right)];
        lines.push(said("how many", "SELECT 2", Corrected));
        assert_eq!(statements(&lines), ["SELECT 9", "SELECT 2"]);
        lines.push(said("How many?", "SELECT 2", Wrong));
        assert_eq!(statements(&lines), ["SELECT 1", "SELECT 9"]);
        lines.push(said("How many?", "SELECT 1", Wrong));
        assert_eq!(statements(&lines), ["SELECT 9"]);
    }
}
