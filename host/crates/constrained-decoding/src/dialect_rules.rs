//! What constrained decoding knows of a dialect, as data.

use nl2sql_catalog::dialect_extra::Trait;
use nl2sql_catalog::{DialectInfo, IdentifierCase};
use nl2sql_sql_lexer::{BracketNames, LexicalRules};

use crate::sql_words::SqlWords;

/// What constrained decoding knows of a dialect.
#[derive(Clone, Debug)]
pub struct DialectRules {
    pub(crate) lexical: LexicalRules,
    /// Whether unquoted and quoted words are compared in different ways: the former are folded to lower case.
    pub(crate) quoted_names_keep_case: bool,
    /// `"..."` is a string where it is no name.
    pub(crate) unknown_double_quoted_is_string: bool,
    /// Columns have methods, which are called behind a dot.
    pub(crate) column_methods: bool,
    /// A database or schema may qualify a table.
    pub(crate) database_qualifies: bool,
    /// Units, types and words of hints may stand anywhere, not in windows and at the end of a query alone.
    pub(crate) soft_words_anywhere: bool,
    /// What only servers read: FROM among arguments, ON behind ON, several expressions behind DISTINCT, selected columns by name behind GROUP BY.
    pub(crate) has_server_grammar: bool,
    /// Columns that every table has and no catalog lists.
    pub(crate) pseudo_columns: Vec<String>,
    /// Words that stand in place of a table's name, or before it.
    pub(crate) source_words: &'static str,
    /// Marks that no statement has outside of quotes.
    pub(crate) foreign_marks: &'static [u8],
    pub(crate) words: SqlWords,
}

/// What stands before a table's name, or in its place, on servers.
const SOURCE_WORDS_OF_SERVERS: &str = "lateral only table";

/// Marks that no dialect has.
const FOREIGN_MARKS: &[u8] = b"\\";

/// Marks that only servers have: operators of JSON and arrays, variables, temporary tables.
const FOREIGN_MARKS_BUT_ON_SERVERS: &[u8] = b"\\{}@#?";

impl DialectRules {
    /// The rules of a dialect by its description of itself.
    pub fn of(info: &DialectInfo) -> Self {
        let server_words = info.has_trait(Trait::ServerWords);
        Self {
            lexical: info.lexical,
            quoted_names_keep_case: matches!(info.names.case, IdentifierCase::FoldsLower),
            unknown_double_quoted_is_string: info.names.unknown_quoted_names_are_strings,
            column_methods: info.has_trait(Trait::ColumnMethods),
            database_qualifies: info.has_trait(Trait::QualifiedTables),
            soft_words_anywhere: server_words,
            has_server_grammar: server_words,
            pseudo_columns: info.names.pseudo_columns.clone(),
            source_words: if server_words { SOURCE_WORDS_OF_SERVERS } else { "" },
            foreign_marks: if server_words {
                FOREIGN_MARKS
            } else {
                FOREIGN_MARKS_BUT_ON_SERVERS
            },
            words: SqlWords::new(&info.functions, server_words),
        }
    }

    /// The quote that closes what this one opens, where it opens a name.
    pub(crate) fn closing_quote(&self, opening: u8) -> Option<u8> {
        match opening {
            b'"' if !self.lexical.double_quoted_strings => Some(b'"'),
            b'`' if self.lexical.backtick_names => Some(b'`'),
            b'[' if self.lexical.bracket_names != BracketNames::None => Some(b']'),
            _ => {
                let (open, close) = self.lexical.other_name_quotes?;
                let byte = |quote: char| u8::try_from(quote).ok().filter(u8::is_ascii);
                (byte(open) == Some(opening)).then(|| byte(close)).flatten()
            }
        }
    }
}
