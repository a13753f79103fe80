//! Differences between a predicted statement and its gold, word by word.

use schemars::JsonSchema;
use serde::Serialize;
use similar::{Algorithm, ChangeTag, TextDiff};

/// Longest statements compared, in bytes: the time grows with the product of both lengths.
const MAX_DIFF_BYTES: usize = 8_000;

/// Consecutive words with the same role in the difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Segment {
    /// `same`, `extra` (only in the prediction) or `missing` (only in the gold).
    pub kind: &'static str,
    /// The text.
    pub text: String,
}

/// The prediction as segments; one plain segment where there is no gold or the statements are too long to compare.
pub(super) fn segments(gold: &str, predicted: &str) -> Vec<Segment> {
    if gold.is_empty() || predicted.is_empty() || gold.len() + predicted.len() > MAX_DIFF_BYTES {
        return vec![Segment {
            kind: "same",
            text: predicted.to_owned(),
        }];
    }
    let (old, new) = (tokens(gold), tokens(predicted));
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_slices(&old, &new);
    let mut segments: Vec<Segment> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = match change.tag() {
            ChangeTag::Equal => "same",
            ChangeTag::Insert => "extra",
            ChangeTag::Delete => "missing",
        };
        match segments.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.text.push_str(change.value()),
            None => segments.push(Segment {
                kind,
                text: change.value().to_owned(),
            }),
        }
    }
    segments
}

/// Words, runs of white space, and single other characters, so that `t1.id,` differs from `t1.name,` in one word.
fn tokens(sql: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in sql.char_indices() {
        let class = class(c);
        if last.is_some_and(|last| last != class || class == 2) {
            tokens.push(&sql[start..at]);
            start = at;
        }
        last = Some(class);
    }
    if start < sql.len() {
        tokens.push(&sql[start..]);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_column_is_the_only_difference() {
        let found = segments("SELECT t1.id, x FROM t", "SELECT t1.name, x FROM t");
        let shown: Vec<(&str, &str)> = found
            .iter()
            .map(|segment| (segment.kind, segment.text.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("same", "SELECT t1."),
                ("missing", "id"),
                ("extra", "name"),
                ("same", ", x FROM t")
            ]
        );
    }

    #[test]
    fn equal_statements_are_one_segment() {
        assert_eq!(segments("SELECT 'ä' ", "SELECT 'ä' ").len(), 1);
    }
}
