//! Why a text does not parse, and where.

use nl2sql_catalog::{Position, SyntaxError};

/// A parse failure at a byte offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The reason, in one sentence.
    pub message: String,
    /// Byte offset into the text.
    pub offset: u32,
}

impl ParseError {
    /// A failure at `offset`.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            offset: offset as u32,
        }
    }

    /// The failure with its place counted in lines and characters of `sql`.
    pub fn in_text(&self, sql: &str) -> SyntaxError {
        SyntaxError {
            message: self.message.clone(),
            position: position(sql, self.offset as usize),
        }
    }
}

/// Line and column of a byte offset, both from 1, the column in characters.
pub fn position(sql: &str, offset: usize) -> Position {
    let mut end = offset.min(sql.len());
    while !sql.is_char_boundary(end) {
        end -= 1;
    }
    let before = &sql[..end];
    let line_start = before.rfind('\n').map_or(0, |index| index + 1);
    Position {
        line: before.bytes().filter(|&byte| byte == b'\n').count() as u32 + 1,
        column: before[line_start..].chars().count() as u32 + 1,
    }
}
