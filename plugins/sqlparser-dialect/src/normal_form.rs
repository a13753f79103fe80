//! Statements in one spelling.

use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Word};

use crate::parsed::is_blank;

/// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
pub(crate) fn normalise(sql: &str, tokens: &[TokenWithSpan]) -> String {
    joined(&pieces(sql, tokens, false))
}

/// The normal form with every literal replaced by `?`, and lists of them by one.
pub(crate) fn template(sql: &str, tokens: &[TokenWithSpan]) -> String {
    let mut kept: Vec<String> = Vec::new();
    for piece in pieces(sql, tokens, true) {
        let repeats = piece == "?" && kept.last().is_some_and(|last| last == ",");
        if repeats && kept.len() > 1 && kept[kept.len() - 2] == "?" {
            kept.pop();
            continue;
        }
        kept.push(piece);
    }
    joined(&kept)
}

fn pieces(sql: &str, tokens: &[TokenWithSpan], without_literals: bool) -> Vec<String> {
    let lines = Lines::of(sql);
    let said = tokens
        .iter()
        .filter(|token| !is_blank(&token.token) && token.token != Token::EOF);
    let mut pieces: Vec<String> = said
        .map(|token| {
            let written = &sql[lines.offset(token.span.start)..lines.offset(token.span.end)];
            match &token.token {
                Token::Word(Word { quote_style: None, .. }) => written.to_lowercase(),
                literal if without_literals && is_literal(literal) => "?".to_owned(),
                _ => written.to_owned(),
            }
        })
        .collect();
    while pieces.last().is_some_and(|last| last == ";") {
        pieces.pop();
    }
    pieces
}

/// The statement as it was written, without what stands around it.
pub(crate) fn written<'s>(sql: &'s str, tokens: &[TokenWithSpan]) -> &'s str {
    let is_around = |token: &Token| is_blank(token) || matches!(token, Token::EOF | Token::SemiColon);
    let said = || tokens.iter().filter(|token| !is_around(&token.token));
    let lines = Lines::of(sql);
    match (said().next(), said().next_back()) {
        (Some(first), Some(last)) => &sql[lines.offset(first.span.start)..lines.offset(last.span.end)],
        _ => sql,
    }
}

/// Where the lines of a text begin.
struct Lines<'s> {
    sql: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    fn of(sql: &'s str) -> Self {
        let breaks = sql.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            sql,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    /// The byte at a place, whose line and column count from 1.
    fn offset(&self, place: Location) -> usize {
        let number = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(number(place.line)) else {
            return self.sql.len();
        };
        let rest = &self.sql[*start..];
        rest.char_indices()
            .nth(number(place.column))
            .map_or(self.sql.len(), |(at, _)| start + at)
    }
}

pub(crate) fn is_literal(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::DollarQuotedString(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
    )
}

/// Words before a parenthesis that call no function.
const APART: &str = "all and any as between by case distinct else except exists filter from group having in intersect into is join lateral like \
    limit not on or over select some then union using values when where with within";

/// Single spaces, none inside parentheses, before commas and around dots.
fn joined(pieces: &[String]) -> String {
    let mut text = String::new();
    let mut before: Option<&str> = None;
    for piece in pieces {
        if before.is_some_and(|before| is_apart(before, piece)) {
            text.push(' ');
        }
        text.push_str(piece);
        before = Some(piece);
    }
    text
}

fn is_apart(before: &str, piece: &str) -> bool {
    let is_word = |text: &str| text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"' || c == '`');
    let calls = || is_word(before) && !APART.split_ascii_whitespace().any(|word| word == before);
    match (before, piece) {
        ("(" | "." | "[" | "::", _) | (_, ")" | "," | "." | "]" | "::" | ";") => false,
        (_, "(" | "[") => !calls() && before != ")",
        _ => true,
    }
}
