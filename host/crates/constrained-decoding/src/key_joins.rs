//! Joins along foreign keys: which table may come next, and by which columns.

use std::collections::BTreeSet;

use crate::name_set::Word;
use crate::place::{Glance, Reading, begins};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{BoundColumn, Clause, JoinCondition, Relation};
use crate::statement::{Previous, Statement};

impl Statement {
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
            Relation::Tables(_) | Relation::Any => None,
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
