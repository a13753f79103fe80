//! No two pairs share a question, and only so many share a statement.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What tells a sample from others: its question and its statement, each in normal form and by the first eight bytes of its SHA-256. Among a
/// million of them two that differ are taken for one with a probability of 3 in 10^8; one is then left out as a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleKey {
    question: u64,
    statement: u64,
}

impl SampleKey {
    /// The key of a question and a statement whose normal form this is.
    pub(crate) fn new(question: &str, statement: &str) -> Self {
        Self {
            question: digest(&question_key(question)),
            statement: digest(statement),
        }
    }
}

fn digest(text: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(text).into();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Questions of accepted samples, and how many samples so far have each statement.
#[derive(Debug)]
pub(super) struct Duplicates {
    questions: HashSet<u64>,
    statements: HashMap<u64, u32>,
    /// Most samples that share a statement.
    wordings: u32,
}

impl Duplicates {
    /// Nothing known yet; up to `wordings` samples may share a statement.
    pub(super) fn new(wordings: u32) -> Self {
        Self {
            questions: HashSet::new(),
            statements: HashMap::new(),
            wordings,
        }
    }

    /// Whether a candidate is one more question for its statement; if so, it counts from now on.
    pub(super) fn is_new(&mut self, key: SampleKey) -> bool {
        if self.questions.contains(&key.question) {
            return false;
        }
        let known = self.statements.entry(key.statement).or_default();
        let room = *known < self.wordings;
        *known += u32::from(room);
        room
    }

    /// The question of an accepted sample counts from now on; false when it was there already.
    pub(super) fn accept(&mut self, key: SampleKey) -> bool {
        self.questions.insert(key.question)
    }

    /// Counts a sample of an earlier session.
    pub(super) fn replay(&mut self, key: SampleKey, accepted: bool) {
        *self.statements.entry(key.statement).or_default() += 1;
        if accepted {
            self.questions.insert(key.question);
        }
    }
}

/// What makes two questions the same: case, spacing and closing punctuation aside.
pub(crate) fn question_key(question: &str) -> String {
    let words: Vec<_> = question.split_whitespace().collect();
    words
        .join(" ")
        .to_lowercase()
        .trim_end_matches(['.', '?', '!', '。', '？', '！', ' '])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Duplicates, SampleKey};

    #[test]
    fn a_statement_has_as_many_questions_as_the_profile_says_and_a_question_one_statement() {
        let mut duplicates = Duplicates::new(2);
        let first = SampleKey::new("How many?", "select 1");
        assert!(duplicates.is_new(first) && duplicates.accept(first));
        assert!(
            !duplicates.is_new(SampleKey::new("how  many", "select 2")),
            "the question has its statement"
        );
        let second = SampleKey::new("Count them.", "select 1");
        assert!(duplicates.is_new(second) && duplicates.accept(second));
        assert!(
            !duplicates.is_new(SampleKey::new("Tell the number.", "select 1")),
            "two wordings are there"
        );
        let mut alone = Duplicates::new(1);
        alone.replay(first, false);
        assert!(!alone.is_new(second));
    }
}
