//! Where a statement begins in an answer.

use super::Syntax;
use super::statement_end::first_statement;
use nl2sql_sql_lexer::{Token, TokenKind, tokens};

/// Characters looked at to tell how a text begins.
const BEGINNING: usize = 400;

/// Words SQL statements start with.
const STARTS: [&str; 13] = [
    "select", "with", "values", "insert", "update", "delete", "create", "drop", "alter", "truncate", "replace",
    "merge", "explain",
];

/// Whether a text begins with a statement, after comments, parentheses and a label.
pub(super) fn starts_like_sql(text: &str, syntax: &Syntax<'_>) -> bool {
    begins_statement(without_label(text), syntax)
}

/// Whether a text begins with a statement, after comments and parentheses.
pub(super) fn begins_statement(text: &str, syntax: &Syntax<'_>) -> bool {
    first_word(text, syntax).is_some_and(|word| is_start(word) || begins_with_own_word(word, text, syntax))
}

/// Whether a text begins with a statement by a word that only this dialect begins statements with. Such words, FROM and TABLE among
/// them, begin sentences too, so that the text has to be a statement.
fn begins_with_own_word(word: &str, text: &str, syntax: &Syntax<'_>) -> bool {
    let is_own = !is_start(word) && syntax.query_words.iter().any(|own| own.eq_ignore_ascii_case(word));
    is_own && (syntax.is_statement).is_some_and(|is_statement| is_statement(first_statement(text, syntax)))
}

pub(super) fn is_start(word: &str) -> bool {
    STARTS.iter().any(|start| start.eq_ignore_ascii_case(word))
}

/// First word that is no comment.
pub(super) fn first_word<'t>(text: &'t str, syntax: &Syntax<'_>) -> Option<&'t str> {
    let tokens = tokens(beginning(text), &syntax.rules);
    let first = tokens.iter().find(|token| !token.is_blank() && !token.is_mark("("))?;
    (first.kind == TokenKind::Word).then_some(first.text)
}

/// The first stretch of a text, long enough for a comment before a statement.
fn beginning(text: &str) -> &str {
    text.char_indices().nth(BEGINNING).map_or(text, |(end, _)| &text[..end])
}

/// Drops a leading `SQL:` or the like.
pub(super) fn without_label(text: &str) -> &str {
    let text = text.trim_start();
    match text.split_once(':') {
        Some((label, rest)) if label.len() < 20 && is_label(label) => rest.trim_start(),
        _ => text,
    }
}

/// Drops a first line that names the language, as models write it below the marks of a fence.
pub(super) fn without_language(text: &str) -> &str {
    match text.split_once('\n') {
        Some((line, rest)) if is_label(line.trim()) => rest.trim_start(),
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
    [
        "sql",
        "sqlquery",
        "sqlite",
        "query",
        "answer",
        "答案",
        "查询",
        "sql语句",
        "语句",
        "查询语句",
    ]
    .contains(&last.to_lowercase().as_str())
}

/// Where SQL starts in a text with prose around it.
pub(super) fn start(text: &str, syntax: &Syntax<'_>) -> Option<usize> {
    let unapostrophed = without_apostrophes(text);
    let tokens = tokens(&unapostrophed, &syntax.rules);
    let candidates: Vec<usize> = (0..tokens.len()).filter(|at| may_start(&tokens, *at)).collect();
    if let Some(start) = own_start(text, &tokens, candidates.first().map(|at| tokens[*at].start), syntax) {
        return Some(with_parentheses(text, start));
    }
    let ranks: [fn(&str, &Token) -> bool; 5] = [
        |text, token| is_labelled(&text[..token.start]),
        |text, token| begins_line(text, token) && !is_capitalised(token.text),
        begins_line,
        |_, token| token.text.chars().all(|c| c.is_ascii_uppercase()),
        |_, token| token.is_word("select") || token.is_word("with"),
    ];
    let first = ranks
        .iter()
        .find_map(|rank| candidates.iter().map(|at| &tokens[*at]).find(|token| rank(text, token)))?;
    Some(with_parentheses(text, first.start))
}

/// Where a statement of the dialect's own begins a line or follows a label, before any other statement might.
fn own_start(text: &str, tokens: &[Token], others: Option<usize>, syntax: &Syntax<'_>) -> Option<usize> {
    let before = tokens
        .iter()
        .take_while(|token| others.is_none_or(|other| token.start < other));
    let is_own = |token: &&Token| {
        token.kind == TokenKind::Word
            && (begins_line(text, token) || is_labelled(&text[..token.start]))
            && begins_with_own_word(token.text, &text[token.start..], syntax)
    };
    before.into_iter().find(is_own).map(|token| token.start)
}

/// The text with the apostrophes of words such as `it's` blanked, which would open a string; places stay the same.
fn without_apostrophes(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_letter = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic);
    let blanked = |(at, c): (usize, char)| {
        let before = at.checked_sub(1);
        // One letter before a quote is the prefix of a string, but for the word I.
        let word = is_letter(at.checked_sub(2)) || before.is_some_and(|before| bytes[before] == b'I');
        let inside = word && is_letter(before) && is_letter(Some(at + 1));
        if c == '\'' && inside { ' ' } else { c }
    };
    text.char_indices().map(blanked).collect()
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
    let named = |token: &&Token| token.kind == TokenKind::Word || token.is_quoted();
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

fn begins_line(text: &str, token: &Token) -> bool {
    text[..token.start]
        .trim_end_matches([' ', '\t', '(', '`'])
        .ends_with('\n')
        || token.start == 0
}

/// Whether a word is written as at the start of a sentence.
pub(super) fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
}
