//! No two pairs share a question or a statement.

use std::collections::HashSet;

use nl2sql_catalog::Sample;

/// Questions of accepted samples and statements of all samples so far.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    questions: HashSet<String>,
    statements: HashSet<String>,
}

impl Duplicates {
    /// Whether a candidate repeats something; if not, its statement counts from now on.
    pub(super) fn is_new(&mut self, question: &str, statement: &str) -> bool {
        !self.questions.contains(question) && self.statements.insert(statement.to_owned())
    }

    /// The question of an accepted sample counts from now on; false when it was there already.
    pub(super) fn accept(&mut self, question: &str) -> bool {
        self.questions.insert(question.to_owned())
    }

    /// Counts a sample of an earlier session.
    pub(super) fn replay(&mut self, question: &str, statement: &str, accepted: bool) {
        self.statements.insert(statement.to_owned());
        if accepted {
            self.questions.insert(question.to_owned());
        }
    }
}

/// What makes two questions the same: case, spacing and closing punctuation aside.
pub(super) fn question_key(sample: &Sample) -> String {
    let words: Vec<_> = sample.question.split_whitespace().collect();
    words
        .join(" ")
        .to_lowercase()
        .trim_end_matches(['.', '?', '!', '。', '？', '！', ' '])
        .to_owned()
}
