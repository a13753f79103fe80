//! Strings, quoted identifiers, dollar quotes, and variables.

use super::{Lexer, starts_word};
use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::keyword::Kw;
use crate::token::{Tok, Token};

impl Lexer<'_> {
    /// A string in single quotes, or in MySQL in double quotes.
    pub(super) fn string(&mut self) -> Result<Tok, ParseError> {
        self.string_body(self.dialect == Dialect::Mysql)?;
        Ok(Tok::Str)
    }

    /// From the opening quote to past the closing one; PostgreSQL goes on with the next string when a line break parts them.
    fn string_body(&mut self, backslash_escapes: bool) -> Result<(), ParseError> {
        let start = self.at;
        let quote = self.peek(0);
        self.at += 1;
        loop {
            if self.at >= self.bytes.len() {
                return self.fail(start, "the string is not closed");
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == b'\\' && backslash_escapes {
                self.at += 1;
            } else if byte == quote {
                if self.peek(0) == quote {
                    self.at += 1;
                } else if !(self.dialect == Dialect::Postgres && self.continues_on_next_line()) {
                    return Ok(());
                }
            }
        }
    }

    /// Moves past a line break and the quote after it, if that is what follows.
    fn continues_on_next_line(&mut self) -> bool {
        let (mut at, mut broken) = (self.at, false);
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'\n' | b'\r' => broken = true,
                b' ' | b'\t' | 0x0B | 0x0C => {}
                b'-' if self.bytes.get(at + 1) == Some(&b'-') => {
                    while at + 1 < self.bytes.len() && self.bytes[at + 1] != b'\n' {
                        at += 1;
                    }
                }
                b'\'' if broken => {
                    self.at = at + 1;
                    return true;
                }
                _ => return false,
            }
            at += 1;
        }
        false
    }

    /// A quoted identifier; `close` doubled stands for itself.
    pub(super) fn quoted_identifier(&mut self, close: u8) -> Result<Tok, ParseError> {
        let start = self.at;
        let doubles = !(close == b']' && self.dialect == Dialect::Sqlite);
        self.at += 1;
        loop {
            if self.at >= self.bytes.len() {
                return self.fail(start, "the quoted name is not closed");
            }
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == close {
                if doubles && self.peek(0) == close {
                    self.at += 1;
                    continue;
                }
                let empty = self.at == start + 2;
                if empty && !matches!(self.dialect, Dialect::Sqlite) {
                    return self.fail(start, "a quoted name cannot be empty");
                }
                return Ok(Tok::Quoted);
            }
        }
    }

    /// A string or identifier with a prefix: `E''`, `U&''`, `N''`, `X''`, `B''`, `U&""` and MySQL's `_utf8''`.
    pub(super) fn prefixed(&mut self) -> Result<Option<Token>, ParseError> {
        let start = self.at;
        let kind = match (self.peek(0).to_ascii_lowercase(), self.peek(1)) {
            (b'e', b'\'') if self.dialect == Dialect::Postgres => {
                self.at += 1;
                self.string_body(true)?;
                Tok::Str
            }
            (b'n', b'\'') if self.dialect != Dialect::Sqlite => {
                self.at += 1;
                self.string()?
            }
            (b'u', b'&') if self.dialect == Dialect::Postgres && self.peek(2) == b'\'' => {
                self.at += 2;
                self.string_body(false)?;
                Tok::Str
            }
            (b'u', b'&') if self.dialect == Dialect::Postgres && self.peek(2) == b'"' => {
                self.at += 2;
                self.quoted_identifier(b'"')?
            }
            (b'x' | b'b', b'\'') if self.dialect != Dialect::Tsql => {
                if self.dialect == Dialect::Sqlite && self.peek(0).eq_ignore_ascii_case(&b'b') {
                    return Ok(None);
                }
                self.at += 1;
                self.bit_string(start)?
            }
            _ => return Ok(None),
        };
        Ok(Some(Token {
            kind,
            kw: Kw::NONE,
            start: start as u32,
            end: self.at as u32,
        }))
    }

    fn bit_string(&mut self, start: usize) -> Result<Tok, ParseError> {
        let body = self.at + 1;
        self.string_body(false)?;
        let digits = &self.bytes[body..self.at - 1];
        let hexadecimal = self.bytes[start].eq_ignore_ascii_case(&b'x');
        let fits = match self.dialect {
            // PostgreSQL joins strings over line breaks, so only single-line ones are looked at.
            Dialect::Postgres if digits.contains(&b'\'') => true,
            _ if hexadecimal => digits.iter().all(u8::is_ascii_hexdigit),
            _ => digits.iter().all(|digit| matches!(digit, b'0' | b'1')),
        };
        let even = digits.len().is_multiple_of(2) || !hexadecimal || self.dialect == Dialect::Postgres;
        if !fits || !even {
            return self.fail(start, "the binary string has a digit that does not belong");
        }
        Ok(Tok::Bytes)
    }

    /// What starts with `$`: a dollar-quoted string or parameter of PostgreSQL, a parameter of SQLite, money of T-SQL.
    pub(super) fn dollar(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        match self.dialect {
            Dialect::Postgres if self.peek(1).is_ascii_digit() => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                self.no_trailing_junk(start)?;
                Ok(Tok::Param)
            }
            Dialect::Postgres => self.dollar_quoted(),
            Dialect::Mysql => {
                self.skip_while(|byte| starts_word(byte) || byte.is_ascii_digit() || byte == b'$');
                Ok(Tok::Word)
            }
            Dialect::Sqlite => {
                self.at += 1;
                self.skip_while(|byte| starts_word(byte) || byte.is_ascii_digit() || byte == b'$' || byte == b':');
                if self.at == start + 1 {
                    return self.fail(start, "unexpected character `$`");
                }
                Ok(Tok::Param)
            }
            Dialect::Tsql => {
                self.at += 1;
                self.skip_while(|byte| byte.is_ascii_digit() || byte == b'.');
                if self.at == start + 1 {
                    self.skip_while(starts_word);
                    return Ok(Tok::Word);
                }
                Ok(Tok::Number)
            }
        }
    }

    fn dollar_quoted(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        self.at += 1;
        self.skip_while(|byte| starts_word(byte) || byte.is_ascii_digit());
        if self.peek(0) != b'$' {
            return self.fail(start, "unexpected character `$`");
        }
        self.at += 1;
        let tag = &self.bytes[start..self.at];
        while self.at < self.bytes.len() {
            if self.bytes[self.at] == b'$' && self.bytes[self.at..].starts_with(tag) {
                self.at += tag.len();
                return Ok(Tok::Str);
            }
            self.at += 1;
        }
        self.fail(start, "the dollar-quoted string is not closed")
    }

    /// `@name`, `@@name` and MySQL's quoted user variables.
    pub(super) fn variable(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        self.at += 1;
        if self.peek(0) == b'@' && self.dialect != Dialect::Sqlite {
            self.at += 1;
        }
        let name = self.at;
        match self.peek(0) {
            b'`' if self.dialect == Dialect::Mysql => {
                self.quoted_identifier(b'`')?;
            }
            b'\'' | b'"' if self.dialect == Dialect::Mysql => self.string_body(true)?,
            _ => {
                let dots = self.dialect == Dialect::Mysql && name == start + 1;
                while self.at < self.bytes.len()
                    && (self.continues_word(self.bytes[self.at]) || (dots && self.bytes[self.at] == b'.'))
                {
                    self.at += 1;
                }
            }
        }
        if self.at == name {
            return self.fail(start, "unexpected character `@`");
        }
        Ok(Tok::Param)
    }
}
