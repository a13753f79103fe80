//! What may stand behind a dot.

use crate::place::{Glance, Reading, begins};
use crate::schema_constraint::{SchemaConstraint, TableNames};
use crate::scope::{Clause, Relation};
use crate::statement::Statement;

/// The columns that may follow a qualifier.
enum Members {
    All,
    Of(Vec<usize>),
    /// Those of a derived table.
    Named(Vec<Vec<u8>>),
    /// The tables of a schema.
    TablesOf(Vec<u8>),
}

impl Statement {
    pub(crate) fn as_member(
        &self,
        qualifier: &[u8],
        glance: &Glance<'_>,
        schema: &SchemaConstraint,
    ) -> Option<Reading> {
        let word = glance.word;
        // SQL Server calls methods of columns.
        let may_end = glance.may_stand_alone() || schema.dialect.column_methods;
        match self.members(qualifier, schema) {
            Members::All | Members::Of(_) | Members::Named(_) if !may_end => None,
            Members::All if schema.columns.holds(word) => Some(Reading::Column),
            Members::All => self.given.holds(word).then_some(Reading::Given),
            Members::Of(tables) => {
                let mut columns = tables.iter().map(|table| &schema.tables[*table].columns);
                columns.any(|columns| columns.holds(word)).then_some(Reading::Column)
            }
            Members::Named(columns) => {
                let is_meant = columns.iter().any(|column| begins(column, word));
                is_meant.then_some(Reading::Column)
            }
            Members::TablesOf(owner) => {
                if glance.may_precede(b'.') && schema.schemas.holds(word) {
                    return Some(Reading::Schema);
                }
                let own = |table: &&TableNames| table.schema.as_ref().is_none_or(|own| *own == owner);
                let named = schema.tables.iter().filter(own).any(|table| table.names.holds(word));
                let reading = if self.scope().clause == Clause::From && glance.follow != Some(b'.') {
                    Reading::Table
                } else {
                    Reading::Qualifier
                };
                named.then_some(reading)
            }
        }
    }

    fn members(&self, qualifier: &[u8], schema: &SchemaConstraint) -> Members {
        let relation = self.scopes.iter().rev().find_map(|scope| scope.bound(qualifier));
        let is_schema = schema.schemas.has(qualifier) && relation.is_none();
        if is_schema && !(self.is_undetermined() && schema.table_names.has(qualifier)) {
            return Members::TablesOf(qualifier.to_vec());
        }
        match relation {
            _ if self.scope().is_before_from() => self.members_before_from(qualifier, schema),
            Some(Relation::Tables(tables)) => Members::Of(tables.clone()),
            Some(Relation::Derived(columns)) => Members::Named(columns.clone()),
            _ => Members::All,
        }
    }

    /// Before FROM a qualifier stands for some table that has all the columns asked of it so far.
    fn members_before_from(&self, qualifier: &[u8], schema: &SchemaConstraint) -> Members {
        let asked = self.scope().asked_of(qualifier);
        let is_table = schema.table_names.has(qualifier);
        let fits = |at: &usize| {
            let table = &schema.tables[*at];
            (!is_table || table.name == qualifier) && asked.iter().all(|column| table.columns.has(column))
        };
        let tables: Vec<usize> = (0..schema.tables.len()).filter(fits).collect();
        if tables.is_empty() || self.expressions.has(qualifier) {
            Members::All
        } else {
            Members::Of(tables)
        }
    }
}
