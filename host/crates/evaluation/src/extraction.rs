//! The SQL in what a model wrote: out of thinking blocks, code fences, labels, JSON and prose.

use std::ops::Range;

use crate::sql_text::{Token, TokenKind, tokens};

/// The first statement a prediction offers as its answer, without its semicolon.
///
/// Looked for in this order: a `sql`/`query` field of a JSON object, the last code fence that starts like SQL, an inline
/// code span or the place where SQL starts in the text: after a label such as `SQL:`, at the start of a line, in capitals,
/// anywhere. It ends at a semicolon, a blank line, an end-of-turn token or a line of prose. A text without SQL is returned
/// whole, so that its syntax error can be told; a thinking block that never ends leaves nothing.
pub fn extract_sql(prediction: &str) -> String {
    let answer = without_thinking(prediction);
    let answer = cut_at(answer, &END_MARKERS).trim();
    if let Some(sql) = json_field(answer) {
        return first_statement(&sql).to_owned();
    }
    if let Some(fenced) = last_sql_fence(answer) {
        return first_statement(without_label(fenced)).to_owned();
    }
    if let Some(span) = code_span(answer) {
        return first_statement(span).to_owned();
    }
    match start(answer) {
        Some(start) => first_statement(&answer[start..]).to_owned(),
        None => answer.trim_end_matches(';').trim().to_owned(),
    }
}

/// What ends a model's turn or closes a tag around SQL.
const END_MARKERS: [&str; 9] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end|>",
    "</s>",
    "</sql>",
    "[/SQL]",
    "</answer>",
    "<|im_start|>",
];

/// Characters looked at to tell how a text begins.
const BEGINNING: usize = 400;

/// Words SQL statements start with.
const STARTS: [&str; 13] = [
    "select", "with", "values", "insert", "update", "delete", "create", "drop", "alter", "truncate", "replace",
    "merge", "explain",
];

/// Words prose about a query starts with, in a line after it.
const PROSE: [&str; 18] = [
    "this",
    "the",
    "here",
    "note",
    "explanation",
    "it",
    "in",
    "we",
    "i",
    "output",
    "result",
    "question",
    "answer",
    "please",
    "you",
    "these",
    "that",
    "however",
];

fn without_thinking(text: &str) -> &str {
    for tag in ["think", "thinking", "reasoning"] {
        let closing = format!("</{tag}>");
        if let Some(at) = text.rfind(&closing) {
            return &text[at + closing.len()..];
        }
        if let Some(at) = text.find(&format!("<{tag}>")) {
            return &text[..at];
        }
    }
    text
}

fn cut_at<'t>(text: &'t str, markers: &[&str]) -> &'t str {
    let end = markers
        .iter()
        .filter_map(|marker| text.find(marker))
        .filter(|at| *at > 0)
        .min();
    &text[..end.unwrap_or(text.len())]
}

fn json_field(text: &str) -> Option<String> {
    let body = fences(text).last().map_or(text, |fence| &text[fence.clone()]).trim();
    let object: serde_json::Map<String, serde_json::Value> = body
        .starts_with('{')
        .then(|| serde_json::from_str(body).ok())
        .flatten()?;
    ["sql", "SQL", "query", "sql_query"]
        .iter()
        .find_map(|field| object.get(*field)?.as_str())
        .map(str::to_owned)
}

/// Ranges of the insides of ``` fences, the language tag left out; the last may lack its end.
fn fences(text: &str) -> Vec<Range<usize>> {
    let marks: Vec<usize> = text.match_indices("```").map(|(at, _)| at).collect();
    marks
        .chunks(2)
        .map(|pair| {
            let end = pair.get(1).copied().unwrap_or(text.len());
            let start = pair[0] + 3;
            let tag = text[start..end].find(|c: char| !c.is_alphanumeric()).unwrap_or(0);
            let is_tag = text[start + tag..end].starts_with(['\n', '\r', ' ']) && !is_start(&text[start..start + tag]);
            if is_tag { start + tag..end } else { start..end }
        })
        .collect()
}

fn last_sql_fence(text: &str) -> Option<&str> {
    let insides: Vec<&str> = fences(text).into_iter().map(|range| text[range].trim()).collect();
    let starts_like_sql = |inside: &&&str| first_word(without_label(inside)).is_some_and(is_start);
    insides.iter().rev().find(starts_like_sql).copied()
}

/// The inside of the first `code span` that starts like SQL and stands in a text that does not.
fn code_span(text: &str) -> Option<&str> {
    let (_, after) = text
        .match_indices('`')
        .map(|(at, _)| text.split_at(at + 1))
        .find(|(before, after)| before.len() > 1 && first_word(after).is_some_and(is_start))?;
    let inside = &after[..after.find('`')?];
    (!first_word(text).is_some_and(is_start)).then_some(inside)
}

fn is_start(word: &str) -> bool {
    STARTS.iter().any(|start| start.eq_ignore_ascii_case(word))
}

/// First word that is no comment.
fn first_word(text: &str) -> Option<&str> {
    let tokens = tokens(beginning(text));
    let first = tokens
        .iter()
        .find(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment) && !token.is_mark("("))?;
    (first.kind == TokenKind::Word).then_some(first.text)
}

/// The first stretch of a text, long enough for a comment before a statement.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(BEGINNING).map_or(text, |(end, _)| &text[..end])
}

/// Drops a leading `SQL:` or the like.
fn without_label(text: &str) -> &str {
    let text = text.trim_start();
    match text.split_once(':') {
        Some((label, rest)) if label.len() < 20 && is_label(label) => rest.trim_start(),
        _ => text,
    }
}

fn is_label(text: &str) -> bool {
    let last = text
        .trim()
        .trim_matches(['*', '#', '`'])
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    ["sql", "sqlquery", "sqlite", "query", "answer", "答案", "查询"].contains(&last.to_lowercase().as_str())
}

/// Where SQL starts in a text with prose around it.
fn start(text: &str) -> Option<usize> {
    let tokens = tokens(text);
    let candidates: Vec<usize> = (0..tokens.len()).filter(|at| may_start(&tokens, *at)).collect();
    let ranks: [fn(&str, &Token) -> bool; 4] = [
        |text, token| is_labelled(&text[..token.start]),
        |text, token| {
            text[..token.start]
                .trim_end_matches([' ', '\t', '(', '`'])
                .ends_with('\n')
                || token.start == 0
        },
        |_, token| token.text.chars().all(|c| c.is_ascii_uppercase()),
        |_, token| token.is_word("select") || token.is_word("with"),
    ];
    let first = ranks
        .iter()
        .find_map(|rank| candidates.iter().map(|at| &tokens[*at]).find(|token| rank(text, token)))?;
    Some(with_parentheses(text, first.start))
}

/// Moves a start back over the parentheses before it.
fn with_parentheses(text: &str, start: usize) -> usize {
    match text[..start].trim_end().strip_suffix('(') {
        Some(before) => with_parentheses(text, before.len()),
        None => start,
    }
}

fn is_labelled(before: &str) -> bool {
    before
        .trim_end_matches([' ', '\n', '`', '*', '(', '['])
        .strip_suffix([':', '：', ']'])
        .is_some_and(is_label)
}

/// Whether the statement that a starting word announces follows.
fn may_start(tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    if token.kind != TokenKind::Word || !is_start(token.text) {
        return false;
    }
    let mut rest = tokens[at + 1..].iter().filter(|token| token.kind != TokenKind::Space);
    if token.is_word("select") {
        return rest.next().is_some_and(|next| !next.is_mark(",") && !next.is_mark("."));
    }
    if token.is_word("with") {
        return names_a_query(rest, token.depth);
    }
    let second = rest.next();
    let pairs: [(&str, &[&str]); 9] = [
        ("insert", &["into", "or"]),
        ("delete", &["from"]),
        (
            "create",
            &["table", "view", "index", "temp", "unique", "or", "database"],
        ),
        ("drop", &["table", "view", "index", "database"]),
        ("alter", &["table"]),
        ("truncate", &["table"]),
        ("replace", &["into"]),
        ("merge", &["into"]),
        ("explain", &["select", "query", "with", "analyze"]),
    ];
    let follows = |words: &[&str]| words.iter().any(|word| second.is_some_and(|token| token.is_word(word)));
    match pairs.iter().find(|(word, _)| token.is_word(word)) {
        Some((_, words)) => follows(words),
        None if token.is_word("values") => second.is_some_and(|token| token.is_mark("(")),
        None => rest.take(4).any(|token| token.is_word("set")),
    }
}

/// Whether what follows WITH is `[RECURSIVE] name [(columns)] AS`.
fn names_a_query<'t>(mut rest: impl Iterator<Item = &'t Token<'t>>, depth: u32) -> bool {
    let named = |token: &&Token| token.kind == TokenKind::Word || token.kind == TokenKind::Quoted;
    let Some(first) = rest.next().filter(named) else {
        return false;
    };
    let name = if first.is_word("recursive") {
        rest.next().filter(named)
    } else {
        Some(first)
    };
    let next = match rest.next() {
        Some(opening) if opening.is_mark("(") => {
            rest.by_ref().find(|token| token.is_mark(")") && token.depth == depth);
            rest.next()
        }
        next => next,
    };
    name.is_some() && next.is_some_and(|token| token.is_word("as"))
}

/// The first statement of a text that starts with SQL, up to where prose begins.
fn first_statement(text: &str) -> &str {
    let text = text.trim();
    let mut end = text.len();
    for token in tokens(text) {
        let blank_line = token.kind == TokenKind::Space && token.text.matches('\n').count() > 1;
        let new_line = token.kind == TokenKind::Space && token.text.contains('\n') && token.depth == 0;
        let next = text[token.end()..]
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        if token.is_mark(";")
            || (token.kind == TokenKind::Quoted && token.text.starts_with('`') && token.text.contains('\n'))
            || (blank_line
                && token.depth == 0
                && !continues(next)
                && !text[token.end()..].starts_with(['(', ',', '-', '/']))
            || (new_line && PROSE.iter().any(|word| word.eq_ignore_ascii_case(next)) && next != "in" && next != "IN")
            || (token.is_mark("`"))
        {
            end = token.start;
            break;
        }
    }
    text[..end].trim_end_matches('`').trim()
}

/// Words a statement may go on with after a blank line.
fn continues(word: &str) -> bool {
    const CLAUSES: [&str; 22] = [
        "select",
        "from",
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "fetch",
        "union",
        "intersect",
        "except",
        "join",
        "left",
        "right",
        "inner",
        "outer",
        "full",
        "cross",
        "on",
        "and",
        "or",
    ];
    CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::extract_sql;

    #[test]
    fn sql_is_found_wherever_it_stands() {
        for (prediction, sql) in [
            ("SELECT 1", "SELECT 1"),
            ("  select name from t ;  ", "select name from t"),
            (
                "```sql\nSELECT a\nFROM t;\n```\nThis query lists a.",
                "SELECT a\nFROM t",
            ),
            ("``` SELECT a FROM t ```", "SELECT a FROM t"),
            ("```\nSELECT a FROM t", "SELECT a FROM t"),
            (
                "First:\n```sql\nSELECT 1\n```\nBetter:\n```sql\nSELECT 2\n```",
                "SELECT 2",
            ),
            ("<think>SELECT wrong FROM x</think>\nSELECT a FROM t", "SELECT a FROM t"),
            (
                "reasoning without opening tag SELECT 0 </think> SELECT a FROM t",
                "SELECT a FROM t",
            ),
            ("<think>still thinking about SELECT", ""),
            ("SQL: SELECT a FROM t", "SELECT a FROM t"),
            (
                "SQLQuery: SELECT a FROM t\nSQLResult: 3",
                "SELECT a FROM t\nSQLResult: 3",
            ),
            (
                "To select the names from the table use: SELECT name FROM t",
                "SELECT name FROM t",
            ),
            (
                "With the tables above you get:\nWITH x AS (SELECT 1) SELECT * FROM x",
                "WITH x AS (SELECT 1) SELECT * FROM x",
            ),
            ("SELECT a FROM t; SELECT b FROM t", "SELECT a FROM t"),
            ("SELECT ';' FROM t", "SELECT ';' FROM t"),
            ("SELECT a FROM t\n\nThis gives all a.", "SELECT a FROM t"),
            ("SELECT a FROM t\nThe query gives all a.", "SELECT a FROM t"),
            ("SELECT a\n\nFROM t", "SELECT a\n\nFROM t"),
            ("{\"sql\": \"SELECT a FROM t;\", \"why\": \"x\"}", "SELECT a FROM t"),
            ("SELECT a FROM t<|im_end|>\n", "SELECT a FROM t"),
            ("Use `SELECT a FROM t`.", "SELECT a FROM t"),
            ("SELECT `a` FROM `t` WHERE `b` = 1", "SELECT `a` FROM `t` WHERE `b` = 1"),
            (
                "答案：SELECT a FROM 表 WHERE 名 = '李'",
                "SELECT a FROM 表 WHERE 名 = '李'",
            ),
            ("DROP TABLE t", "DROP TABLE t"),
            (
                "(SELECT a FROM t) UNION (SELECT b FROM t)",
                "(SELECT a FROM t) UNION (SELECT b FROM t)",
            ),
            ("I do not know.", "I do not know."),
            ("", ""),
        ] {
            assert_eq!(extract_sql(prediction), sql, "{prediction}");
        }
    }

    #[test]
    fn ten_megabytes_and_odd_characters_are_no_trouble() {
        let long = format!("SELECT '{}' FROM t", "x\u{0}é".repeat(2_000_000));
        assert!(extract_sql(&long) == long);
        assert!(extract_sql(&"`".repeat(100_000)).len() <= 100_000);
    }
}
