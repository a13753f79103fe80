//! The catalog, ready for looking names up.

use std::collections::HashMap;

use nl2sql_sdk::description::IdentifierCase;
use nl2sql_sdk::types::Catalog;
use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use crate::identifiers::{catalog_key, key};

/// A table or view.
#[derive(Debug)]
pub(crate) struct IndexedTable {
    pub schema: Option<String>,
    pub name: String,
    /// Columns by their keys, in declared order.
    pub columns: Vec<Column>,
}

/// A column of a source: how it is compared and how it is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub key: String,
    pub name: String,
}

/// The tables of a catalog by name.
#[derive(Debug)]
pub(crate) struct CatalogIndex {
    pub case: IdentifierCase,
    pub tables: Vec<IndexedTable>,
    by_name: HashMap<String, Vec<usize>>,
    default_schema: Option<String>,
}

impl CatalogIndex {
    pub fn new(catalog: &Catalog, case: IdentifierCase) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let tables = catalog.tables.iter().enumerate().map(|(at, table)| {
            by_name.entry(catalog_key(case, &table.name)).or_default().push(at);
            IndexedTable {
                schema: table.schema.clone(),
                name: table.name.clone(),
                columns: table
                    .columns
                    .iter()
                    .map(|column| Column {
                        key: catalog_key(case, &column.name),
                        name: column.name.clone(),
                    })
                    .collect(),
            }
        });
        let tables = tables.collect();
        Self {
            case,
            tables,
            by_name,
            default_schema: catalog.default_schema.clone(),
        }
    }

    /// Whether there is anything to look names up in.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// The table that a name means: the last part is its name, the one before its schema.
    pub fn table(&self, name: &ObjectName) -> Option<usize> {
        let parts = identifiers(name)?;
        let (last, qualifiers) = parts.split_last()?;
        let named = self.by_name.get(&key(self.case, last))?;
        match qualifiers.last() {
            Some(schema) => {
                let schema = key(self.case, schema);
                let in_schema = |at: &&usize| {
                    let own = self.tables[**at].schema.as_deref();
                    own.is_none_or(|own| catalog_key(self.case, own) == schema)
                };
                named.iter().find(in_schema).copied()
            }
            None => {
                let is_default = |at: &&usize| self.tables[**at].schema == self.default_schema;
                named.iter().find(is_default).or_else(|| named.first()).copied()
            }
        }
    }

    /// The table with the name most like this one.
    pub fn nearest_table(&self, name: &str) -> Option<String> {
        nearest(name, self.tables.iter().map(|table| table.name.as_str()))
    }
}

/// The identifiers of a name; nothing for one that a function gives.
pub(crate) fn identifiers(name: &ObjectName) -> Option<Vec<&Ident>> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(ident),
            ObjectNamePart::Function(_) => None,
        })
        .collect()
}

/// Likeness from which a name is suggested.
const NEAR: f64 = 0.6;

/// The name most like this one, where one is like it at all.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase());
    let nearest = known
        .map(|known| (likeness(known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (nearest.0 >= NEAR).then(|| nearest.1.to_owned())
}
