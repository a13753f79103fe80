//! Columns as they are written: those before FROM are looked up once the tables are known.

use crate::name_set::Word;
use crate::previous::Previous;
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Scope};
use crate::statement::Statement;

impl Statement {
    /// Takes a column, with the qualifier before it.
    pub(crate) fn column(&mut self, word: &Word, schema: &SchemaConstraint) {
        if self.selects() {
            self.scope_mut().row.column(&word.text);
        }
        let qualifier = match std::mem::take(&mut self.previous) {
            Previous::Dot(qualifier) => Some(qualifier),
            _ => None,
        };
        if self.is_aggregating() {
            let aggregated = (qualifier.clone(), word.text.clone());
            self.scope_mut().aggregated.push(aggregated);
        }
        match qualifier {
            Some(qualifier) => self.ask(&qualifier, Some(word.text.clone())),
            None => self.column_alone(word, schema),
        }
    }

    /// Remembers a column that stands without a qualifier.
    pub(crate) fn column_alone(&mut self, word: &Word, schema: &SchemaConstraint) {
        if self.scope().clause <= Clause::From {
            self.scope_mut().columns.push(word.text.clone());
        } else if !self.scopes.iter().any(|scope| scope.owners(&word.text, schema) > 0)
            && let Some(around) = self.undetermined_around()
        {
            around.columns.push(word.text.clone());
        }
    }

    /// Remembers what is used before FROM, where it cannot be looked up yet.
    pub(crate) fn ask(&mut self, qualifier: &[u8], column: Option<Vec<u8>>) {
        if self.scope().is_before_from() {
            self.scope_mut().ask(qualifier, column);
        } else if !self.scopes.iter().any(|scope| scope.bound(qualifier).is_some())
            && let Some(around) = self.undetermined_around()
        {
            around.ask(qualifier, column);
        }
    }

    /// The nearest query around the innermost one whose tables are still to come.
    pub(crate) fn undetermined_around(&mut self) -> Option<&mut Scope> {
        let innermost = self.scopes.len() - 1;
        let mut around = self.scopes[..innermost].iter_mut().rev();
        around.find(|scope| scope.clause == Clause::Select)
    }
}
