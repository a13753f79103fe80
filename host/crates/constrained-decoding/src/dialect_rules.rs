//! What constrained decoding knows of a dialect, as data.

use nl2sql_catalog::{DialectInfo, IdentifierCase};
use nl2sql_sql_lexer::{BracketNames, LexicalRules};

use crate::sql_words::{self, SqlWords};

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
    /// Columns that every table has and no catalog lists.
    pub(crate) pseudo_columns: Vec<String>,
    /// Words that stand in place of a table's name.
    pub(crate) source_words: &'static str,
    pub(crate) words: SqlWords,
}

/// Dialects that have rules of their own.
const BUILT_IN: [&str; 4] = ["sqlite", "postgres", "mysql", "tsql"];

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What stands in place of a table's name on servers.
const SOURCE_WORDS_OF_SERVERS: &str = "lateral only select table values with";

impl DialectRules {
    /// The rules of a dialect by its name. What holds in any known dialect is let through in one that is not known.
    pub fn of_dialect(name: &str) -> Self {
        match name {
            "sqlite" => Self {
                unknown_double_quoted_is_string: true,
                database_qualifies: false,
                soft_words_anywhere: false,
                pseudo_columns: texts(&["rowid", "_rowid_", "oid"]),
                source_words: "select values with",
                words: SqlWords::of_files(sql_words::SQLITE),
                ..Self::of_server(LexicalRules::SQLITE, sql_words::SQLITE)
            },
            "postgres" => Self {
                quoted_names_keep_case: true,
                pseudo_columns: texts(&["ctid", "tableoid", "xmin", "xmax"]),
                ..Self::of_server(LexicalRules::POSTGRES, sql_words::POSTGRES)
            },
            "mysql" => Self::of_server(LexicalRules::MYSQL, sql_words::MYSQL),
            "tsql" => Self {
                column_methods: true,
                ..Self::of_server(LexicalRules::TSQL, sql_words::TSQL)
            },
            _ => Self {
                unknown_double_quoted_is_string: true,
                column_methods: true,
                ..Self::of_server(
                    LexicalRules {
                        bracket_names: BracketNames::None,
                        escape_strings: true,
                        ..LexicalRules::GENERIC
                    },
                    sql_words::ANY,
                )
            },
        }
    }

    /// The rules of a dialect by its description of itself. The built-in ones have rules of their own, which are narrower.
    pub fn of(info: &DialectInfo) -> Self {
        if BUILT_IN.contains(&info.name.as_str()) {
            return Self::of_dialect(&info.name);
        }
        let lists = [&info.functions.scalar, &info.functions.aggregate, &info.functions.table];
        let described = lists.into_iter().flatten().map(String::as_str);
        // A list that names no scalar function is not complete: what any known dialect has is let through.
        let known: &[&'static str] = if info.functions.scalar.is_empty() {
            sql_words::ANY
        } else {
            &[]
        };
        let mut words = SqlWords::of_servers(known);
        words.functions.extend(described.map(Into::into));
        words
            .sources
            .extend(info.functions.table.iter().map(|name| name.as_str().into()));
        Self {
            quoted_names_keep_case: matches!(info.names.case, IdentifierCase::FoldsLower),
            unknown_double_quoted_is_string: info.names.unknown_quoted_names_are_strings,
            pseudo_columns: info.names.pseudo_columns.clone(),
            words,
            ..Self::of_server(info.lexical, &[])
        }
    }

    fn of_server(lexical: LexicalRules, functions: &[&'static str]) -> Self {
        Self {
            lexical,
            quoted_names_keep_case: false,
            unknown_double_quoted_is_string: false,
            column_methods: false,
            database_qualifies: true,
            soft_words_anywhere: true,
            pseudo_columns: Vec::new(),
            source_words: SOURCE_WORDS_OF_SERVERS,
            words: SqlWords::of_servers(functions),
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
