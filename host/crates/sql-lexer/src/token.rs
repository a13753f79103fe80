//! Tokens, and how a text is cut into them.

use crate::{BracketNames, LexicalRules};

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// A comment, its marks included.
    Comment,
    /// A string, quotes included; the prefix of `E'...'` is a word of its own.
    String,
    /// A quoted name, quotes included.
    Name,
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

    /// Whether it is a string or a quoted name.
    pub fn is_quoted(&self) -> bool {
        matches!(self.kind, TokenKind::String | TokenKind::Name)
    }

    /// Whether it separates other tokens and says nothing.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
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
    let mut escapes = EscapeString::No;
    while let Some(first) = sql[at..].chars().next() {
        if rules.escape_strings && first == '\'' {
            escapes = escapes.at_quote(tokens.last());
        }
        let after_word = |word: &str| tokens.last().is_some_and(|last| last.is_word(word));
        let raw = rules.raw_strings && after_word("r");
        let escaped = (rules.backslash_escapes && !raw) || escapes == EscapeString::Inside;
        let delimited = rules.delimited_strings && first == '\'' && (after_word("q") || after_word("nq"));
        let (kind, length) = if delimited {
            (TokenKind::String, delimited_length(&sql[at..]))
        } else {
            next_token(&sql[at..], first, rules, escaped)
        };
        let text = &sql[at..at + length.unwrap_or(sql.len() - at)];
        escapes = escapes.after(kind, text);
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

/// Whether the text is at a string with escapes. PostgreSQL continues one with the next string where a line break parts them
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS>), and the escapes hold on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EscapeString {
    No,
    /// In one, or just past it.
    Inside,
    /// Past one and a line break.
    MayContinue,
}

impl EscapeString {
    /// Before a quote that follows `last`.
    fn at_quote(self, last: Option<&Token<'_>>) -> Self {
        let prefixed = last.is_some_and(|last| last.is_word("e"));
        match self {
            Self::MayContinue => Self::Inside,
            _ if prefixed => Self::Inside,
            _ => Self::No,
        }
    }

    /// Past a token.
    fn after(self, kind: TokenKind, text: &str) -> Self {
        match (self, kind) {
            (Self::No, _) => Self::No,
            (Self::Inside, TokenKind::Space) if text.contains(['\n', '\r']) => Self::MayContinue,
            (_, TokenKind::Space) => self,
            (_, TokenKind::Comment) if !text.starts_with("/*") => self,
            (_, TokenKind::String) if text.starts_with('\'') => self,
            _ => Self::No,
        }
    }
}

/// Kind and length of the token that `rest` begins with; no length where its end is missing.
fn next_token(rest: &str, first: char, rules: &LexicalRules, escaped: bool) -> (TokenKind, Option<usize>) {
    let line = || {
        Some(
            rest.find(|c| c == '\n' || (rules.carriage_return_ends_line && c == '\r'))
                .unwrap_or(rest.len()),
        )
    };
    let is_in_word = |c: char| is_word_character(c) || (rules.words_take_all_beyond_ascii && !c.is_ascii());
    let is_space = |c: char| c.is_whitespace() && !is_in_word(c);
    match first {
        c if is_space(c) => (TokenKind::Space, run(rest, is_space)),
        '-' if rest.starts_with("--") && (!rules.dashes_need_blank || blank_follows(&rest[2..])) => {
            (TokenKind::Comment, line())
        }
        '#' if rules.hash_comments => (TokenKind::Comment, line()),
        '/' if rules.slash_comments && rest.starts_with("//") => (TokenKind::Comment, line()),
        '/' if rest.starts_with("/*") => (TokenKind::Comment, comment_length(rest, rules.nested_comments)),
        '\'' if rules.triple_quoted_strings && rest.starts_with("'''") => {
            (TokenKind::String, triple_length(rest, "'''", escaped))
        }
        '"' if rules.triple_quoted_strings && rules.double_quoted_strings && rest.starts_with("\"\"\"") => {
            (TokenKind::String, triple_length(rest, "\"\"\"", escaped))
        }
        '\'' => (TokenKind::String, quoted_length(rest, '\'', Doubled::Yes, escaped)),
        '"' if rules.double_quoted_strings => (TokenKind::String, quoted_length(rest, '"', Doubled::Yes, escaped)),
        '"' => (
            TokenKind::Name,
            quoted_length(rest, '"', Doubled::Yes, rules.backslash_escapes),
        ),
        '`' if rules.backtick_names => (TokenKind::Name, quoted_length(rest, '`', Doubled::Yes, false)),
        '[' if rules.bracket_names == BracketNames::Doubled => {
            (TokenKind::Name, quoted_length(rest, ']', Doubled::Yes, false))
        }
        '[' if rules.bracket_names == BracketNames::EndAtFirst => {
            (TokenKind::Name, quoted_length(rest, ']', Doubled::No, false))
        }
        '$' if rules.dollar_strings && dollar_tag(rest).is_some() => (TokenKind::String, dollar_length(rest)),
        c if rules.other_name_quotes.is_some_and(|(open, _)| open == c) => (
            TokenKind::Name,
            rules.other_name_quotes.and_then(|pair| name_length(rest, pair)),
        ),
        c if is_in_word(c) => (TokenKind::Word, run(rest, is_in_word)),
        c => (TokenKind::Mark, Some(c.len_utf8())),
    }
}

/// Length of the stretch of such characters.
fn run(rest: &str, belongs: impl Fn(char) -> bool) -> Option<usize> {
    Some(rest.find(|c| !belongs(c)).unwrap_or(rest.len()))
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

/// Whether the closing quote, written twice, stands for itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubled {
    Yes,
    No,
}

/// Length of a quoted stretch with both quotes; a doubled or escaped quote is part of it.
fn quoted_length(rest: &str, closing: char, doubled: Doubled, backslash: bool) -> Option<usize> {
    let (bytes, closing) = (rest.as_bytes(), closing as u8);
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if backslash => at += 2,
            byte if byte == closing && doubled == Doubled::Yes && bytes.get(at + 1) == Some(&closing) => at += 2,
            byte if byte == closing => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Length of a name between any two characters, with both; the closing one doubled is part of it.
fn name_length(rest: &str, (open, close): (char, char)) -> Option<usize> {
    let mut at = open.len_utf8();
    loop {
        at += rest[at..].find(close)? + close.len_utf8();
        if !rest[at..].starts_with(close) {
            return Some(at);
        }
        at += close.len_utf8();
    }
}

/// Length of a string between two times three quotes.
fn triple_length(rest: &str, quotes: &str, backslash: bool) -> Option<usize> {
    let bytes = rest.as_bytes();
    let mut at = quotes.len();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if backslash => at += 2,
            _ if bytes[at..].starts_with(quotes.as_bytes()) => return Some(at + quotes.len()),
            _ => at += 1,
        }
    }
    None
}

/// Length of Oracle's `'[...]'` after its `q`
/// (<https://docs.oracle.com/en/database/oracle/oracle-database/23/sqlrf/Literals.html>), quotes included.
fn delimited_length(rest: &str) -> Option<usize> {
    let open = rest[1..].chars().next()?;
    let close = match open {
        '[' => ']',
        '{' => '}',
        '(' => ')',
        '<' => '>',
        other => other,
    };
    let start = 1 + open.len_utf8();
    let end = rest[start..].find(&format!("{close}\'"))?;
    Some(start + end + close.len_utf8() + 1)
}

/// `$$` or `$tag$` at the start of `rest`.
fn dollar_tag(rest: &str) -> Option<&str> {
    let tag = &rest[1..1 + rest[1..].find('$')?];
    let is_name = !tag.starts_with(|c: char| c.is_ascii_digit())
        && tag.chars().all(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii());
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
                let text: std::string::String = tokens(sql, &rules).iter().map(|token| token.text).collect();
                assert_eq!(text, sql);
            }
        }
    }

    #[test]
    fn strings_end_where_the_dialect_ends_them() {
        use TokenKind::{String, Word};
        assert_eq!(kinds(r"'a\' b'", LexicalRules::MYSQL), [(String, r"'a\' b'")]);
        assert_eq!(kinds(r"'a\' b", LexicalRules::SQLITE), [(String, r"'a\'"), (Word, "b")]);
        assert_eq!(
            kinds(r"E'a\' b' c", LexicalRules::POSTGRES),
            [(Word, "E"), (String, r"'a\' b'"), (Word, "c")]
        );
        assert_eq!(
            kinds("$a$ ; $$ $a$ b", LexicalRules::POSTGRES),
            [(String, "$a$ ; $$ $a$"), (Word, "b")]
        );
    }

    #[test]
    fn comments_and_names_are_the_dialects() {
        use TokenKind::{Comment, Mark, Name, Word};
        assert_eq!(kinds("# a\nb", LexicalRules::MYSQL), [(Comment, "# a"), (Word, "b")]);
        assert_eq!(kinds("#", LexicalRules::POSTGRES), [(Mark, "#")]);
        assert_eq!(
            kinds("--1", LexicalRules::MYSQL),
            [(Mark, "-"), (Mark, "-"), (Word, "1")]
        );
        assert_eq!(kinds("/* /* */ */", LexicalRules::TSQL), [(Comment, "/* /* */ */")]);
        assert_eq!(kinds("[a;b]", LexicalRules::TSQL), [(Name, "[a;b]")]);
        assert_eq!(
            kinds("a[1]", LexicalRules::POSTGRES),
            [(Word, "a"), (Mark, "["), (Word, "1"), (Mark, "]")]
        );
    }

    #[test]
    fn strings_and_names_of_other_databases_end_where_theirs_do() {
        use TokenKind::{Comment, Name, String, Word};
        let odd = LexicalRules {
            other_name_quotes: Some(('«', '»')),
            raw_strings: true,
            triple_quoted_strings: true,
            delimited_strings: true,
            slash_comments: true,
            words_take_all_beyond_ascii: false,
            ..LexicalRules::MYSQL
        };
        assert_eq!(kinds("«a»»;b» c", odd), [(Name, "«a»»;b»"), (Word, "c")]);
        assert_eq!(kinds(r"r'a\' b", odd), [(Word, "r"), (String, r"'a\'"), (Word, "b")]);
        assert_eq!(kinds(r"x'a\' b'", odd), [(Word, "x"), (String, r"'a\' b'")]);
        assert_eq!(kinds("'''a';''' b", odd), [(String, "'''a';'''"), (Word, "b")]);
        assert_eq!(
            kinds("\"\"\"a\";\"\"\" b", odd),
            [(String, "\"\"\"a\";\"\"\""), (Word, "b")]
        );
        assert_eq!(
            kinds("q'[it's];]' b", odd),
            [(Word, "q"), (String, "'[it's];]'"), (Word, "b")]
        );
        assert_eq!(kinds("// a; b\nc", odd), [(Comment, "// a; b"), (Word, "c")]);
        assert!(!tokens("«a", &odd)[0].closed && !tokens("'''a", &odd)[0].closed);
    }

    #[test]
    fn a_quote_without_end_is_not_closed() {
        assert!(!tokens("'a", &LexicalRules::SQLITE)[0].closed);
        assert!(tokens("'a'", &LexicalRules::SQLITE)[0].closed);
    }

    #[test]
    fn a_continued_escape_string_keeps_its_escapes() {
        use TokenKind::{Comment, Mark, String, Word};
        let postgres = |sql| kinds(sql, LexicalRules::POSTGRES);
        assert_eq!(
            postgres("E'a' -- b\n  '\\'' , c"),
            [
                (Word, "E"),
                (String, "'a'"),
                (Comment, "-- b"),
                (String, "'\\''"),
                (Mark, ","),
                (Word, "c")
            ]
        );
        // On the same line, or after anything else, a string stands for itself.
        assert_eq!(postgres("E'a' '\\' c").last(), Some(&(Word, "c")));
        assert_eq!(postgres("E'a'\n, '\\' c").last(), Some(&(Word, "c")));
        assert_eq!(postgres("E'a' /*\n*/ '\\' c").last(), Some(&(Word, "c")));
        assert_eq!(postgres("'a'\n'\\' c").last(), Some(&(Word, "c")));
    }

    #[test]
    fn brackets_lines_and_words_end_where_the_dialect_ends_them() {
        use TokenKind::{Comment, Mark, Name, String, Word};
        assert_eq!(kinds("[a]]", LexicalRules::SQLITE), [(Name, "[a]"), (Mark, "]")]);
        assert_eq!(kinds("[a]]]", LexicalRules::TSQL), [(Name, "[a]]]")]);
        assert_eq!(kinds("-- a\rb", LexicalRules::SQLITE), [(Comment, "-- a\rb")]);
        assert_eq!(
            kinds("-- a\rb", LexicalRules::POSTGRES),
            [(Comment, "-- a"), (Word, "b")]
        );
        assert_eq!(kinds("a\u{a0}b，c", LexicalRules::MYSQL), [(Word, "a\u{a0}b，c")]);
        assert_eq!(
            kinds("a\u{a0}，c", LexicalRules::MYSQL.in_prose()),
            [(Word, "a"), (Mark, "，"), (Word, "c")]
        );
        assert_eq!(kinds("\"a\"", LexicalRules::MYSQL), [(String, "\"a\"")]);
        assert_eq!(kinds("\"a\"", LexicalRules::SQLITE), [(Name, "\"a\"")]);
    }
}
