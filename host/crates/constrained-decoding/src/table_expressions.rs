//! Common table expressions: their names and columns, as far as those are known.

use crate::name_set::Word;
use crate::place::begins;
use crate::scope::{Clause, Relation};
use crate::statement::Statement;

/// A common table expression.
#[derive(Clone, Debug)]
pub(crate) struct TableExpression {
    pub name: Word,
    /// The names that it gives to its columns.
    pub columns: Vec<Vec<u8>>,
    pub relation: Relation,
}

impl Statement {
    /// Whether it is a column of a common table expression.
    pub fn is_of_table_expression(&self, word: &Word) -> bool {
        let of_query = |table: &TableExpression| match &table.relation {
            Relation::Derived(columns) => columns.iter().any(|column| begins(column, word)),
            Relation::Tables(_) | Relation::Any => false,
        };
        let is_named = |table: &TableExpression| table.columns.iter().any(|column| begins(column, word));
        self.table_expressions
            .iter()
            .any(|table| of_query(table) || is_named(table))
    }

    /// Whether common table expressions are listed here.
    pub fn is_among_expressions(&self) -> bool {
        self.scope().clause == Clause::With && self.is_at_query()
    }

    /// A common table expression may be read from now on, with the columns that it names or those of its query.
    pub(crate) fn end_table_expression(&mut self, query: Relation) {
        let Some(table) = self.table_expressions.last_mut() else {
            return;
        };
        table.relation = if table.columns.is_empty() {
            query
        } else {
            Relation::Derived(std::mem::take(&mut table.columns))
        };
        self.expressions.insert_word(&table.name);
    }
}
