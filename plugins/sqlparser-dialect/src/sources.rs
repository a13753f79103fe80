//! What stands in FROM, and which columns it has.

use std::rc::Rc;

use nl2sql_sdk::analysis::TableSource;
use sqlparser::ast::{
    Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, TableAlias, TableFactor, TableWithJoins,
};

use crate::catalog_index::{CatalogIndex, Column, identifiers};
use crate::identifiers::key;
use crate::output_columns::output_columns;

/// Columns of a source in order; nothing where they cannot be told.
pub(crate) type Columns = Option<Rc<Vec<Column>>>;

/// A common table expression in scope.
#[derive(Clone, Debug)]
pub(crate) struct Cte {
    pub key: String,
    pub columns: Columns,
}

/// One source of a select.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Name by which columns are qualified.
    pub key: Option<String>,
    /// As written, for the record of table references.
    pub written: Written,
    pub kind: TableSource,
    /// Index in the catalog.
    pub table: Option<usize>,
    pub columns: Columns,
    /// Where the query of a derived table lies; it is not reached through this address.
    pub query: Option<*const Query>,
}

/// A table reference as written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub name: Option<Ident>,
    pub schema: Option<String>,
    pub alias: Option<Ident>,
}

/// The sources of a select, and what joins merge.
#[derive(Clone, Debug, Default)]
pub(crate) struct From {
    pub sources: Vec<Source>,
    /// Keys of columns that USING merges.
    pub merged: Vec<String>,
    /// A natural join merges whatever both sides have.
    pub natural: bool,
}

impl From {
    /// The sources of a select, in the order they are written.
    pub fn of(select: &Select, catalog: &CatalogIndex, ctes: &[Cte]) -> Self {
        let mut from = Self::default();
        for table in &select.from {
            from.add_joined(table, catalog, ctes);
        }
        for view in &select.lateral_views {
            // What a lateral view gives is not known here.
            from.add_opaque(
                view.lateral_view_name.0.first().and_then(|part| part.as_ident()),
                catalog,
            );
            from.add_opaque(None, catalog);
        }
        from
    }

    fn add_joined(&mut self, table: &TableWithJoins, catalog: &CatalogIndex, ctes: &[Cte]) {
        self.add(&table.relation, catalog, ctes);
        for join in &table.joins {
            self.add(&join.relation, catalog, ctes);
            match constraint(&join.join_operator) {
                Some(JoinConstraint::Using(columns) | JoinConstraint::UsingAlias(columns, _)) => {
                    let last = columns.iter().filter_map(|name| identifiers(name)?.last().copied());
                    self.merged.extend(last.map(|column| key(catalog.case, column)));
                }
                Some(JoinConstraint::Natural) => self.natural = true,
                _ => {}
            }
        }
    }

    fn add(&mut self, factor: &TableFactor, catalog: &CatalogIndex, ctes: &[Cte]) {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => self.add_table(name, alias.as_ref(), catalog, ctes),
            TableFactor::Table { name, alias, .. } | TableFactor::Function { name, alias, .. } => {
                let named = identifiers(name).and_then(|parts| parts.last().copied());
                self.add_function(alias.as_ref(), named, catalog);
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let columns = output_columns(subquery, catalog, ctes);
                self.sources.push(Source {
                    key: alias.as_ref().map(|alias| key(catalog.case, &alias.name)),
                    written: written(None, alias.as_ref()),
                    kind: TableSource::Derived,
                    table: None,
                    columns: renamed(columns, alias.as_ref(), catalog),
                    query: Some(std::ptr::from_ref(&**subquery)),
                });
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
                ..
            } => match alias {
                None => self.add_joined(table_with_joins, catalog, ctes),
                Some(alias) => self.add_opaque(Some(&alias.name), catalog),
            },
            TableFactor::Pivot { table, alias, .. }
            | TableFactor::Unpivot { table, alias, .. }
            | TableFactor::MatchRecognize { table, alias, .. } => {
                self.add(table, catalog, ctes);
                // What comes out has other columns than what goes in.
                if let Some(source) = self.sources.last_mut() {
                    source.columns = None;
                }
                if let Some(alias) = alias {
                    self.add_opaque(Some(&alias.name), catalog);
                }
            }
            TableFactor::UNNEST {
                alias,
                with_offset_alias,
                ..
            } => {
                self.add_function(alias.as_ref(), None, catalog);
                if with_offset_alias.is_some() {
                    self.add_opaque(with_offset_alias.as_ref(), catalog);
                }
            }
            TableFactor::TableFunction { alias, .. }
            | TableFactor::JsonTable { alias, .. }
            | TableFactor::OpenJsonTable { alias, .. } => self.add_function(alias.as_ref(), None, catalog),
            _ => self.add_opaque(None, catalog),
        }
    }

    fn add_table(&mut self, name: &ObjectName, alias: Option<&TableAlias>, catalog: &CatalogIndex, ctes: &[Cte]) {
        let parts = identifiers(name).unwrap_or_default();
        let last = parts.last().copied();
        let named = last.map(|last| key(catalog.case, last));
        let cte = ctes
            .iter()
            .rev()
            .find(|cte| parts.len() == 1 && Some(&cte.key) == named.as_ref());
        let table = if cte.is_some() { None } else { catalog.table(name) };
        let (kind, columns) = match (cte, table) {
            (Some(cte), _) => (TableSource::Cte, cte.columns.clone()),
            (None, Some(at)) => (TableSource::Catalog, Some(Rc::new(catalog.tables[at].columns.clone()))),
            (None, None) => (TableSource::Unknown, None),
        };
        let schema = parts.len().checked_sub(2).map(|at| parts[at].value.clone());
        self.sources.push(Source {
            key: alias.map(|alias| key(catalog.case, &alias.name)).or(named),
            written: Written {
                schema,
                ..written(last, alias)
            },
            kind,
            table,
            columns: renamed(columns, alias, catalog),
            query: None,
        });
    }

    fn add_function(&mut self, alias: Option<&TableAlias>, name: Option<&Ident>, catalog: &CatalogIndex) {
        let named = alias.map(|alias| &alias.name).or(name);
        self.sources.push(Source {
            key: named.map(|name| key(catalog.case, name)),
            written: written(name, alias),
            kind: TableSource::TableFunction,
            table: None,
            columns: None,
            query: None,
        });
    }

    fn add_opaque(&mut self, name: Option<&Ident>, catalog: &CatalogIndex) {
        self.sources.push(Source {
            key: name.map(|name| key(catalog.case, name)),
            written: Written {
                name: name.cloned(),
                schema: None,
                alias: None,
            },
            kind: TableSource::Derived,
            table: None,
            columns: None,
            query: None,
        });
    }
}

fn written(name: Option<&Ident>, alias: Option<&TableAlias>) -> Written {
    Written {
        name: name.cloned(),
        schema: None,
        alias: alias.map(|alias| alias.name.clone()),
    }
}

/// Columns under the names that an alias gives the first of them.
pub(crate) fn renamed(columns: Columns, alias: Option<&TableAlias>, catalog: &CatalogIndex) -> Columns {
    let Some(alias) = alias.filter(|alias| !alias.columns.is_empty()) else {
        return columns;
    };
    let own = alias.columns.iter().map(|column| Column {
        key: key(catalog.case, &column.name),
        name: column.name.value.clone(),
    });
    let rest = columns
        .iter()
        .flat_map(|columns| columns.iter().skip(alias.columns.len()).cloned());
    Some(Rc::new(own.chain(rest).collect()))
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint)
        | JoinOperator::Semi(constraint)
        | JoinOperator::LeftSemi(constraint)
        | JoinOperator::RightSemi(constraint)
        | JoinOperator::Anti(constraint)
        | JoinOperator::LeftAnti(constraint)
        | JoinOperator::RightAnti(constraint)
        | JoinOperator::AsOf { constraint, .. } => Some(constraint),
        _ => None,
    }
}
