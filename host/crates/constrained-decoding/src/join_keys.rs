//! Which columns join which tables: the foreign keys of a catalog, column by column.

use std::collections::BTreeMap;

use nl2sql_catalog::{Database, ForeignKey, Table};

use crate::name_set::NameSet;

/// The pairs of columns that foreign keys name, by the number of either table in the catalog.
#[derive(Debug, Default)]
pub(crate) struct JoinKeys(BTreeMap<usize, Vec<JoinKey>>);

/// A column of a table, and the one of another table, or of the same one, that it is compared with.
#[derive(Debug)]
struct JoinKey {
    column: Vec<u8>,
    other_table: usize,
    other_column: Vec<u8>,
}

impl JoinKeys {
    /// The keys of a catalog; `names` says how names are compared.
    pub fn new(catalog: &Database, names: &NameSet) -> Self {
        let mut keys = Self::default();
        for (own, table) in catalog.tables.iter().enumerate() {
            for key in &table.foreign_keys {
                let is_referenced = |other: &Table| is_referenced(other, key, table, names);
                let Some(referenced) = catalog.tables.iter().position(is_referenced) else {
                    continue;
                };
                for (from, to) in key.columns.iter().zip(&key.ref_columns) {
                    let (from, to) = (names.key(from), names.key(to));
                    keys.insert(own, from.clone(), referenced, to.clone());
                    keys.insert(referenced, to, own, from);
                }
            }
        }
        keys
    }

    fn insert(&mut self, table: usize, column: Vec<u8>, other_table: usize, other_column: Vec<u8>) {
        self.0.entry(table).or_default().push(JoinKey {
            column,
            other_table,
            other_column,
        });
    }

    fn of(&self, table: usize) -> &[JoinKey] {
        self.0.get(&table).map_or(&[], Vec::as_slice)
    }

    /// The tables that a key links to this one.
    pub fn linked_to(&self, table: usize) -> impl Iterator<Item = usize> {
        self.of(table).iter().map(|key| key.other_table)
    }

    /// The pairs of columns that join two tables, the first one's first.
    pub fn between(&self, one: usize, other: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
        let keys = self.of(one).iter().filter(move |key| key.other_table == other);
        keys.map(|key| (key.column.as_slice(), key.other_column.as_slice()))
    }
}

/// Whether a table is the one that a key of `owner` references.
fn is_referenced(table: &Table, key: &ForeignKey, owner: &Table, names: &NameSet) -> bool {
    let schema = key.ref_schema.as_ref().or(owner.schema.as_ref());
    names.key(&table.name) == names.key(&key.ref_table) && table.schema.as_ref() == schema
}
