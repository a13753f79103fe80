//! What a statement uses of a catalog, looked up by name.

use std::collections::{BTreeSet, HashMap};

use nl2sql_catalog::{Analysis, Database, ForeignKey, Table, TableSource, TableUse};

use crate::cards::target_name;

/// A catalog by the names of its tables.
pub(crate) struct CatalogIndex<'a> {
    catalog: &'a Database,
    /// Qualified names, in the order of the catalog.
    names: Vec<String>,
    by_bare_name: HashMap<&'a str, Vec<usize>>,
    /// The foreign keys that leave each table.
    keys: Vec<Vec<KeyEnds<'a>>>,
}

/// Both ends of a foreign key.
struct KeyEnds<'a> {
    /// `table(columns) -> table(columns)`
    label: String,
    key: &'a ForeignKey,
    /// The table it leads to; `None` when it leads nowhere.
    to: Option<usize>,
}

impl<'a> CatalogIndex<'a> {
    pub(crate) fn new(catalog: &'a Database) -> Self {
        let names: Vec<String> = catalog.tables.iter().map(Table::qualified_name).collect();
        let by_name: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let keys = catalog
            .tables
            .iter()
            .zip(&names)
            .map(|(table, from)| {
                let ends = |key: &'a ForeignKey| {
                    let to = target_name(table, &key.ref_schema, &key.ref_table);
                    let (own, theirs) = (key.columns.join(", "), key.ref_columns.join(", "));
                    KeyEnds {
                        label: format!("{from}({own}) -> {to}({theirs})"),
                        key,
                        to: by_name.get(to.as_str()).copied(),
                    }
                };
                table.foreign_keys.iter().map(ends).collect()
            })
            .collect();
        let mut by_bare_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, table) in catalog.tables.iter().enumerate() {
            by_bare_name.entry(table.name.as_str()).or_default().push(at);
        }
        Self {
            catalog,
            names,
            by_bare_name,
            keys,
        }
    }

    /// Every table with its qualified name.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, &'a Table)> {
        self.names.iter().map(String::as_str).zip(&self.catalog.tables)
    }

    /// The label of every foreign key.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().flatten().map(|ends| ends.label.as_str())
    }

    fn find(&self, used: &TableUse) -> Option<usize> {
        if used.source != TableSource::Catalog {
            return None;
        }
        let fits = |at: &&usize| {
            let schema = &self.catalog.tables[**at].schema;
            used.schema.is_none() || schema.is_none() || *schema == used.schema
        };
        self.by_bare_name.get(used.name.as_str())?.iter().find(fits).copied()
    }
}

/// Tables and columns that one statement uses.
pub(crate) struct Used<'a> {
    index: &'a CatalogIndex<'a>,
    /// The table of each entry of FROM that is one of the catalog.
    entries: Vec<usize>,
    columns: BTreeSet<(usize, &'a str)>,
}

impl<'a> Used<'a> {
    pub(crate) fn of(index: &'a CatalogIndex<'a>, analysis: &'a Analysis) -> Self {
        let found: Vec<Option<usize>> = analysis.tables.iter().map(|used| index.find(used)).collect();
        let mut columns = BTreeSet::new();
        let all_of = |at: usize| {
            let columns = &index.catalog.tables[at].columns;
            columns.iter().map(move |column| (at, column.name.as_str()))
        };
        for column in &analysis.columns {
            let table = column.table.and_then(|at| found.get(at as usize)).copied().flatten();
            match table {
                Some(at) if column.name == "*" => columns.extend(all_of(at)),
                Some(at) => {
                    columns.insert((at, column.name.as_str()));
                }
                None if column.name == "*" => columns.extend(found.iter().flatten().flat_map(|at| all_of(*at))),
                None => {}
            }
        }
        Self {
            index,
            entries: found.into_iter().flatten().collect(),
            columns,
        }
    }

    /// Qualified names of the tables, sorted, each once.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> = self.entries.iter().map(|at| self.index.names[*at].as_str()).collect();
        names.into_iter()
    }

    /// Columns with the qualified names of their tables.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns
            .iter()
            .map(|(at, column)| (self.index.names[*at].as_str(), *column))
    }

    /// Labels of the foreign keys of which both ends are used; a key of a table to itself needs the table twice.
    pub(crate) fn foreign_keys(&self) -> impl Iterator<Item = &str> {
        let tables: BTreeSet<usize> = self.entries.iter().copied().collect();
        tables.into_iter().flat_map(move |at| {
            let joined = self.index.keys[at].iter().filter(move |ends| self.joins(at, ends));
            joined.map(|ends| ends.label.as_str())
        })
    }

    fn joins(&self, from: usize, ends: &KeyEnds<'_>) -> bool {
        let has = |at: usize, columns: &[String]| {
            columns
                .iter()
                .all(|column| self.columns.contains(&(at, column.as_str())))
        };
        let uses = |at: usize| self.entries.iter().filter(|entry| **entry == at).count();
        ends.to.is_some_and(|to| {
            let there = uses(to) > usize::from(to == from);
            there && has(from, &ends.key.columns) && has(to, &ends.key.ref_columns)
        })
    }
}
