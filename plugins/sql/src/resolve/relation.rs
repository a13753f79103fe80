//! Relations in scope and their columns.

use std::borrow::Cow;

use super::Resolver;
use crate::names::same_column;

/// The columns of a relation or a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// Those of a table of the catalog.
    Catalog(u32),
    /// A run of output names.
    Known { start: usize, len: usize },
    /// Not known: anything may be among them.
    Open,
}

/// A relation of a FROM clause.
#[derive(Clone, Debug)]
pub(crate) struct Relation<'a> {
    /// The name its columns can be qualified with.
    pub name: Option<Cow<'a, str>>,
    /// The name is an alias, which hides the table's schema.
    pub aliased: bool,
    pub columns: Columns,
    /// Index of the recorded table.
    pub recorded: Option<u32>,
    /// A second name for columns of other relations: neither `*` nor a bare name means its columns.
    pub qualified_only: bool,
}

impl<'a> Resolver<'a> {
    /// How many columns there are, if that is known.
    pub(super) fn count(&self, columns: Columns) -> Option<usize> {
        match columns {
            Columns::Catalog(table) => Some(self.schema.tables[table as usize].columns.len()),
            Columns::Known { len, .. } => Some(len),
            Columns::Open => None,
        }
    }

    /// Name of the column at an index.
    pub(super) fn column_name(&self, columns: Columns, index: usize) -> Option<Cow<'a, str>> {
        let schema = self.schema;
        match columns {
            Columns::Catalog(table) => schema.tables[table as usize]
                .columns
                .get(index)
                .map(|name| Cow::Borrowed(name.as_str())),
            Columns::Known { start, len } if index < len => self.names.get(start + index).cloned(),
            _ => None,
        }
    }

    /// How often a name is among the columns, and where first.
    pub(super) fn find_column(&self, columns: Columns, name: &str) -> (usize, Option<usize>) {
        match columns {
            Columns::Catalog(table) => match self.schema.column(self.dialect, table, name) {
                Some(index) => (1, Some(index as usize)),
                None => (0, None),
            },
            Columns::Known { start, len } => {
                let mut found = (0, None);
                for (index, candidate) in self.names[start..start + len].iter().enumerate() {
                    if same_column(self.dialect, candidate, name) {
                        found = (found.0 + 1, found.1.or(Some(index)));
                    }
                }
                // SQLite and MySQL take the first of two outputs of one name.
                if self.sqlite() {
                    (found.0.min(1), found.1)
                } else {
                    found
                }
            }
            Columns::Open => (0, None),
        }
    }

    /// Turns names into columns of a query.
    pub(super) fn known(&mut self, names: impl IntoIterator<Item = Cow<'a, str>>) -> Columns {
        let start = self.names.len();
        self.names.extend(names);
        Columns::Known {
            start,
            len: self.names.len() - start,
        }
    }
}
