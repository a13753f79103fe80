//! What joins a table to those before it: how far its condition is, and, where joins are held to foreign keys, what may come next.

use std::collections::BTreeSet;

use crate::name_set::Word;
use crate::place::{Glance, Reading, begins};
use crate::previous::Previous;
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Relation};
use crate::statement::Statement;

/// How far the condition behind ON is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum JoinCondition {
    /// There is none yet.
    #[default]
    Missing,
    /// Its first operand comes next.
    Begun,
    /// A column is its first operand.
    Left(BoundColumn),
    /// It is compared with this column.
    Compared(BoundColumn),
    /// What joins the table is written, or is no comparison of two columns.
    Written,
}

/// A column of a table in FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BoundColumn {
    /// Number of the table in its query.
    pub binding: usize,
    pub column: Vec<u8>,
}

impl Statement {
    /// Takes a column as an operand of what joins the last table.
    pub(crate) fn join_column(&mut self, word: &Word, schema: &SchemaConstraint) {
        let scope = self.scope();
        if scope.join == JoinCondition::Missing {
            return;
        }
        let binding = match &self.previous {
            Previous::Dot(qualifier) => scope.bindings.iter().position(|binding| binding.name == *qualifier),
            _ => scope
                .bindings
                .iter()
                .position(|binding| binding.relation.has(&word.text, schema)),
        };
        let column = word.text.clone();
        self.scope_mut().join = match (&self.scope().join, binding) {
            (JoinCondition::Begun, Some(binding)) => JoinCondition::Left(BoundColumn { binding, column }),
            _ => JoinCondition::Written,
        };
    }

    /// What stands here is no part of a comparison of two columns.
    pub(crate) fn end_join_condition(&mut self) {
        if self.scope().join != JoinCondition::Missing {
            self.scope_mut().join = JoinCondition::Written;
        }
    }

    /// Takes a mark of what joins the last table.
    pub(crate) fn join_mark(&mut self, mark: u8) {
        let join = match (std::mem::take(&mut self.scope_mut().join), mark) {
            (JoinCondition::Left(column) | JoinCondition::Compared(column), b'=') => JoinCondition::Compared(column),
            (join, b'.') | (join @ JoinCondition::Missing, _) => join,
            _ => JoinCondition::Written,
        };
        self.scope_mut().join = join;
    }

    /// The tables that may be joined: those that a key links to one before JOIN. Nothing where any may, for no key leads on from these.
    pub(crate) fn tables_along_keys(&self, schema: &SchemaConstraint) -> Option<BTreeSet<usize>> {
        let keys = schema.join_keys.as_ref()?;
        if self.previous != Previous::Keyword("join") {
            return None;
        }
        let tables = self.tables_in_from()?;
        let linked: BTreeSet<usize> = tables.into_iter().flat_map(|table| keys.linked_to(table)).collect();
        (!linked.is_empty()).then_some(linked)
    }

    /// The tables of the query, in the order of FROM; nothing where something else is among them.
    fn tables_in_from(&self) -> Option<Vec<usize>> {
        let tables = self.scope().bindings.iter().map(|binding| match &binding.relation {
            Relation::Tables(tables) if tables.len() == 1 => Some(tables[0]),
            Relation::Tables(_) | Relation::Derived(_) | Relation::Any => None,
        });
        tables.collect()
    }

    /// The columns that may stand here as an operand of the comparison that joins the last table; nothing where anything may.
    pub(crate) fn join_operands(&self, schema: &SchemaConstraint) -> Option<Vec<BoundColumn>> {
        if self.scope().clause != Clause::From || !self.is_at_join() {
            return None;
        }
        let pairs = self.joining_pairs(schema)?;
        let columns: Vec<BoundColumn> = match &self.scope().join {
            JoinCondition::Begun => pairs.into_iter().flatten().collect(),
            JoinCondition::Compared(left) => {
                let mut others = pairs;
                others.retain(|pair| pair.contains(left));
                others.into_iter().flatten().filter(|column| column != left).collect()
            }
            JoinCondition::Missing | JoinCondition::Left(_) | JoinCondition::Written => return None,
        };
        (!columns.is_empty()).then_some(columns)
    }

    /// The pairs of columns that join the last table to those before it.
    fn joining_pairs(&self, schema: &SchemaConstraint) -> Option<Vec<[BoundColumn; 2]>> {
        let keys = schema.join_keys.as_ref()?;
        let tables = self.tables_in_from()?;
        let (newest, earlier) = tables.split_last()?;
        let of = |binding, column: &[u8]| BoundColumn {
            binding,
            column: column.to_vec(),
        };
        let pairs = earlier.iter().enumerate().flat_map(|(at, table)| {
            let columns = keys.between(*table, *newest);
            columns.map(move |(own, new)| [of(at, own), of(earlier.len(), new)])
        });
        Some(pairs.collect())
    }

    /// One of these columns, with or without its table.
    pub(crate) fn as_key_operand(
        &self,
        columns: &[BoundColumn],
        glance: &Glance<'_>,
        schema: &SchemaConstraint,
    ) -> Option<Reading> {
        let bindings = &self.scope().bindings;
        let names = |column: &BoundColumn| begins(&bindings[column.binding].name, glance.word);
        if glance.may_precede(b'.') && columns.iter().any(names) {
            return Some(Reading::Qualifier);
        }
        let is_meant = |column: &BoundColumn| {
            self.means(glance.word, column, schema) && self.is_of_one_table(&column.column, schema)
        };
        (glance.may_stand_alone() && columns.iter().any(is_meant)).then_some(Reading::Column)
    }

    /// One of these columns, behind the name of its table.
    pub(crate) fn as_key_column(
        &self,
        columns: &[BoundColumn],
        qualifier: &[u8],
        word: &Word,
        schema: &SchemaConstraint,
    ) -> Option<Reading> {
        let bindings = &self.scope().bindings;
        let mut own = columns
            .iter()
            .filter(|column| bindings[column.binding].name == qualifier);
        own.any(|column| self.means(word, column, schema))
            .then_some(Reading::Column)
    }

    /// Whether a word is this column, or while it grows begins its name.
    fn means(&self, word: &Word, column: &BoundColumn, schema: &SchemaConstraint) -> bool {
        let Relation::Tables(tables) = &self.scope().bindings[column.binding].relation else {
            return false;
        };
        let mut meant = tables
            .iter()
            .flat_map(|table| schema.tables[*table].columns.meant_by(word));
        meant.any(|name| name == column.column)
    }
}
