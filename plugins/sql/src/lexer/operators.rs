//! Operators and punctuation.

use super::Lexer;
use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::token::Tok;

impl Lexer<'_> {
    pub(super) fn operator(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        let single = match self.peek(0) {
            b'(' => Some(Tok::LParen),
            b')' => Some(Tok::RParen),
            b'[' => Some(Tok::LBracket),
            b']' => Some(Tok::RBracket),
            b'{' => Some(Tok::LBrace),
            b'}' => Some(Tok::RBrace),
            b',' => Some(Tok::Comma),
            b'.' => Some(Tok::Dot),
            b';' => Some(Tok::Semi),
            _ => None,
        };
        if let Some(kind) = single {
            self.at += 1;
            return Ok(kind);
        }
        if self.peek(0) == b':' {
            return Ok(self.colon());
        }
        if self.dialect == Dialect::Postgres {
            return self.postgres_operator();
        }
        let (kind, length) = self.fixed_operator();
        if length == 0 {
            let character = self.text[start..].chars().next().unwrap_or(' ');
            return Err(ParseError::new(start, format!("unexpected character `{character}`")));
        }
        self.at += length;
        Ok(kind)
    }

    fn colon(&mut self) -> Tok {
        let (kind, length) = match self.peek(1) {
            b':' => (Tok::DoubleColon, 2),
            b'=' => (Tok::Assign, 2),
            _ => (Tok::Colon, 1),
        };
        self.at += length;
        kind
    }

    /// The longest operator of SQLite, MySQL or T-SQL that starts here, with its length; 0 when there is none.
    fn fixed_operator(&self) -> (Tok, usize) {
        let (sqlite, mysql) = (self.dialect == Dialect::Sqlite, self.dialect == Dialect::Mysql);
        let tsql = self.dialect == Dialect::Tsql;
        match (self.peek(0), self.peek(1)) {
            (b'-', b'>') if sqlite || mysql => {
                if self.peek(2) == b'>' {
                    (Tok::LongArrow, 3)
                } else {
                    (Tok::Arrow, 2)
                }
            }
            (b'<', b'=') if mysql && self.peek(2) == b'>' => (Tok::NullSafeEq, 3),
            (b'<', b'=') => (Tok::LtEq, 2),
            (b'<', b'>') | (b'!', b'=') => (Tok::NotEq, 2),
            (b'<', b'<') => (Tok::ShiftLeft, 2),
            (b'>', b'>') => (Tok::ShiftRight, 2),
            (b'>', b'=') => (Tok::GtEq, 2),
            (b'!', b'<') if tsql => (Tok::GtEq, 2),
            (b'!', b'>') if tsql => (Tok::LtEq, 2),
            (b'=', b'=') if sqlite => (Tok::Eq, 2),
            (b'|', b'|') => (Tok::Concat, 2),
            (b'&', b'&') if mysql => (Tok::AndAnd, 2),
            (b'*', _) => (Tok::Star, 1),
            (b'+', _) => (Tok::Plus, 1),
            (b'-', _) => (Tok::Minus, 1),
            (b'/', _) => (Tok::Slash, 1),
            (b'%', _) => (Tok::Percent, 1),
            (b'^', _) if !sqlite => (Tok::Caret, 1),
            (b'=', _) => (Tok::Eq, 1),
            (b'<', _) => (Tok::Lt, 1),
            (b'>', _) => (Tok::Gt, 1),
            (b'|', _) => (Tok::Pipe, 1),
            (b'&', _) => (Tok::Amp, 1),
            (b'~', _) => (Tok::Tilde, 1),
            (b'!', _) if mysql => (Tok::Bang, 1),
            _ => (Tok::End, 0),
        }
    }

    /// PostgreSQL reads as many operator characters as there are; a trailing sign only belongs to it after a character that no
    /// operator of the standard has (documentation, section 4.1.3).
    fn postgres_operator(&mut self) -> Result<Tok, ParseError> {
        let start = self.at;
        let is_operator = |byte: u8| b"+-*/<>=~!@#%^&|`?".contains(&byte);
        let mut end = start;
        while end < self.bytes.len() && is_operator(self.bytes[end]) {
            let comment = matches!(
                (self.bytes[end], self.bytes.get(end + 1)),
                (b'-', Some(b'-')) | (b'/', Some(b'*'))
            );
            if comment && end > start {
                break;
            }
            end += 1;
        }
        let special = |byte: &u8| b"~!@#%^&|`?".contains(byte);
        while end > start + 1
            && matches!(self.bytes[end - 1], b'+' | b'-')
            && !self.bytes[start..end - 1].iter().any(special)
        {
            end -= 1;
        }
        self.at = end;
        Ok(match &self.bytes[start..end] {
            b"" => {
                let character = self.text[start..].chars().next().unwrap_or(' ');
                return Err(ParseError::new(start, format!("unexpected character `{character}`")));
            }
            b"+" => Tok::Plus,
            b"-" => Tok::Minus,
            b"*" => Tok::Star,
            b"/" => Tok::Slash,
            b"%" => Tok::Percent,
            b"^" => Tok::Caret,
            b"=" => Tok::Eq,
            b"<" => Tok::Lt,
            b">" => Tok::Gt,
            b"<=" => Tok::LtEq,
            b">=" => Tok::GtEq,
            b"<>" | b"!=" => Tok::NotEq,
            b"=>" => Tok::FatArrow,
            b"||" => Tok::Concat,
            b"->" => Tok::Arrow,
            b"->>" => Tok::LongArrow,
            _ => Tok::Op,
        })
    }
}
