//! Literals in text that is not SQL throughout.

use std::ops::Range;

/// Ranges of the strings and quoted names that begin and end in one line; apostrophes of words such as `it's` open none.
///
/// Markers of chat templates and Markdown count only outside of them.
pub(super) fn literals(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let bytes = line.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let quote = bytes[at];
            if matches!(quote, b'\'' | b'"') && !is_apostrophe(bytes, at) {
                let Some(length) = bytes[at + 1..].iter().position(|byte| *byte == quote) else {
                    break;
                };
                found.push(line_start + at..line_start + at + length + 2);
                at += length + 2;
            } else {
                at += 1;
            }
        }
        line_start += line.len();
    }
    found
}

fn is_apostrophe(line: &[u8], at: usize) -> bool {
    at > 1 && line[at] == b'\'' && line[at - 1].is_ascii_alphabetic() && line[at - 2].is_ascii_alphabetic()
}

/// Places of `marker` in `text` outside of literals.
pub(super) fn places_outside(text: &str, marker: &str) -> Vec<usize> {
    if !text.contains(marker) {
        return Vec::new();
    }
    let literals = literals(text);
    text.match_indices(marker)
        .map(|(at, _)| at)
        .filter(|at| {
            let next = literals.partition_point(|literal| literal.end <= *at);
            literals.get(next).is_none_or(|literal| literal.start > *at)
        })
        .collect()
}
