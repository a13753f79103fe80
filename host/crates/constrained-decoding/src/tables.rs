//! Tables as they are named in FROM.

use crate::join_condition::JoinCondition;
use crate::name_set::Word;
use crate::previous::Previous;
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Binding, Relation};
use crate::statement::Statement;

impl Statement {
    pub(crate) fn table(&mut self, word: &Word, schema: &SchemaConstraint) {
        let owner = match &self.previous {
            Previous::Dot(owner) => Some(owner.clone()),
            _ => None,
        };
        let in_schema = |own: &Option<Vec<u8>>| own.is_none() || owner.is_none() || *own == owner;
        let found = schema.tables.iter().enumerate();
        let tables: Vec<usize> = found
            .filter(|(_, table)| table.name == word.text && in_schema(&table.schema))
            .map(|(at, _)| at)
            .collect();
        let expression = self
            .table_expressions
            .iter()
            .rev()
            .find(|table| table.name.text == word.text);
        let relation = match expression.filter(|_| owner.is_none()) {
            Some(expression) => expression.relation.clone(),
            None if tables.is_empty() => Relation::Any,
            None => Relation::Tables(tables),
        };
        self.bind(word.text.clone(), relation);
        if std::mem::take(&mut self.scope_mut().is_natural) {
            self.join_naturally(schema);
        }
    }

    /// Makes the columns one that the last table shares with those before it.
    pub(crate) fn join_naturally(&mut self, schema: &SchemaConstraint) {
        let scope = self.scope_mut();
        scope.join = JoinCondition::Written;
        let Some((last, earlier)) = scope.bindings.split_last() else {
            return;
        };
        let is_shared = |column: &&[u8]| {
            let has = |binding: &Binding| binding.relation.has(column, schema);
            has(last) && earlier.iter().any(has)
        };
        let shared: Vec<Vec<u8>> = schema.columns.all().filter(is_shared).map(<[u8]>::to_vec).collect();
        for column in shared {
            scope.merge(&column);
        }
    }

    pub(crate) fn bind(&mut self, name: Vec<u8>, relation: Relation) {
        let scope = self.scope_mut();
        scope.bindings.push(Binding { name, relation });
        scope.join = if std::mem::take(&mut scope.is_listed) {
            JoinCondition::Written
        } else {
            JoinCondition::Missing
        };
    }
}
