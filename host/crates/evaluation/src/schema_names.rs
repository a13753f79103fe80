//! Which words an answer may be written with: those of SQL, and the names of one database.
//!
//! Lexically constrained decoding in the spirit of PICARD (Scholak et al. 2021, <https://arxiv.org/abs/2109.05093>): while a model
//! writes, [`AnswerReader`] says whether the text so far can still become a statement whose every name is there. It reads no
//! grammar: what is constrained are words, by the place they stand in.

mod lexer;
mod name_set;
mod place;
mod scope;
mod sql_words;
mod statement;

use nl2sql_catalog::{Database, TableKind};

use self::name_set::{NameSet, Word};
use self::sql_words::SqlWords;

pub use lexer::AnswerReader;

/// How a dialect quotes and compares, as far as names go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SqlFamily {
    Sqlite,
    Postgres,
    Mysql,
    Tsql,
    /// Any other: what holds in one of the four is let through.
    Other,
}

impl SqlFamily {
    fn of(dialect: &str) -> Self {
        match dialect {
            "sqlite" => Self::Sqlite,
            "postgres" => Self::Postgres,
            "mysql" => Self::Mysql,
            "tsql" => Self::Tsql,
            _ => Self::Other,
        }
    }

    /// Whether unquoted and quoted words are compared in different ways: PostgreSQL folds the former to lower case.
    fn quotes_keep_case(self) -> bool {
        self == Self::Postgres
    }

    /// The quote that closes what this one opens, where it opens a name.
    fn closing_quote(self, opening: u8) -> Option<u8> {
        match (opening, self) {
            (b'"', Self::Mysql) => None,
            (b'"', _) => Some(b'"'),
            (b'`', Self::Sqlite | Self::Mysql | Self::Other) => Some(b'`'),
            (b'[', Self::Sqlite | Self::Tsql) => Some(b']'),
            _ => None,
        }
    }

    /// Columns that every table has and no catalog lists.
    fn pseudo_columns(self) -> &'static [&'static str] {
        match self {
            Self::Sqlite => &["rowid", "_rowid_", "oid"],
            Self::Postgres => &["ctid", "tableoid", "xmin", "xmax"],
            _ => &[],
        }
    }
}

/// The names of one database, and the words of its dialect.
#[derive(Debug)]
pub struct SchemaNames {
    family: SqlFamily,
    words: SqlWords,
    tables: Vec<TableNames>,
    /// Names of tables and views.
    table_names: NameSet,
    /// Names of all columns.
    columns: NameSet,
    /// Schemas, and the database itself.
    schemas: NameSet,
    /// Short forms of table names, as aliases take them.
    abbreviations: NameSet,
}

#[derive(Debug)]
struct TableNames {
    schema: Option<Vec<u8>>,
    name: Vec<u8>,
    names: NameSet,
    columns: NameSet,
}

impl SchemaNames {
    /// The names of a catalog.
    pub fn of(catalog: &Database) -> Self {
        let family = SqlFamily::of(&catalog.dialect);
        let set = || NameSet::new(family.quotes_keep_case());
        let (mut table_names, mut all_columns, mut schemas) = (set(), set(), set());
        let mut abbreviations = set();
        let mut tables = Vec::new();
        if family != SqlFamily::Sqlite {
            schemas.insert(&catalog.name);
        }
        if let Some(schema) = &catalog.default_schema {
            schemas.insert(schema);
        }
        for table in &catalog.tables {
            let mut columns = set();
            let own = table.columns.iter().map(|column| column.name.as_str());
            // A full-text table of SQLite is a column of itself.
            let itself = (table.kind == TableKind::Virtual).then_some(table.name.as_str());
            for column in own.chain(itself).chain(family.pseudo_columns().iter().copied()) {
                columns.insert(column);
                all_columns.insert(column);
            }
            table_names.insert(&table.name);
            table.schema.iter().for_each(|schema| schemas.insert(schema));
            abbreviations.insert(&table.name);
            abbreviations.insert(&initials(&table.name));
            let mut names = set();
            names.insert(&table.name);
            tables.push(TableNames {
                schema: table.schema.as_deref().map(|schema| names.key(schema)),
                name: names.key(&table.name),
                names,
                columns,
            });
        }
        Self {
            family,
            words: SqlWords::of(family),
            tables,
            table_names,
            columns: all_columns,
            schemas,
            abbreviations,
        }
    }

    /// Whether a word looks like the short name a table goes by: `T1`, `s`, `cs2`, or the beginning of its own.
    fn is_short_name(&self, word: &Word) -> bool {
        !word.quoted && (word.is_letter_and_perhaps_number() || self.abbreviations.holds(&word.without_number()))
    }

    /// Whether anything is known; without names nothing can be held to them.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

/// `cs` for `concert_singer`.
fn initials(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    words.filter_map(|word| word.chars().next()).collect()
}
