//! Pairs that people judged: kept in the run folder, looked up by the likeness of their questions.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::AppError;

/// Likeness below which a pair is not worth naming.
const MIN_SIMILARITY: f64 = 0.2;
/// Characters that are compared together.
const GRAM: usize = 3;

/// What somebody thinks of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
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
    /// The statement that was judged; for [`Verdict::Corrected`] the right one.
    pub sql: String,
    /// The verdict.
    pub verdict: Verdict,
}

/// A pair that resembles a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    path: PathBuf,
    lines: Mutex<Vec<Feedback>>,
}

impl VerifiedPairs {
    /// Reads the pairs of earlier servers. Half a line that a killed process left is passed over.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, AppError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(AppError::Failed(format!("{} cannot be read: {error}", path.display()))),
        };
        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
        Ok(Self {
            lines: Mutex::new(lines.collect()),
            path,
        })
    }

    /// Keeps a verdict.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, feedback: Feedback) -> std::io::Result<()> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = serde_json::to_string(&feedback)?;
        text.insert(0, '\n');
        text.push('\n');
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        lines.push(feedback);
        Ok(())
    }

    /// Pairs whose last verdict is good, the likest first.
    pub fn similar(&self, question: &str, count: usize) -> Vec<SimilarPair> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = grams(question);
        let mut seen = BTreeSet::new();
        let mut found: Vec<SimilarPair> = lines
            .iter()
            .rev()
            .filter(|line| seen.insert((line.question.as_str(), line.sql.as_str())))
            .filter(|line| line.verdict != Verdict::Wrong)
            .map(|line| SimilarPair {
                question: line.question.clone(),
                sql: line.sql.clone(),
                similarity: likeness(&asked, &grams(&line.question)),
            })
            .filter(|pair| pair.similarity >= MIN_SIMILARITY)
            .collect();
        found.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        found.truncate(count);
        found
    }
}

/// Runs of characters, in lower case; they serve languages without spaces too.
fn grams(text: &str) -> BTreeSet<Vec<char>> {
    let letters: Vec<char> = format!(" {} ", text.to_lowercase()).chars().collect();
    letters.windows(GRAM.min(letters.len())).map(<[char]>::to_vec).collect()
}

/// Jaccard's index.
fn likeness(a: &BTreeSet<Vec<char>>, b: &BTreeSet<Vec<char>>) -> f64 {
    let common = a.intersection(b).count();
    common as f64 / (a.len() + b.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feedback(question: &str, sql: &str, verdict: Verdict) -> Feedback {
        Feedback {
            time: 0,
            by: "a".into(),
            question: question.into(),
            sql: sql.into(),
            verdict,
        }
    }

    #[test]
    fn the_likest_pairs_come_first_and_wrong_ones_never() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("verified.jsonl");
        let pairs = VerifiedPairs::open(path.clone()).unwrap();
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
        let again = VerifiedPairs::open(path).unwrap();
        let similar = again.similar("how many singers are there", 5);
        assert_eq!(similar[0].sql, "SELECT count(*) FROM singer");
        assert!(similar.len() == 2 && similar.iter().all(|pair| pair.sql != "SELECT 1"));
        assert_eq!(again.similar("列出所有歌手的年龄", 1)[0].sql, "SELECT name FROM singer");
    }

    #[test]
    fn a_later_verdict_overrules_an_earlier_one() {
        let place = tempfile::tempdir().unwrap();
        let pairs = VerifiedPairs::open(place.path().join("verified.jsonl")).unwrap();
        pairs.add(feedback("How many?", "SELECT 1", Verdict::Right)).unwrap();
        pairs.add(feedback("How many?", "SELECT 1", Verdict::Wrong)).unwrap();
        assert!(pairs.similar("How many?", 5).is_empty());
    }
}
