//! Where a statement ends in an answer.

use nl2sql_sql_lexer::{Token, TokenKind, tokens};

use super::Syntax;
use super::literals::places_outside;
use super::prose::is_prose;
use super::statement_start::{first_word, is_capitalised, starts_like_sql};

/// What ends a model's turn, closes a tag around SQL, or fences it.
const END_MARKERS: [&str; 10] = [
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|end|>",
    "</s>",
    "</sql>",
    "[/SQL]",
    "</answer>",
    "<|im_start|>",
    "```",
];

/// Places at which prose may begin that are asked about; a longer text is looked at no further.
const MAX_PLACES: usize = 200;

/// The text before the first end marker that is in no literal and not at its beginning.
pub(crate) fn before_end_marker(text: &str) -> &str {
    let places = END_MARKERS.iter().flat_map(|marker| places_outside(text, marker));
    &text[..places.filter(|at| *at > 0).min().unwrap_or(text.len())]
}

/// The first statement of a text that starts with SQL: the text up to its end, or the shortest part of it that is a
/// statement and that prose follows. Where no part is a statement, what stands before the first prose.
pub(super) fn first_statement<'t>(text: &'t str, syntax: &Syntax<'_>) -> &'t str {
    let text = text.trim();
    let tokens = tokens(text, &syntax.rules);
    let end = hard_end(text, &tokens);
    let text = without_closing_marks(text[..end].trim_end(), &tokens);
    let capitalised = first_word(text, syntax).is_some_and(is_capitalised);
    let is_statement = |sql: &str| syntax.is_statement.is_none_or(|is_statement| is_statement(sql));
    let places: Vec<usize> = prose_places(text, &tokens, capitalised).take(MAX_PLACES).collect();
    if syntax.is_statement.is_some() && is_statement(text) {
        return text;
    }
    let part = |at: &usize| text[..*at].trim_end();
    if let Some(statement) = places.iter().map(part).find(|part| is_statement(part)) {
        return statement;
    }
    // Words that a statement might go on with begin sentences of their own paragraphs, too.
    let paragraphs: Vec<usize> = paragraph_ends(text, &tokens).take(MAX_PLACES).collect();
    let statement = paragraphs
        .iter()
        .rev()
        .map(part)
        .find(|part| syntax.is_statement.is_some_and(|is_statement| is_statement(part)));
    statement.unwrap_or_else(|| places.first().map_or(text, part))
}

/// Drops backticks that open or close a code span or fence; one that closes a name belongs to it.
fn without_closing_marks<'t>(text: &'t str, tokens: &[Token<'_>]) -> &'t str {
    let is_name = |token: &Token<'_>| token.kind == TokenKind::Name && token.closed && token.end() == text.len();
    if tokens.iter().any(is_name) {
        return text;
    }
    text.trim_end_matches('`').trim_end()
}

/// Blank lines outside of parentheses before which a statement may end.
fn paragraph_ends<'p>(text: &'p str, tokens: &'p [Token<'p>]) -> impl Iterator<Item = usize> + 'p {
    let inside = tokens.iter().enumerate().filter(|(_, token)| token.end() < text.len());
    inside.filter_map(|(at, token)| {
        let is_blank_line = token.kind == TokenKind::Space && token.text.matches('\n').count() > 1;
        (is_blank_line && token.depth == 0 && may_end(&tokens[..at])).then_some(token.start)
    })
}

/// The first statement of a text that starts with SQL, and the one that follows it directly: two are as wrong as many.
pub(super) fn first_two_statements<'t>(text: &'t str, syntax: &Syntax<'_>) -> &'t str {
    let text = text.trim();
    let end = first_statement(text, syntax).len();
    let rest = text[end..].trim_start();
    let second = rest.trim_start_matches([';', ' ', '\n', '\r', '\t']);
    if !rest.starts_with(';') || !starts_like_sql(second, syntax) {
        return &text[..end];
    }
    &text[..text.len() - second.len() + first_statement(second, syntax).len()]
}

/// The first semicolon, full stop of Chinese, end marker or fence outside literals and comments. A quote that nobody closes holds no literal, so that markers count in it.
fn hard_end(text: &str, tokens: &[Token<'_>]) -> usize {
    for token in tokens {
        let rest = &text[token.start..];
        if END_MARKERS.iter().any(|marker| rest.starts_with(marker)) {
            return token.start;
        }
        let ends = match token.kind {
            TokenKind::Mark => [";", "；", "。", "`"].contains(&token.text),
            TokenKind::Name => token.text.starts_with('`') && token.text.contains('\n'),
            _ => false,
        };
        if ends {
            return token.start;
        }
        if !token.closed || token.kind == TokenKind::Comment {
            let marked = END_MARKERS.iter().filter_map(|marker| token.text.find(marker)).min();
            if let Some(at) = marked {
                return token.start + at;
            }
        }
    }
    text.len()
}

/// Places outside of parentheses at which prose begins: lines, and sentences after a full stop.
fn prose_places<'p>(text: &'p str, tokens: &'p [Token<'p>], capitalised: bool) -> impl Iterator<Item = usize> + 'p {
    let inside = tokens.iter().enumerate().filter(|(_, token)| token.end() < text.len());
    inside.filter_map(move |(at, token)| {
        let is_space = token.kind == TokenKind::Space && token.depth == 0;
        if is_space && is_label(&text[token.end()..]) && may_end(&tokens[..at]) {
            return Some(token.start);
        }
        let breaks =
            is_space && (token.text.contains('\n') || at.checked_sub(1).is_some_and(|last| tokens[last].is_mark(".")));
        let complete = breaks && may_end(&tokens[..at]);
        let ahead = &text[token.end()..];
        let is_place = complete && (is_prose(ahead, capitalised) || (!token.text.contains('\n') && is_sentence(ahead)));
        let end = match tokens.get(at.checked_sub(1)?) {
            Some(last) if last.is_mark(".") => last.start,
            _ => token.start,
        };
        is_place.then_some(end)
    })
}

/// Whether a text goes on with a label such as `Explanation: `.
fn is_label(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or("");
    is_capitalised(word) && text[word.len()..].starts_with(": ")
}

fn is_sentence(text: &str) -> bool {
    is_capitalised(text.split_whitespace().next().unwrap_or(""))
}

/// Whether a statement may end with the last of these tokens; after a comma or an operator it goes on.
fn may_end(tokens: &[Token<'_>]) -> bool {
    let last = tokens.iter().rev().find(|token| !token.is_blank());
    const OPEN: [&str; 14] = [
        "select", "distinct", "from", "where", "by", "having", "join", "on", "and", "or", "not", "in", "as", "union",
    ];
    last.is_some_and(|last| match last.kind {
        TokenKind::Mark => [")", "*", "."].contains(&last.text),
        _ => !OPEN.iter().any(|word| last.is_word(word)),
    })
}
