//! What dialects differ in before any grammar.

/// Lexical rules of a dialect. `'...'` with doubled quotes, `"..."`, `--` and `/* */` comments are the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexicalRules {
    /// `"..."` is a string and no name.
    pub double_quoted_strings: bool,
    /// `` `name` `` is a quoted name.
    pub backtick_names: bool,
    /// Whether `[name]` is a quoted name, and where it ends.
    pub bracket_names: BracketNames,
    /// A further pair of quotes around names, the closing one doubled inside.
    pub other_name_quotes: Option<(char, char)>,
    /// `U&"..."` is a name written with escapes, so that it does not say what it stands for.
    pub unicode_escaped_names: bool,
    /// A backslash escapes the next character in `'...'` and `"..."`.
    pub backslash_escapes: bool,
    /// `E'...'` is a string with backslash escapes, and so is each `'...'` that follows it on another line and continues it.
    pub escape_strings: bool,
    /// `r'...'` is a string in which a backslash stands for itself.
    pub raw_strings: bool,
    /// Three quotes open a string that three quotes close.
    pub triple_quoted_strings: bool,
    /// `q'[...]'`, with any character in place of the brackets, is a string.
    pub delimited_strings: bool,
    /// `$$...$$` and `$tag$...$tag$` are strings.
    pub dollar_strings: bool,
    /// `#` begins a comment that ends with the line.
    pub hash_comments: bool,
    /// `//` begins a comment that ends with the line.
    pub slash_comments: bool,
    /// `--` begins a comment only before white space, a control character or the end.
    pub dashes_need_blank: bool,
    /// A carriage return ends a line and so its comment; elsewhere a line feed alone does.
    pub carriage_return_ends_line: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
    /// `/*! ... */` and `/*M! ... */` are code, though they look like comments.
    pub executable_comments: bool,
    /// Every character beyond ASCII belongs to a word, be it white space or punctuation.
    pub words_take_all_beyond_ascii: bool,
}

/// What `[` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BracketNames {
    /// A mark like any other.
    None,
    /// It opens a name that ends at the first `]`.
    EndAtFirst,
    /// It opens a name in which `]]` stands for one.
    Doubled,
}

impl LexicalRules {
    /// For texts of an unknown dialect: every kind of quoted name, no escapes.
    pub const GENERIC: Self = Self {
        double_quoted_strings: false,
        backtick_names: true,
        bracket_names: BracketNames::Doubled,
        other_name_quotes: None,
        unicode_escaped_names: false,
        backslash_escapes: false,
        escape_strings: false,
        raw_strings: false,
        triple_quoted_strings: false,
        delimited_strings: false,
        dollar_strings: false,
        hash_comments: false,
        slash_comments: false,
        dashes_need_blank: false,
        carriage_return_ends_line: false,
        nested_comments: false,
        executable_comments: false,
        words_take_all_beyond_ascii: false,
    };
    /// SQLite.
    pub const SQLITE: Self = Self {
        bracket_names: BracketNames::EndAtFirst,
        words_take_all_beyond_ascii: true,
        ..Self::GENERIC
    };
    /// PostgreSQL.
    pub const POSTGRES: Self = Self {
        backtick_names: false,
        bracket_names: BracketNames::None,
        unicode_escaped_names: true,
        escape_strings: true,
        dollar_strings: true,
        carriage_return_ends_line: true,
        nested_comments: true,
        words_take_all_beyond_ascii: true,
        ..Self::GENERIC
    };
    /// MySQL and MariaDB.
    pub const MYSQL: Self = Self {
        double_quoted_strings: true,
        bracket_names: BracketNames::None,
        backslash_escapes: true,
        hash_comments: true,
        dashes_need_blank: true,
        executable_comments: true,
        words_take_all_beyond_ascii: true,
        ..Self::GENERIC
    };
    /// SQL Server.
    pub const TSQL: Self = Self {
        backtick_names: false,
        carriage_return_ends_line: true,
        nested_comments: true,
        ..Self::GENERIC
    };

    /// The same rules for a statement among prose, whose white space and punctuation separate words in every script.
    pub const fn in_prose(self) -> Self {
        Self {
            words_take_all_beyond_ascii: false,
            ..self
        }
    }
}
