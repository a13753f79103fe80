//! What dialects differ in before any grammar.

/// Lexical rules of a dialect. `'...'` with doubled quotes, `"..."`, `--` and `/* */` comments are the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexicalRules {
    /// `` `name` `` is a quoted name.
    pub backtick_names: bool,
    /// `[name]` is a quoted name.
    pub bracket_names: bool,
    /// A backslash escapes the next character in `'...'` and `"..."`.
    pub backslash_escapes: bool,
    /// `E'...'` is a string with backslash escapes.
    pub escape_strings: bool,
    /// `$$...$$` and `$tag$...$tag$` are strings.
    pub dollar_strings: bool,
    /// `#` begins a comment that ends with the line.
    pub hash_comments: bool,
    /// `--` begins a comment only before white space, a control character or the end.
    pub dashes_need_blank: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
}

impl LexicalRules {
    /// For texts of an unknown dialect: every kind of quoted name, no escapes.
    pub const GENERIC: Self = Self {
        backtick_names: true,
        bracket_names: true,
        backslash_escapes: false,
        escape_strings: false,
        dollar_strings: false,
        hash_comments: false,
        dashes_need_blank: false,
        nested_comments: false,
    };
    /// SQLite.
    pub const SQLITE: Self = Self::GENERIC;
    /// PostgreSQL.
    pub const POSTGRES: Self = Self {
        backtick_names: false,
        bracket_names: false,
        escape_strings: true,
        dollar_strings: true,
        nested_comments: true,
        ..Self::GENERIC
    };
    /// MySQL and MariaDB.
    pub const MYSQL: Self = Self {
        bracket_names: false,
        backslash_escapes: true,
        hash_comments: true,
        dashes_need_blank: true,
        ..Self::GENERIC
    };
    /// SQL Server.
    pub const TSQL: Self = Self {
        backtick_names: false,
        nested_comments: true,
        ..Self::GENERIC
    };

    /// The rules of a dialect by its name; `None` for one that is not known here.
    pub fn of_dialect(name: &str) -> Option<Self> {
        match name {
            "sqlite" => Some(Self::SQLITE),
            "postgres" => Some(Self::POSTGRES),
            "mysql" => Some(Self::MYSQL),
            "tsql" => Some(Self::TSQL),
            _ => None,
        }
    }
}
