//! The parts of an answer that may hold SQL: what follows the thoughts, JSON fields, code fences, code spans.

use std::ops::Range;

use super::Syntax;
use super::literals::places_outside;
use super::statement_start::{begins_statement, is_start, starts_like_sql, without_language};

/// Fields of a JSON answer that hold the statement.
const SQL_FIELDS: [&str; 4] = ["sql", "SQL", "query", "sql_query"];

/// What follows a model's thoughts. Nothing, where they do not end.
pub(super) fn after_thinking(text: &str) -> &str {
    for tag in ["think", "thinking", "reasoning"] {
        let closing = format!("</{tag}>");
        if let Some(at) = places_outside(text, &closing).last() {
            return &text[at + closing.len()..];
        }
        if let Some(at) = places_outside(text, &format!("<{tag}>")).first() {
            return &text[..*at];
        }
    }
    text
}

/// The text of an answer that is one quotation of Markdown.
pub(super) fn quoted_text(text: &str) -> Option<String> {
    let lines: Option<Vec<&str>> = text.lines().map(quoted_line).collect();
    Some(lines.filter(|lines| !lines.is_empty())?.join("\n"))
}

/// The first quotation of Markdown that starts like SQL and stands in a text that does not.
pub(super) fn quoted_sql(text: &str, syntax: &Syntax<'_>) -> Option<String> {
    if begins_statement(text, syntax) {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    lines
        .chunk_by(|one, next| quoted_line(one).is_some() == quoted_line(next).is_some())
        .filter_map(|chunk| {
            Some(
                chunk
                    .iter()
                    .map(|line| quoted_line(line))
                    .collect::<Option<Vec<_>>>()?
                    .join("\n"),
            )
        })
        .find(|quotation| starts_like_sql(quotation.trim(), syntax) || last_sql_fence(quotation, syntax).is_some())
}

/// What a line of a quotation holds.
fn quoted_line(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('>')?;
    Some(inside.strip_prefix(' ').unwrap_or(inside))
}

pub(super) fn json_field(text: &str) -> Option<String> {
    let body = fences(text).last().map_or(text, |fence| &text[fence.clone()]).trim();
    let object: serde_json::Map<String, serde_json::Value> = body
        .starts_with('{')
        .then(|| serde_json::Deserializer::from_str(body).into_iter().next()?.ok())
        .flatten()?;
    SQL_FIELDS
        .iter()
        .find_map(|field| object.get(*field)?.as_str())
        .map(str::to_owned)
}

/// Ranges of the insides of ``` fences, the language tag left out; the last may lack its end.
fn fences(text: &str) -> Vec<Range<usize>> {
    places_outside(text, "```")
        .chunks(2)
        .map(|pair| {
            let end = pair.get(1).copied().unwrap_or(text.len());
            let start = (pair[0] + 3).min(end);
            let tag = text[start..end].find(|c: char| !c.is_alphanumeric()).unwrap_or(0);
            let is_tag = text[start + tag..end].starts_with(['\n', '\r', ' ']) && !is_start(&text[start..start + tag]);
            if is_tag { start + tag..end } else { start..end }
        })
        .collect()
}

pub(super) fn last_sql_fence<'t>(text: &'t str, syntax: &Syntax<'_>) -> Option<&'t str> {
    let inside = |range: Range<usize>| without_language(text[range].trim());
    let insides: Vec<&str> = fences(text).into_iter().map(inside).collect();
    insides
        .iter()
        .rev()
        .find(|inside| starts_like_sql(inside, syntax))
        .copied()
}

/// The inside of the first `code span` that starts like SQL and stands in a text that does not.
pub(super) fn code_span<'t>(text: &'t str, syntax: &Syntax<'_>) -> Option<&'t str> {
    if begins_statement(text, syntax) {
        return None;
    }
    let inside = |after: &'t str| &after[..after.find('`').unwrap_or(after.len())];
    let (_, after) = text
        .match_indices('`')
        .map(|(at, _)| text.split_at(at + 1))
        .find(|(before, after)| before.len() > 1 && begins_statement(inside(after), syntax))?;
    Some(&after[..after.find('`')?])
}
