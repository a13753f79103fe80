//! The names that statements about one database may use.

use nl2sql_catalog::{Database, TableKind};

use crate::DialectRules;
use crate::join_keys::JoinKeys;
use crate::name_set::{NameSet, Word};

/// The names of one database and the rules of its dialect: what a statement about it may be written with.
#[derive(Debug)]
pub struct SchemaConstraint {
    pub(crate) dialect: DialectRules,
    pub(crate) tables: Vec<TableNames>,
    /// Names of tables and views.
    pub(crate) table_names: NameSet,
    /// Names of all columns.
    pub(crate) columns: NameSet,
    /// Schemas, and the database itself.
    pub(crate) schemas: NameSet,
    /// Short forms of table names, as aliases take them.
    abbreviations: NameSet,
    /// What tables are joined by; nothing where they may be joined by anything.
    pub(crate) join_keys: Option<JoinKeys>,
}

/// The names of one table.
#[derive(Debug)]
pub(crate) struct TableNames {
    pub schema: Option<Vec<u8>>,
    pub name: Vec<u8>,
    pub names: NameSet,
    pub columns: NameSet,
    /// Columns that `*` stands for.
    pub width: usize,
}

impl SchemaConstraint {
    /// Statements over the tables of a catalog.
    pub fn new(catalog: &Database, dialect: DialectRules) -> Self {
        let set = || NameSet::new(dialect.quoted_names_keep_case);
        let (mut table_names, mut all_columns, mut schemas) = (set(), set(), set());
        let mut abbreviations = set();
        let mut tables = Vec::new();
        if dialect.database_qualifies {
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
            for column in own
                .chain(itself)
                .chain(dialect.pseudo_columns.iter().map(String::as_str))
            {
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
                width: table.columns.len(),
            });
        }
        Self {
            dialect,
            tables,
            table_names,
            columns: all_columns,
            schemas,
            abbreviations,
            join_keys: None,
        }
    }

    /// Statements that join tables along the foreign keys of the catalog. Tables that no key links to others are joined as one likes.
    pub fn along_keys(catalog: &Database, dialect: DialectRules) -> Self {
        let free = Self::new(catalog, dialect);
        Self {
            join_keys: Some(JoinKeys::new(catalog, &free.columns)),
            ..free
        }
    }

    /// Whether a word looks like the short name a table goes by: `T1`, `s`, `cs2`, or the beginning of its own.
    pub(crate) fn is_short_name(&self, word: &Word) -> bool {
        let is_abbreviation = || word.last_digits() < 4 && self.abbreviations.holds(&word.without_number());
        !word.quoted && (word.is_letter_and_perhaps_number() || is_abbreviation())
    }

    /// Whether anything is known; without names nothing can be constrained.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }
}

/// `cs` for `concert_singer`.
fn initials(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_alphanumeric());
    words.filter_map(|word| word.chars().next()).collect()
}
