//! SQL as a row of tokens: what needs no grammar and holds for every dialect.

use std::ops::Range;

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// A `--`, `#`-less or `/* */` comment.
    Comment,
    /// A string, quoted identifier or bracketed name, quotes included.
    Quoted,
    /// Letters and digits of any script, `_` and `$`.
    Word,
    /// Any other single character.
    Mark,
}

/// A stretch of a SQL text; the tokens of a text cover it without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// What it is.
    pub kind: TokenKind,
    /// As written.
    pub text: &'t str,
    /// Byte offset in the text.
    pub start: usize,
    /// Open parentheses around it; those of a pair themselves count as outside.
    pub depth: u32,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this mark.
    pub fn is_mark(&self, mark: &str) -> bool {
        self.kind == TokenKind::Mark && self.text == mark
    }

    /// Just past its last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// Cuts `sql` into tokens. A quote or comment without end runs to the end of the text.
pub fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(sql.len() / 4 + 1);
    let (mut at, mut depth) = (0, 0_u32);
    while let Some(first) = sql[at..].chars().next() {
        let (kind, length) = next_token(&sql[at..], first);
        let text = &sql[at..at + length];
        if kind == TokenKind::Mark && text == ")" {
            depth = depth.saturating_sub(1);
        }
        tokens.push(Token {
            kind,
            text,
            start: at,
            depth,
        });
        if kind == TokenKind::Mark && text == "(" {
            depth += 1;
        }
        at += length;
    }
    tokens
}

fn next_token(rest: &str, first: char) -> (TokenKind, usize) {
    let run = |of: fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
    if first.is_whitespace() {
        (TokenKind::Space, run(char::is_whitespace))
    } else if rest.starts_with("--") {
        (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()))
    } else if let Some(inside) = rest.strip_prefix("/*") {
        (TokenKind::Comment, inside.find("*/").map_or(rest.len(), |at| at + 4))
    } else if let Some(closing) = closing_quote(first) {
        (TokenKind::Quoted, quoted_length(rest, closing))
    } else if is_word_char(first) {
        (TokenKind::Word, run(is_word_char))
    } else {
        (TokenKind::Mark, first.len_utf8())
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn closing_quote(opening: char) -> Option<char> {
    match opening {
        '\'' | '"' | '`' => Some(opening),
        '[' => Some(']'),
        _ => None,
    }
}

/// Length of a quoted stretch with both quotes; a doubled quote is part of it.
fn quoted_length(rest: &str, closing: char) -> usize {
    let mut at = 1;
    while let Some(found) = rest[at..].find(closing) {
        at += found + 1;
        if !rest[at..].starts_with(closing) {
            return at;
        }
        at += 1;
    }
    rest.len()
}

/// The statements of `sql` without their semicolons, white space and empty statements.
pub fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut says_something = false;
    for token in tokens(sql) {
        if token.is_mark(";") {
            if says_something {
                found.push(sql[from..token.start].trim());
            }
            (from, says_something) = (token.end(), false);
        } else {
            says_something |= !matches!(token.kind, TokenKind::Space | TokenKind::Comment);
        }
    }
    if says_something {
        found.push(sql[from..].trim());
    }
    found
}

/// Whether the outermost query of `sql` has an ORDER BY.
pub fn is_ordered(sql: &str) -> bool {
    clause(&significant(sql), "order").is_some()
}

/// Tokens other than white space and comments, of the first statement, without parentheses around the whole of it.
pub(crate) fn significant(sql: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<_> = tokens(sql)
        .into_iter()
        .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
        .take_while(|token| !token.is_mark(";"))
        .collect();
    while tokens.len() > 1 && tokens[0].is_mark("(") && closes_first(&tokens) {
        tokens = tokens[1..tokens.len() - 1].to_vec();
        for token in &mut tokens {
            token.depth -= 1;
        }
    }
    tokens
}

fn closes_first(tokens: &[Token]) -> bool {
    let last = tokens.len() - 1;
    tokens[last].is_mark(")") && tokens[1..last].iter().all(|token| token.depth > 0)
}

/// Index of the outermost `order by`, or of another outermost keyword.
pub(crate) fn clause(tokens: &[Token], keyword: &str) -> Option<usize> {
    (0..tokens.len()).rev().find(|at| {
        tokens[*at].depth == 0
            && tokens[*at].is_word(keyword)
            && (keyword != "order" || tokens.get(at + 1).is_some_and(|next| next.is_word("by")))
    })
}

/// Byte range from the first to the last of `tokens`.
pub(crate) fn extent(tokens: &[Token]) -> Range<usize> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.start..last.end(),
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cover_the_text() {
        for sql in [
            "SELECT 'it''s' -- x\n, \"a\" /* b",
            "[q]]x] `é` \u{0} '",
            "",
            "年 > = 3",
        ] {
            assert_eq!(tokens(sql).iter().map(|token| token.text).collect::<String>(), sql);
        }
    }

    #[test]
    fn statements_end_at_semicolons_outside_quotes() {
        assert_eq!(
            statements(" SELECT ';' ; -- done\n;SELECT 2; "),
            ["SELECT ';'", "SELECT 2"]
        );
        assert!(statements(" ;; -- nothing").is_empty());
    }

    #[test]
    fn only_the_outermost_order_by_counts() {
        assert!(is_ordered("SELECT a FROM t ORDER  BY a"));
        assert!(is_ordered("((SELECT a FROM t ORDER BY a LIMIT 1))"));
        assert!(is_ordered("WITH x AS (SELECT 1) SELECT * FROM x order by 1;"));
        assert!(!is_ordered(
            "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY c LIMIT 3)"
        ));
        assert!(!is_ordered("SELECT rank() OVER (ORDER BY a), 'order by' FROM t"));
        assert!(!is_ordered("(SELECT 1 ORDER BY 1) UNION (SELECT 2)"));
    }
}
