//! Identifiers: what they spell, and when two are the same in a dialect.

use std::borrow::Cow;

use crate::ast::{Name, TokenId};
use crate::dialect::Dialect;
use crate::token::{Tok, Token};

/// The tokens of a statement with their text and dialect.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub dialect: Dialect,
    pub sql: &'a str,
    pub tokens: &'a [Token],
}

impl<'a> Source<'a> {
    /// The text of a token as written.
    pub fn raw(&self, token: TokenId) -> &'a str {
        let token = self.tokens[token as usize];
        &self.sql[token.start as usize..token.end as usize]
    }

    /// The text from one token up to another, exclusive.
    pub fn span(&self, first: TokenId, end: TokenId) -> &'a str {
        if end <= first {
            return "";
        }
        &self.sql[self.tokens[first as usize].start as usize..self.tokens[end as usize - 1].end as usize]
    }

    /// The name an identifier spells: quotes removed, in PostgreSQL folded to lower case when it has none.
    pub fn name(&self, token: TokenId) -> Cow<'a, str> {
        unquote(self.dialect, self.raw(token))
    }

    /// Whether the identifier is quoted.
    pub fn is_quoted(&self, token: TokenId) -> bool {
        matches!(self.tokens[token as usize].kind, Tok::Quoted | Tok::Str)
    }

    /// Tokens of the parts of a name.
    pub fn parts(&self, name: Name) -> impl DoubleEndedIterator<Item = TokenId> + use<'a> {
        let tokens = self.tokens;
        (name.first..=name.last).filter(move |token| tokens[*token as usize].kind != Tok::Dot)
    }

    /// Whether two runs of tokens spell the same expression.
    pub fn same_text(&self, left: (TokenId, TokenId), right: (TokenId, TokenId)) -> bool {
        left.1 - left.0 == right.1 - right.0
            && (left.0..left.1).zip(right.0..right.1).all(|(a, b)| {
                let (x, y) = (self.raw(a), self.raw(b));
                x == y || (self.tokens[a as usize].kind == Tok::Word && x.eq_ignore_ascii_case(y))
            })
    }
}

/// Removes the quotes of an identifier and folds its case where the dialect does.
pub(crate) fn unquote(dialect: Dialect, raw: &str) -> Cow<'_, str> {
    let body = raw
        .strip_prefix(['U', 'u'])
        .and_then(|rest| rest.strip_prefix('&'))
        .unwrap_or(raw);
    let quoted = |open: char, close: char| body.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    for (open, close, doubled) in [
        ('"', '"', "\"\""),
        ('`', '`', "``"),
        ('[', ']', "]]"),
        ('\'', '\'', "''"),
    ] {
        if let Some(inner) = quoted(open, close) {
            let single = &doubled[1..];
            if open == '"' && body.len() < raw.len() {
                return unicode_escapes(&inner.replace(doubled, single)).into();
            }
            return if inner.contains(doubled) {
                inner.replace(doubled, single).into()
            } else {
                inner.into()
            };
        }
    }
    if dialect == Dialect::Postgres && raw.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return raw.to_ascii_lowercase().into();
    }
    raw.into()
}

/// The text that PostgreSQL's `U&"..."` spells: `\\0061`, `\\+000061` and doubled backslashes.
fn unicode_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (skip, digits) = if rest.starts_with('+') { (1, 6) } else { (0, 4) };
        let character = rest
            .get(skip..skip + digits)
            .and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        if let Some(character) = character {
            out.push(character);
            rest = &rest[skip + digits..];
        } else {
            out.push('\\');
            rest = rest.strip_prefix('\\').unwrap_or(rest);
        }
    }
    out.push_str(rest);
    out
}

/// Whether two column names, as [`Source::name`] gives them, are the same.
pub(crate) fn same_column(dialect: Dialect, left: &str, right: &str) -> bool {
    match dialect {
        Dialect::Postgres => left == right,
        Dialect::Sqlite => left.eq_ignore_ascii_case(right),
        Dialect::Mysql | Dialect::Tsql => same_folded(left, right),
    }
}

/// Whether two table names or aliases are the same.
pub(crate) fn same_table(dialect: Dialect, left: &str, right: &str) -> bool {
    match dialect {
        Dialect::Postgres | Dialect::Mysql => left == right,
        Dialect::Sqlite => left.eq_ignore_ascii_case(right),
        Dialect::Tsql => same_folded(left, right),
    }
}

fn same_folded(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
        || (!(left.is_ascii() && right.is_ascii()) && left.to_lowercase() == right.to_lowercase())
}
