//! No two pairs share a question, and only so many share a statement.

use std::collections::{HashMap, HashSet};

/// Questions of accepted samples, and how many samples so far have each statement.
#[derive(Debug)]
pub(super) struct Duplicates {
    questions: HashSet<String>,
    statements: HashMap<String, u32>,
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
    pub(super) fn is_new(&mut self, question: &str, statement: String) -> bool {
        if self.questions.contains(question) {
            return false;
        }
        let known = self.statements.entry(statement).or_default();
        let room = *known < self.wordings;
        *known += u32::from(room);
        room
    }

    /// The question of an accepted sample counts from now on; false when it was there already.
    pub(super) fn accept(&mut self, question: &str) -> bool {
        self.questions.insert(question.to_owned())
    }

    /// Counts a sample of an earlier session.
    pub(super) fn replay(&mut self, question: &str, statement: String, accepted: bool) {
        *self.statements.entry(statement).or_default() += 1;
        if accepted {
            self.questions.insert(question.to_owned());
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
    use super::Duplicates;

    #[test]
    fn a_statement_has_as_many_questions_as_the_profile_says_and_a_question_one_statement() {
        let mut duplicates = Duplicates::new(2);
        assert!(duplicates.is_new("how many", "select 1".into()) && duplicates.accept("how many"));
        assert!(
            !duplicates.is_new("how many", "select 2".into()),
            "the question has its statement"
        );
        assert!(duplicates.is_new("count them", "select 1".into()) && duplicates.accept("count them"));
        assert!(
            !duplicates.is_new("tell the number", "select 1".into()),
            "two wordings are there"
        );
        let mut alone = Duplicates::new(1);
        alone.replay("how many", "select 1".into(), false);
        assert!(!alone.is_new("count them", "select 1".into()));
    }
}
