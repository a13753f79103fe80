//! Normal forms: one spelling for texts that differ in layout only, or in values only.

use crate::dialect::Dialect;
use crate::keyword::Kw;
use crate::names::Source;
use crate::reserved;
use crate::statement::Statement;
use crate::token::{Tok, Token};

/// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
pub(crate) fn normalise(dialect: Dialect, statement: &Statement) -> String {
    write(dialect, statement, false)
}

/// The normal form with `?` for every literal; a list of literals of any length in parentheses becomes one.
pub(crate) fn template(dialect: Dialect, statement: &Statement) -> String {
    write(dialect, statement, true)
}

fn write(dialect: Dialect, statement: &Statement, values_hidden: bool) -> String {
    let source = statement.source(dialect);
    let tokens = without_end(&statement.tokens);
    let mut out = String::with_capacity(statement.sql.len());
    let mut index = 0;
    while index < tokens.len() {
        let hidden = values_hidden.then(|| literal_end(tokens, index)).flatten();
        if needs_space(dialect, tokens, index, &out) {
            out.push(' ');
        }
        match hidden {
            Some(end) => {
                out.push('?');
                index = list_end(tokens, end).unwrap_or(end);
            }
            None => {
                push_token(dialect, &source, tokens[index], index, &mut out);
                index += 1;
            }
        }
    }
    out
}

/// The tokens without the end mark and trailing semicolons.
fn without_end(tokens: &[Token]) -> &[Token] {
    let end = tokens
        .iter()
        .rposition(|token| !matches!(token.kind, Tok::End | Tok::Semi))
        .map_or(0, |last| last + 1);
    &tokens[..end]
}

fn push_token(dialect: Dialect, source: &Source<'_>, token: Token, index: usize, out: &mut String) {
    // MySQL also writes NULL as `\N`.
    let raw = if token.kw == Kw::NULL {
        Kw::NULL.name()
    } else {
        source.raw(index as u32)
    };
    // Table names and aliases of MySQL differ by case.
    let folds = token.kind == Tok::Word && (dialect != Dialect::Mysql || token.kw != Kw::NONE);
    if folds {
        out.extend(raw.chars().map(|c| c.to_ascii_lowercase()));
    } else {
        out.push_str(raw);
    }
}

/// Past the literal that starts here, its sign included.
fn literal_end(tokens: &[Token], index: usize) -> Option<usize> {
    let token = tokens[index];
    let constant = matches!(token.kind, Tok::Number | Tok::Bytes)
        || (token.kind == Tok::Str && !is_alias(tokens, index))
        || (matches!(token.kw, Kw::TRUE | Kw::FALSE) && !is_part_of_name(tokens, index));
    if constant {
        return Some(index + 1);
    }
    let signed = matches!(token.kind, Tok::Minus | Tok::Plus)
        && tokens.get(index + 1).is_some_and(|next| next.kind == Tok::Number)
        && (index == 0 || !ends_operand(tokens[index - 1]));
    signed.then_some(index + 2)
}

/// A string that names a column, after AS.
fn is_alias(tokens: &[Token], index: usize) -> bool {
    index > 0 && tokens[index - 1].kw == Kw::AS
}

fn is_part_of_name(tokens: &[Token], index: usize) -> bool {
    (index > 0 && tokens[index - 1].kind == Tok::Dot) || tokens.get(index + 1).is_some_and(|next| next.kind == Tok::Dot)
}

fn ends_operand(token: Token) -> bool {
    match token.kind {
        Tok::Quoted | Tok::Str | Tok::Bytes | Tok::Number | Tok::Param | Tok::RParen | Tok::RBracket => true,
        Tok::Word => token.kw == Kw::NONE || matches!(token.kw, Kw::END | Kw::NULL),
        _ => false,
    }
}

/// Past the rest of a list of literals whose first one ends here, when IN ( stands before it.
fn list_end(tokens: &[Token], end: usize) -> Option<usize> {
    let mut start = end;
    while start > 0 && tokens[start - 1].kind != Tok::LParen {
        start -= 1;
        if end - start > 2 {
            return None;
        }
    }
    if start < 2 || tokens[start - 2].kw != Kw::IN {
        return None;
    }
    let mut at = end;
    while tokens.get(at).is_some_and(|token| token.kind == Tok::Comma) {
        at = literal_end(tokens, at + 1)?;
    }
    (tokens.get(at)?.kind == Tok::RParen).then_some(at)
}

/// Whether a space goes before a token: everywhere but inside names, after `(` and before `)`, `,` and a call's parenthesis.
fn needs_space(dialect: Dialect, tokens: &[Token], index: usize, out: &str) -> bool {
    if out.is_empty() {
        return false;
    }
    let (before, token) = (tokens[index - 1], tokens[index]);
    let adjacent = before.end == token.start;
    match (before.kind, token.kind) {
        (_, Tok::Comma | Tok::RParen | Tok::RBracket | Tok::Semi) | (Tok::LParen | Tok::LBracket, _) => false,
        // MySQL reads even a reserved word as a name where a dot follows it directly: FROM keeps its distance from `.t`.
        (Tok::Word, Tok::Dot) => !adjacent && !reserved::allows(dialect, before.kw, reserved::COLUMN),
        (_, Tok::Dot) | (Tok::Dot, _) => false,
        (_, Tok::DoubleColon) | (Tok::DoubleColon, _) => false,
        (Tok::Word | Tok::Quoted, Tok::LParen) => !(is_called(dialect, before) || (adjacent && before.kw == Kw::NONE)),
        (Tok::Word | Tok::Quoted | Tok::RParen | Tok::RBracket, Tok::LBracket) => false,
        (Tok::Minus | Tok::Plus, Tok::Number) => index >= 2 && ends_operand(tokens[index - 2]),
        _ => true,
    }
}

/// Whether a word before a parenthesis is a function's name rather than a keyword such as IN, AS or VALUES.
fn is_called(dialect: Dialect, word: Token) -> bool {
    word.kw == Kw::NONE
        || (reserved::allows(dialect, word.kw, reserved::FUNCTION)
            && !matches!(
                word.kw,
                Kw::OVER | Kw::FILTER | Kw::VALUES | Kw::ANY | Kw::ALL | Kw::SOME | Kw::AS | Kw::USING
            ))
}
