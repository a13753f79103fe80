//! The lexer: a text of a dialect into tokens, comments dropped.

mod operators;
mod quoted;

use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::keyword::Kw;
use crate::token::{Tok, Token};

/// Longest text that is looked at, in bytes; offsets fit 32 bits with room to spare.
pub const MAX_TEXT_BYTES: usize = 16 << 20;

pub(crate) struct Lexer<'s> {
    dialect: Dialect,
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    /// Inside MySQL's `/*! ... */`, whose content is code.
    executable_comment: bool,
}

/// Cuts `sql` into tokens, appended to `tokens` and closed by [`Tok::End`].
pub fn tokenize(dialect: Dialect, sql: &str, tokens: &mut Vec<Token>) -> Result<(), ParseError> {
    if sql.len() > MAX_TEXT_BYTES {
        return Err(ParseError::new(
            0,
            format!("the text is longer than {MAX_TEXT_BYTES} bytes"),
        ));
    }
    let mut lexer = Lexer {
        dialect,
        text: sql,
        bytes: sql.as_bytes(),
        at: 0,
        executable_comment: false,
    };
    loop {
        lexer.skip_blanks()?;
        let token = lexer.token()?;
        tokens.push(token);
        if token.kind == Tok::End {
            return Ok(());
        }
    }
}

/// Whether a byte may start an unquoted word; every byte of a character beyond ASCII may.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

impl<'s> Lexer<'s> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn fail<T>(&self, offset: usize, message: &str) -> Result<T, ParseError> {
        Err(ParseError::new(offset, message))
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) -> Result<(), ParseError> {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0C | 0x0B => self.at += 1,
                b'-' if self.peek(1) == b'-' && self.is_line_comment() => self.skip_line(),
                b'#' if self.dialect == Dialect::Mysql => self.skip_line(),
                b'/' if self.peek(1) == b'*' => self.skip_block_comment()?,
                b'*' if self.executable_comment && self.peek(1) == b'/' => {
                    self.executable_comment = false;
                    self.at += 2;
                }
                _ if self.bytes[self.at..].starts_with("\u{feff}".as_bytes()) && self.at == 0 => self.at += 3,
                0x80.. if self.dialect == Dialect::Tsql => match self.text[self.at..].chars().next() {
                    Some(blank) if blank.is_whitespace() => self.at += blank.len_utf8(),
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            }
        }
    }

    /// MySQL wants a blank after the two dashes.
    fn is_line_comment(&self) -> bool {
        self.dialect != Dialect::Mysql || self.at + 2 >= self.bytes.len() || self.peek(2) <= b' '
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.at += 1;
        }
    }

    fn skip_block_comment(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        if self.dialect == Dialect::Mysql && (self.peek(2) == b'!' || (self.peek(2) == b'M' && self.peek(3) == b'!')) {
            self.at += if self.peek(2) == b'!' { 3 } else { 4 };
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
            self.executable_comment = true;
            return Ok(());
        }
        let nests = matches!(self.dialect, Dialect::Postgres | Dialect::Tsql);
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            if self.peek(0) == b'/' && self.peek(1) == b'*' && (nests || depth == 0) {
                depth += 1;
                self.at += 2;
            } else if self.peek(0) == b'*' && self.peek(1) == b'/' {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return Ok(());
                }
            } else {
                self.at += 1;
            }
        }
        if self.dialect == Dialect::Sqlite {
            Ok(())
        } else {
            self.fail(start, "the comment is not closed")
        }
    }

    fn token(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        if start >= self.bytes.len() {
            if self.executable_comment {
                return self.fail(start, "the comment is not closed");
            }
            return Ok(self.made(Tok::End, start));
        }
        let byte = self.peek(0);
        let kind = match byte {
            b'0'..=b'9' => return self.number_or_word(),
            b'.' if self.peek(1).is_ascii_digit() && !self.after_word() => return self.number_or_word(),
            b'\'' => self.string()?,
            b'"' if self.dialect == Dialect::Mysql => self.string()?,
            b'"' => self.quoted_identifier(b'"')?,
            b'`' if matches!(self.dialect, Dialect::Mysql | Dialect::Sqlite) => self.quoted_identifier(b'`')?,
            b'[' if matches!(self.dialect, Dialect::Tsql | Dialect::Sqlite) => self.quoted_identifier(b']')?,
            b'$' => self.dollar()?,
            b'@' if self.dialect != Dialect::Postgres => self.variable()?,
            b'\\' if self.dialect == Dialect::Mysql && self.peek(1) == b'N' => {
                self.at += 2;
                return Ok(Token {
                    kw: Kw::NULL,
                    ..self.made(Tok::Word, start)
                });
            }
            b'#' if self.dialect == Dialect::Tsql && (starts_word(self.peek(1)) || self.peek(1) == b'#') => {
                return self.word();
            }
            b'?' if self.dialect == Dialect::Sqlite => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                Tok::Param
            }
            b'?' if self.dialect != Dialect::Postgres => {
                self.at += 1;
                Tok::Param
            }
            b':' if self.dialect == Dialect::Sqlite => {
                self.at += 1;
                let name = self.at;
                self.skip_while(|byte| starts_word(byte) || byte.is_ascii_digit() || byte == b'$');
                if self.at == name {
                    return self.fail(start, "unexpected character `:`");
                }
                Tok::Param
            }
            _ if starts_word(byte) => {
                if let Some(token) = self.prefixed()? {
                    return Ok(token);
                }
                return self.word();
            }
            _ => self.operator()?,
        };
        Ok(self.made(kind, start))
    }

    fn made(&self, kind: Tok, start: usize) -> Token {
        Token {
            kind,
            kw: Kw::NONE,
            start: start as u32,
            end: self.at as u32,
        }
    }

    fn skip_while(&mut self, accepts: impl Fn(u8) -> bool) {
        while self.at < self.bytes.len() && accepts(self.bytes[self.at]) {
            self.at += 1;
        }
    }

    /// Whether the dot here follows a name directly, as in `t.1st` of MySQL.
    fn after_word(&self) -> bool {
        self.dialect == Dialect::Mysql
            && self.at > 0
            && (starts_word(self.bytes[self.at - 1]) || matches!(self.bytes[self.at - 1], b'`' | b'0'..=b'9'))
    }

    fn continues_word(&self, byte: u8) -> bool {
        starts_word(byte)
            || byte.is_ascii_digit()
            || byte == b'$'
            || (self.dialect == Dialect::Tsql && (byte == b'@' || byte == b'#'))
    }

    fn word(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        self.at += 1;
        while self.at < self.bytes.len() && self.continues_word(self.bytes[self.at]) {
            self.at += 1;
        }
        if self.dialect == Dialect::Tsql && !self.bytes[start..self.at].is_ascii() {
            self.end_at_odd_character(start)?;
        }
        Ok(Token {
            kind: Tok::Word,
            kw: Kw::of(&self.bytes[start..self.at]),
            start: start as u32,
            end: self.at as u32,
        })
    }

    /// T-SQL takes letters and digits of any script into a word; blanks of any kind end it.
    fn end_at_odd_character(&mut self, start: usize) -> Result<(), ParseError> {
        let odd = self.text[start..self.at]
            .char_indices()
            .find(|(_, c)| !c.is_ascii() && !c.is_alphanumeric());
        match odd {
            Some((offset, blank)) if blank.is_whitespace() => self.at = start + offset,
            Some((offset, character)) => {
                let message = format!("unexpected character `{character}`");
                return Err(ParseError::new(start + offset, message));
            }
            None => {}
        }
        Ok(())
    }

    /// A number, or in MySQL a word that starts with digits.
    fn number_or_word(&mut self) -> Result<Token, ParseError> {
        let start = self.at;
        let kind = self.number()?;
        if self.dialect == Dialect::Mysql && kind == Tok::Word {
            self.at = start;
            return self.word();
        }
        Ok(self.made(kind, start))
    }

    fn number(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        if self.peek(0) == b'0' {
            let radix = match self.peek(1) {
                b'x' => Some(16),
                b'X' if self.dialect != Dialect::Mysql => Some(16),
                b'b' if matches!(self.dialect, Dialect::Mysql | Dialect::Postgres) => Some(2),
                b'B' if self.dialect == Dialect::Postgres => Some(2),
                b'o' | b'O' if self.dialect == Dialect::Postgres => Some(8),
                _ => None,
            };
            if let Some(radix) = radix {
                return self.radix_number(start, radix);
            }
        }
        self.digits();
        if self.dialect == Dialect::Mysql && self.peek(0) != b'.' && self.is_digit_word() {
            return Ok(Tok::Word);
        }
        if self.peek(0) == b'.' && !(self.dialect == Dialect::Postgres && self.peek(1) == b'.') {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        self.no_trailing_junk(start)?;
        Ok(Tok::Number)
    }

    /// Whether digits just read begin a word, such as `2nd`, and are no number with an exponent.
    fn is_digit_word(&self) -> bool {
        let next = self.peek(0);
        if !(starts_word(next) || next == b'$') {
            return false;
        }
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        !(matches!(next, b'e' | b'E') && self.peek(1 + sign).is_ascii_digit())
    }

    fn digits(&mut self) {
        let underscores = self.dialect == Dialect::Postgres;
        let start = self.at;
        while self.peek(0).is_ascii_digit()
            || (underscores && self.at > start && self.peek(0) == b'_' && self.peek(1).is_ascii_digit())
        {
            self.at += 1;
        }
    }

    fn radix_number(&mut self, start: usize, radix: u32) -> Result<Tok, ParseError> {
        self.at += 2;
        let digits = self.at;
        let underscores = self.dialect == Dialect::Postgres;
        self.skip_while(|byte| char::from(byte).is_digit(radix) || (underscores && byte == b'_'));
        if self.dialect == Dialect::Mysql && (self.at == digits || starts_word(self.peek(0))) {
            return Ok(Tok::Word);
        }
        if self.at == digits && self.dialect != Dialect::Tsql {
            return self.fail(start, "the number has no digits");
        }
        self.no_trailing_junk(start)?;
        Ok(Tok::Number)
    }

    /// T-SQL and MySQL let a word follow a number directly, the others do not.
    fn no_trailing_junk(&self, start: usize) -> Result<(), ParseError> {
        let strict = matches!(self.dialect, Dialect::Sqlite | Dialect::Postgres);
        if strict && (starts_word(self.peek(0)) || (self.peek(0) == b'$' && self.dialect == Dialect::Sqlite)) {
            return self.fail(start, "a number runs into a word");
        }
        Ok(())
    }
}
