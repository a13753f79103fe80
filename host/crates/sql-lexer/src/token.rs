//! Tokens, and how a text is cut into them.

use crate::LexicalRules;

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// A comment, its marks included.
    Comment,
    /// A string or quoted name, quotes included.
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
    /// `false` for a quote or comment that the text ends in.
    pub closed: bool,
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
pub fn tokens<'t>(sql: &'t str, rules: &LexicalRules) -> Vec<Token<'t>> {
    let mut tokens: Vec<Token<'t>> = Vec::with_capacity(sql.len() / 4 + 1);
    let (mut at, mut depth) = (0, 0_u32);
    while let Some(first) = sql[at..].chars().next() {
        let after_e = rules.escape_strings && first == '\'' && tokens.last().is_some_and(|last| last.is_word("e"));
        let (kind, length) = next_token(&sql[at..], first, rules, after_e);
        let text = &sql[at..at + length.unwrap_or(sql.len() - at)];
        if kind == TokenKind::Mark && text == ")" {
            depth = depth.saturating_sub(1);
        }
        tokens.push(Token {
            kind,
            text,
            start: at,
            depth,
            closed: length.is_some(),
        });
        if kind == TokenKind::Mark && text == "(" {
            depth += 1;
        }
        at += text.len();
    }
    tokens
}

/// Kind and length of the token that `rest` begins with; no length where its end is missing.
fn next_token(rest: &str, first: char, rules: &LexicalRules, after_e: bool) -> (TokenKind, Option<usize>) {
    let run = |of: fn(char) -> bool| Some(rest.find(|c| !of(c)).unwrap_or(rest.len()));
    match first {
        c if c.is_whitespace() => (TokenKind::Space, run(char::is_whitespace)),
        '-' if rest.starts_with("--") && (!rules.dashes_need_blank || blank_follows(&rest[2..])) => {
            (TokenKind::Comment, run(|c| c != '\n'))
        }
        '#' if rules.hash_comments => (TokenKind::Comment, run(|c| c != '\n')),
        '/' if rest.starts_with("/*") => (TokenKind::Comment, comment_length(rest, rules.nested_comments)),
        '\'' => (
            TokenKind::Quoted,
            quoted_length(rest, '\'', rules.backslash_escapes || after_e),
        ),
        '"' => (TokenKind::Quoted, quoted_length(rest, '"', rules.backslash_escapes)),
        '`' if rules.backtick_names => (TokenKind::Quoted, quoted_length(rest, '`', false)),
        '[' if rules.bracket_names => (TokenKind::Quoted, quoted_length(rest, ']', false)),
        '$' if rules.dollar_strings && dollar_tag(rest).is_some() => (TokenKind::Quoted, dollar_length(rest)),
        c if is_word_character(c) => (TokenKind::Word, run(is_word_character)),
        c => (TokenKind::Mark, Some(c.len_utf8())),
    }
}

fn is_word_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn blank_follows(rest: &str) -> bool {
    rest.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control())
}

fn comment_length(rest: &str, nested: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (1_usize, 2);
    while depth > 0 {
        match bytes.get(at..at + 2)? {
            b"*/" => (depth, at) = (depth - 1, at + 2),
            b"/*" if nested => (depth, at) = (depth + 1, at + 2),
            _ => at += 1,
        }
    }
    Some(at)
}

/// Length of a quoted stretch with both quotes; a doubled or escaped quote is part of it.
fn quoted_length(rest: &str, closing: char, backslash: bool) -> Option<usize> {
    let (bytes, closing) = (rest.as_bytes(), closing as u8);
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if backslash => at += 2,
            byte if byte == closing && bytes.get(at + 1) == Some(&closing) => at += 2,
            byte if byte == closing => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// `$$` or `$tag$` at the start of `rest`.
fn dollar_tag(rest: &str) -> Option<&str> {
    let tag = &rest[1..1 + rest[1..].find('$')?];
    let is_name =
        !tag.starts_with(|c: char| c.is_ascii_digit()) && tag.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| &rest[..tag.len() + 2])
}

fn dollar_length(rest: &str) -> Option<usize> {
    let tag = dollar_tag(rest)?;
    rest[tag.len()..].find(tag).map(|at| at + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str, rules: LexicalRules) -> Vec<(TokenKind, &str)> {
        let tokens = tokens(sql, &rules).into_iter();
        tokens
            .filter(|token| token.kind != TokenKind::Space)
            .map(|token| (token.kind, token.text))
            .collect()
    }

    #[test]
    fn tokens_cover_the_text_in_every_dialect() {
        for sql in [
            "SELECT 'it''s' -- x\n, \"a\" /* b",
            "[q]]x] `é` \u{0} '",
            "",
            "年 > = 3 \\",
            "'\\",
            "E'\\é",
            "$é$ $1 $a",
        ] {
            for rules in [
                LexicalRules::SQLITE,
                LexicalRules::POSTGRES,
                LexicalRules::MYSQL,
                LexicalRules::TSQL,
            ] {
                let text: String = tokens(sql, &rules).iter().map(|token| token.text).collect();
                assert_eq!(text, sql);
            }
        }
    }

    #[test]
    fn strings_end_where_the_dialect_ends_them() {
        use TokenKind::{Quoted, Word};
        assert_eq!(kinds(r"'a\' b'", LexicalRules::MYSQL), [(Quoted, r"'a\' b'")]);
        assert_eq!(kinds(r"'a\' b", LexicalRules::SQLITE), [(Quoted, r"'a\'"), (Word, "b")]);
        assert_eq!(
            kinds(r"E'a\' b' c", LexicalRules::POSTGRES),
            [(Word, "E"), (Quoted, r"'a\' b'"), (Word, "c")]
        );
        assert_eq!(
            kinds("$a$ ; $$ $a$ b", LexicalRules::POSTGRES),
            [(Quoted, "$a$ ; $$ $a$"), (Word, "b")]
        );
    }

    #[test]
    fn comments_and_names_are_the_dialects() {
        use TokenKind::{Comment, Mark, Quoted, Word};
        assert_eq!(kinds("# a\nb", LexicalRules::MYSQL), [(Comment, "# a"), (Word, "b")]);
        assert_eq!(kinds("#", LexicalRules::POSTGRES), [(Mark, "#")]);
        assert_eq!(
            kinds("--1", LexicalRules::MYSQL),
            [(Mark, "-"), (Mark, "-"), (Word, "1")]
        );
        assert_eq!(kinds("/* /* */ */", LexicalRules::TSQL), [(Comment, "/* /* */ */")]);
        assert_eq!(kinds("[a;b]", LexicalRules::TSQL), [(Quoted, "[a;b]")]);
        assert_eq!(
            kinds("a[1]", LexicalRules::POSTGRES),
            [(Word, "a"), (Mark, "["), (Word, "1"), (Mark, "]")]
        );
    }

    #[test]
    fn a_quote_without_end_is_not_closed() {
        assert!(!tokens("'a", &LexicalRules::SQLITE)[0].closed);
        assert!(tokens("'a'", &LexicalRules::SQLITE)[0].closed);
    }
}
