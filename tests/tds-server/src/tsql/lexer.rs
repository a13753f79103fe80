//! Tokens of T-SQL; comments are left out.

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A bare word.
    Word(String),
    /// A name in brackets or double quotes, unquoted.
    Name(String),
    /// A string, unquoted.
    Text(String),
    /// A number as written.
    Number(String),
    /// The digits behind `0x`.
    Hex(String),
    /// `@name` or `@@name`, with its signs.
    Variable(String),
    /// An operator or a bracket.
    Mark(&'static str),
    /// A character that starts nothing.
    Stray(char),
}

impl Token {
    /// Whether this is the bare word `word`, given in lower case.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// Whether this is one of these bare words.
    pub(crate) fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// The name that a word or a quoted name stands for.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Name(name) => Some(name),
            _ => None,
        }
    }
}

const MARKS: &[&str] = &[
    "<>", "<=", ">=", "!=", "!<", "!>", "(", ")", ",", ".", ";", "+", "-", "*", "/", "%", "=", "<", ">", "&", "|", "^",
    "~", ":",
];

/// Splits `sql`; an error is what SQL Server would say about its syntax.
pub(crate) fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() || c == '\u{feff}' {
            rest = &rest[c.len_utf8()..];
        } else if rest.starts_with("--") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest).ok_or("Missing end comment mark '*/'.")?;
        } else {
            let (token, length) = token(rest, c)?;
            tokens.push(token);
            rest = &rest[length..];
        }
    }
    Ok(tokens)
}

fn after_comment(text: &str) -> Option<&str> {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 {
        match text.as_bytes().get(at..at + 2)? {
            b"*/" => (depth, at) = (depth - 1, at + 2),
            b"/*" => (depth, at) = (depth + 1, at + 2),
            _ => at += 1,
        }
    }
    Some(&text[at..])
}

fn token(rest: &str, c: char) -> Result<(Token, usize), String> {
    let unclosed = || format!("Unclosed quotation mark after the character string '{rest}'.");
    match c {
        '\'' => quoted(rest, '\'')
            .map(|(text, end)| (Token::Text(text), end))
            .ok_or_else(unclosed),
        'N' | 'n' if rest[1..].starts_with('\'') => quoted(&rest[1..], '\'')
            .map(|(text, end)| (Token::Text(text), end + 1))
            .ok_or_else(unclosed),
        '[' => quoted(rest, ']')
            .map(|(text, end)| (Token::Name(text), end))
            .ok_or_else(unclosed),
        '"' => quoted(rest, '"')
            .map(|(text, end)| (Token::Name(text), end))
            .ok_or_else(unclosed),
        '0' if rest[1..].starts_with(['x', 'X']) => {
            let length = run(&rest[2..], |c| c.is_ascii_hexdigit());
            Ok((Token::Hex(rest[2..2 + length].to_owned()), 2 + length))
        }
        c if c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            let mut length = run(rest, |c| c.is_ascii_digit() || c == '.');
            let exponent = &rest[length..];
            if exponent.starts_with(['e', 'E']) {
                let sign = usize::from(exponent[1..].starts_with(['+', '-']));
                length += 1 + sign + run(&exponent[1 + sign..], |c| c.is_ascii_digit());
            }
            Ok((Token::Number(rest[..length].to_owned()), length))
        }
        '@' => {
            let length = run(rest, |c| is_word(c) || c == '@');
            Ok((Token::Variable(rest[..length].to_owned()), length))
        }
        c if is_word(c) => {
            let length = run(rest, is_word);
            Ok((Token::Word(rest[..length].to_owned()), length))
        }
        c => Ok(MARKS
            .iter()
            .find(|mark| rest.starts_with(**mark))
            .map_or((Token::Stray(c), c.len_utf8()), |mark| (Token::Mark(mark), mark.len()))),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '#' | '$')
}

/// Bytes of the longest start of `text` made of such characters.
fn run(text: &str, matches: impl Fn(char) -> bool) -> usize {
    text.find(|c| !matches(c)).unwrap_or(text.len())
}

/// The content of a quoted text at the start of `text`, and where it ends.
fn quoted(text: &str, close: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == close {
            if characters.peek().is_none_or(|(_, next)| *next != close) {
                return Some((content, at + 1));
            }
            characters.next();
        }
        content.push(c);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn quotes_comments_and_numbers_are_told_apart() {
        let found = tokens("SELECT [a]]b], N'it''s' /* /* */ ' */ , 0xFF, 1.5e-3, @@x -- '\n, \"q\"").unwrap();
        let comma = Token::Mark(",");
        assert_eq!(
            found,
            [
                Token::Word("SELECT".into()),
                Token::Name("a]b".into()),
                comma.clone(),
                Token::Text("it's".into()),
                comma.clone(),
                Token::Hex("FF".into()),
                comma.clone(),
                Token::Number("1.5e-3".into()),
                comma.clone(),
                Token::Variable("@@x".into()),
                comma,
                Token::Name("q".into()),
            ]
        );
        assert!(tokens("SELECT 'x").is_err() && tokens("/* /* */").is_err());
    }
}
