//! A database's metadata, as extracted from its catalog.

use serde::{Deserialize, Serialize};

use crate::{Terms, TypeClass};

/// Everything known about one database: the artifact `metadata.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Name of the database (for SQLite: the file stem).
    pub name: String,
    /// Name of the dialect plugin that speaks its SQL, e.g. `sqlite`.
    pub dialect: String,
    /// Version string of the server, as it reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
    /// Schema in which unqualified names resolve first (`public`, `dbo`, the database name in MySQL, `main` in SQLite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_schema: Option<String>,
    /// Tables and views, ordered by schema and name.
    pub tables: Vec<Table>,
}

/// What kind of relation a [`Table`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// A base table.
    #[default]
    Table,
    /// A view.
    View,
    /// A materialised view.
    MaterializedView,
    /// A virtual or foreign table.
    Virtual,
}

/// A table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Schema it lives in, where the database has schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Name as the catalog spells it, unquoted.
    pub name: String,
    /// Table, view, materialised view or virtual table.
    #[serde(default)]
    pub kind: TableKind,
    /// Comment in the database's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Columns in ordinal order.
    pub columns: Vec<Column>,
    /// Columns of the primary key in key order; empty when there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Unique keys other than the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique_keys: Vec<Key>,
    /// Foreign keys that leave this table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Check constraints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Names of its indexes, sorted; nothing where the catalog does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indexes: Option<Vec<String>>,
    /// Whether its rows have no number of their own (SQLite's WITHOUT ROWID).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_rowid: bool,
    /// Estimated number of rows, from the server's statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_estimate: Option<u64>,
    /// What people call its rows. Never filled by extraction.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub terms: Terms,
}

/// A column of a table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Name as the catalog spells it, unquoted.
    pub name: String,
    /// Full type as the database spells it, e.g. `numeric(10,2)`; empty where SQLite declares none.
    pub type_name: String,
    /// The family the type belongs to.
    #[serde(default)]
    pub type_class: TypeClass,
    /// Whether NULL may be stored.
    pub nullable: bool,
    /// Default expression in SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Comment in the database's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the server assigns the value (identity, auto-increment, serial, rowid alias).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identity: bool,
    /// Whether the value is computed from other columns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generated: bool,
    /// Labels of an enum or set type, in declared order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Values the privacy policy lets out, as display text, most frequent first. Never filled by extraction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// What people call it. Never filled by extraction.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub terms: Terms,
}

/// A unique key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Constraint or index name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Columns in key order.
    pub columns: Vec<String>,
}

/// A foreign key; composite when it has more than one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// Constraint name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Referencing columns.
    pub columns: Vec<String>,
    /// Schema of the referenced table, when it is not the table's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ref_schema: Option<String>,
    /// Referenced table.
    pub ref_table: String,
    /// Referenced columns, pairwise with `columns`.
    pub ref_columns: Vec<String>,
}

/// A check constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Constraint name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Expression in SQL.
    pub expression: String,
}

impl Database {
    /// The table called `name`, compared exactly; `name` may be `schema.table`.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.name == name || table.is_qualified_as(name))
    }
}

impl Table {
    /// `schema.table`, or the bare name where there is no schema.
    pub fn qualified_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether `name` is the qualified name.
    fn is_qualified_as(&self, name: &str) -> bool {
        let schema = self.schema.as_deref().unwrap_or_default();
        let rest = name.strip_prefix(schema).and_then(|rest| rest.strip_prefix('.'));
        self.schema.is_some() && rest == Some(self.name.as_str())
    }

    /// The table with its terms behind its comments, where readers of comments find them.
    #[must_use]
    pub fn with_terms_in_comments(&self) -> Self {
        let mut table = self.clone();
        table.comment = self.terms.behind(self.comment.as_deref());
        for column in &mut table.columns {
            column.comment = column.terms.behind(column.comment.as_deref());
        }
        table
    }

    /// The column called `name`, compared exactly.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
