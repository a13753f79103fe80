//! A catalog prepared for look-ups by name.

use std::collections::HashMap;

use nl2sql_catalog::{Column, Database, TableKind, TypeClass};

use crate::ast::Servers;
use crate::dialect::Dialect;
use crate::names;

/// A table of the catalog.
#[derive(Debug)]
pub(crate) struct SchemaTable {
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<String>,
    /// Their types, in the same order.
    pub types: Vec<ColumnType>,
    pub primary_key: Vec<String>,
    /// Whether rows have a physical address (rowid, ctid).
    pub stored: bool,
    /// Its indexes, where the catalog lists them.
    pub indexes: Option<Vec<String>>,
    pub is_virtual: bool,
    /// SQLite: whether this looks like a table of a full-text module, whose columns have no types.
    pub full_text: bool,
}

/// What is known about the type of a column.
#[derive(Debug)]
pub(crate) struct ColumnType {
    pub class: TypeClass,
    /// Labels of an enumeration.
    pub labels: Vec<String>,
}

impl ColumnType {
    fn new(column: &Column) -> Self {
        // No operator takes money and a number together.
        let money = column.type_name.eq_ignore_ascii_case("money");
        Self {
            class: if money { TypeClass::Other } else { column.type_class },
            labels: column.labels.clone(),
        }
    }
}

/// The tables of a database by name.
#[derive(Debug)]
pub struct Schema {
    pub(crate) tables: Vec<SchemaTable>,
    by_name: HashMap<String, Vec<u32>>,
    default_schema: Option<String>,
    database: String,
    /// Minor version of SQLite 3, where the catalog tells it.
    pub(crate) sqlite_minor: u32,
    /// Whether the server says that it is MariaDB.
    pub(crate) mariadb: bool,
    /// Major version of the server, where the catalog tells it.
    pub(crate) major: Option<u32>,
}

impl Schema {
    /// Prepares a catalog.
    pub fn new(database: &Database) -> Self {
        let tables: Vec<SchemaTable> = database
            .tables
            .iter()
            .map(|table| SchemaTable {
                schema: table.schema.clone(),
                name: table.name.clone(),
                columns: table.columns.iter().map(|column| column.name.clone()).collect(),
                types: table.columns.iter().map(ColumnType::new).collect(),
                primary_key: table.primary_key.clone(),
                stored: matches!(table.kind, TableKind::Table | TableKind::Virtual) && !table.without_rowid,
                indexes: table.indexes.clone(),
                is_virtual: table.kind == TableKind::Virtual,
                full_text: table.kind == TableKind::Virtual
                    && table.columns.iter().all(|column| column.type_name.is_empty()),
            })
            .collect();
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::with_capacity(tables.len());
        for (index, table) in tables.iter().enumerate() {
            by_name.entry(table.name.to_lowercase()).or_default().push(index as u32);
        }
        Self {
            tables,
            by_name,
            default_schema: database.default_schema.clone(),
            database: database.name.clone(),
            sqlite_minor: sqlite_minor(database.server_version.as_deref()),
            mariadb: database
                .server_version
                .as_deref()
                .is_some_and(|version| version.to_ascii_lowercase().contains("mariadb")),
            major: major_version(database.server_version.as_deref()),
        }
    }

    /// The table a name means; without a schema, one of the default schema comes first.
    pub(crate) fn find(&self, dialect: Dialect, schema: Option<&str>, name: &str) -> Option<u32> {
        let candidates = match self.by_name.get(name) {
            Some(found) => found,
            None => self.by_name.get(&name.to_lowercase())?,
        };
        let fits = |index: &&u32| {
            let table = &self.tables[**index as usize];
            names::same_table(dialect, &table.name, name)
                && schema.is_none_or(|schema| self.is_in(dialect, table, schema))
        };
        let mut found = candidates.iter().filter(fits);
        let first = *found.next()?;
        let in_default = |index: u32| self.tables[index as usize].schema == self.default_schema;
        if schema.is_some() || in_default(first) {
            return Some(first);
        }
        Some(found.copied().find(|index| in_default(*index)).unwrap_or(first))
    }

    /// Whether a server reads a construct as an objection says it does.
    pub(crate) fn is_among(&self, servers: Servers) -> bool {
        match servers {
            Servers::All => true,
            Servers::MariaDb => self.mariadb,
            Servers::PostgresBefore(major) => self.major.is_some_and(|found| found < major),
        }
    }

    /// Whether a table of the catalog lies in a schema.
    pub(crate) fn lies_in(&self, dialect: Dialect, table: u32, schema: &str) -> bool {
        self.is_in(dialect, &self.tables[table as usize], schema)
    }

    fn is_in(&self, dialect: Dialect, table: &SchemaTable, schema: &str) -> bool {
        // A file of SQLite calls its only schema `main`; a dialect of another database reads it as its own default.
        let named = |default: &&str| dialect == Dialect::Sqlite || *default != "main";
        let home = table.schema.as_deref();
        let home = home.or_else(|| self.default_schema.as_deref().filter(named));
        match (home, dialect) {
            (Some(home), _) => names::same_table(dialect, home, schema),
            (None, Dialect::Sqlite) => schema.eq_ignore_ascii_case("main"),
            (None, Dialect::Mysql) => schema == self.database,
            (None, Dialect::Postgres) => schema == "public",
            (None, Dialect::Tsql) => schema.eq_ignore_ascii_case("dbo"),
        }
    }

    /// Whether a database name before the schema means this database.
    pub(crate) fn is_database(&self, dialect: Dialect, name: &str) -> bool {
        names::same_table(dialect, &self.database, name)
    }

    /// The column of a table a name means.
    pub(crate) fn column(&self, dialect: Dialect, table: u32, name: &str) -> Option<u32> {
        let columns = &self.tables[table as usize].columns;
        columns
            .iter()
            .position(|column| names::same_column(dialect, column, name))
            .map(|index| index as u32)
    }
}

/// The first number of a version, as in `15.3 (Debian)` or `PostgreSQL 16.1`.
fn major_version(version: Option<&str>) -> Option<u32> {
    let version = version?;
    let start = version.find(|c: char| c.is_ascii_digit())?;
    let digits = version[start..].split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The `46` of `3.46.1`; 40 where no version is known.
fn sqlite_minor(version: Option<&str>) -> u32 {
    version
        .and_then(|version| version.split('.').nth(1)?.parse().ok())
        .unwrap_or(40)
}
