//! Pairs that people judged: kept in the run folder, looked up by the likeness of their questions.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nl2sql_pipeline::{Feedback, FeedbackJournal, Grams, verified_pairs};
use schemars::JsonSchema;
use serde::Serialize;

use crate::AppError;

/// Likeness below which a pair is not worth naming.
const MIN_SIMILARITY: f64 = 0.2;

/// A pair that resembles a question.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SimilarPair {
    /// Its question.
    pub question: String,
    /// Its statement.
    pub sql: String,
    /// How like the questions are, up to 1.
    pub similarity: f64,
}

/// The pairs of a run.
#[derive(Debug)]
pub struct VerifiedPairs {
    journal: FeedbackJournal,
    lines: Mutex<Vec<Feedback>>,
}

impl VerifiedPairs {
    /// Reads what earlier servers of the run in `folder` kept.
    ///
    /// # Errors
    /// When the journal cannot be read, or its folder not be made.
    pub fn open(folder: &Path) -> Result<Self, AppError> {
        let journal = FeedbackJournal::of(folder)?;
        Ok(Self {
            lines: Mutex::new(journal.read()?),
            journal,
        })
    }

    /// Keeps a verdict, and takes over what other servers of the run kept meanwhile.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, feedback: Feedback) -> Result<(), AppError> {
        let lines = self.journal.append(feedback)?;
        *self.lines.lock().unwrap_or_else(PoisonError::into_inner) = lines;
        Ok(())
    }

    /// Pairs that stand and resemble a question, the likest first.
    pub fn similar(&self, question: &str) -> Vec<SimilarPair> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = Grams::of(question);
        let pairs = verified_pairs(&lines).into_iter().rev().map(|line| SimilarPair {
            question: line.question.clone(),
            sql: line.sql.clone(),
            similarity: asked.likeness(&Grams::of(&line.question)),
        });
        let mut found: Vec<SimilarPair> = pairs.filter(|pair| pair.similarity >= MIN_SIMILARITY).collect();
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        found
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_pipeline::FeedbackVerdict as Verdict;

    use super::*;

    fn feedback(question: &str, sql: &str, verdict: Verdict) -> Feedback {
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
    fn the_likest_pairs_come_first_and_wrong_ones_never() {
        let place = tempfile::tempdir().unwrap();
        let pairs = VerifiedPairs::open(place.path()).unwrap();
        for (question, sql, verdict) in [
            (
                "How many singers are there?",
                "SELECT count(*) FROM singer",
                Verdict::Right,
            ),
            (
                "How many stadiums are there?",
                "SELECT count(*) FROM stadium",
                Verdict::Corrected,
            ),
            ("How many singers are there now?", "SELECT 1", Verdict::Wrong),
            ("列出所有歌手", "SELECT name FROM singer", Verdict::Right),
        ] {
            pairs.add(feedback(question, sql, verdict)).unwrap();
        }
        let again = VerifiedPairs::open(place.path()).unwrap();
        let similar = again.similar("how many singers are there");
        assert_eq!(similar[0].sql, "SELECT count(*) FROM singer");
        assert!(similar.len() == 2 && similar.iter().all(|pair| pair.sql != "SELECT 1"));
        assert_eq!(again.similar("列出所有歌手的年龄")[0].sql, "SELECT name FROM singer");
    }

    #[test]
    fn a_later_verdict_overrules_an_earlier_one() {
        let place = tempfile::tempdir().unwrap();
        let pairs = VerifiedPairs::open(place.path()).unwrap();
        pairs.add(feedback("How many?", "SELECT 1", Verdict::Right)).unwrap();
        pairs.add(feedback("How many?", "SELECT 1", Verdict::Wrong)).unwrap();
        assert!(pairs.similar("How many?").is_empty());
    }
}
