//! Statements in one spelling.

use nl2sql_sdk::analysis::SyntaxError;
use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Token, Word};

use crate::parsed::{is_blank, tokens};

/// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
pub(crate) fn normalise(grammar: &dyn Dialect, sql: &str) -> Result<String, SyntaxError> {
    Ok(joined(&pieces(grammar, sql, false)?))
}

/// The normal form with every literal replaced by `?`, and lists of them by one.
pub(crate) fn template(grammar: &dyn Dialect, sql: &str) -> Result<String, SyntaxError> {
    let mut kept: Vec<String> = Vec::new();
    for piece in pieces(grammar, sql, true)? {
        let repeats = piece == "?" && kept.last().is_some_and(|last| last == ",");
        if repeats && kept.len() > 1 && kept[kept.len() - 2] == "?" {
            kept.pop();
            continue;
        }
        kept.push(piece);
    }
    Ok(joined(&kept))
}

fn pieces(grammar: &dyn Dialect, sql: &str, without_literals: bool) -> Result<Vec<String>, SyntaxError> {
    let mut pieces: Vec<String> = tokens(grammar, sql)?
        .into_iter()
        .filter(|token| !is_blank(&token.token) && token.token != Token::EOF)
        .map(|token| piece(&token.token, without_literals))
        .collect();
    while pieces.last().is_some_and(|last| last == ";") {
        pieces.pop();
    }
    Ok(pieces)
}

fn piece(token: &Token, without_literals: bool) -> String {
    match token {
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => value.to_lowercase(),
        _ if without_literals && is_literal(token) => "?".to_owned(),
        _ => token.to_string(),
    }
}

fn is_literal(token: &Token) -> bool {
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

/// Single spaces, none inside parentheses, before commas and around dots.
fn joined(pieces: &[String]) -> String {
    let mut text = String::new();
    let mut tight = true;
    for piece in pieces {
        let closes = matches!(piece.as_str(), ")" | "," | "." | "]" | "::" | ";");
        if !tight
            && !closes
            && !(piece == "(" && text.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            && piece != "["
        {
            text.push(' ');
        }
        text.push_str(piece);
        tight = matches!(piece.as_str(), "(" | "." | "[" | "::");
    }
    text
}
