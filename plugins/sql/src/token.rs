//! Tokens: what the lexer hands to the parser.

use crate::keyword::Kw;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tok {
    /// Unquoted word: a keyword or an identifier.
    Word,
    /// Quoted identifier.
    Quoted,
    /// Character string in any notation.
    Str,
    /// Bit or hexadecimal string.
    Bytes,
    /// Number.
    Number,
    /// Bind parameter or variable.
    Param,
    /// `(`
    LParen,
    /// `)`
    RParen,
    /// `[`
    LBracket,
    /// `]`
    RBracket,
    /// `{`
    LBrace,
    /// `}`
    RBrace,
    /// `,`
    Comma,
    /// `.`
    Dot,
    /// `;`
    Semi,
    /// `:`
    Colon,
    /// `::`
    DoubleColon,
    /// `:=`
    Assign,
    /// `=>`
    FatArrow,
    /// `*`
    Star,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `^`
    Caret,
    /// `=` (and SQLite's `==`)
    Eq,
    /// `<>` or `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`, T-SQL's `!>`
    LtEq,
    /// `>`
    Gt,
    /// `>=`, T-SQL's `!<`
    GtEq,
    /// MySQL's `<=>`
    NullSafeEq,
    /// `||`
    Concat,
    /// `&&`
    AndAnd,
    /// `|`
    Pipe,
    /// `&`
    Amp,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `~`
    Tilde,
    /// `!`
    Bang,
    /// `->`
    Arrow,
    /// `->>`
    LongArrow,
    /// Any other operator of PostgreSQL.
    Op,
    /// End of the text.
    End,
}

/// One token: a stretch of the text with its kind.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is.
    pub kind: Tok,
    /// The keyword, for a [`Tok::Word`] that is one.
    pub kw: Kw,
    /// Byte offset of its first character.
    pub start: u32,
    /// Byte offset just past it.
    pub end: u32,
}
