//! Tables as they are named in FROM, and words that may name them.

use crate::join_condition::JoinCondition;
use crate::name_set::Word;
use crate::place::{Glance, Reading, begins, may_name};
use crate::previous::Previous;
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Binding, Missing, Relation};
use crate::statement::Statement;

/// Tables that may be joined before each further one has to bring something that is used.
const MAX_FREE_TABLES: usize = 4;

impl Statement {
    /// Takes a table, with the schema before it.
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
        let shared: Vec<Vec<u8>> = schema
            .columns
            .all()
            .filter(|column| scope.shares(column, schema))
            .map(<[u8]>::to_vec)
            .collect();
        for column in shared {
            scope.merge(&column);
        }
    }

    /// Adds a table to FROM, under this name until it gets another.
    pub(crate) fn bind(&mut self, name: Vec<u8>, relation: Relation) {
        let scope = self.scope_mut();
        scope.bindings.push(Binding { name, relation });
        scope.join = if std::mem::take(&mut scope.is_listed) {
            JoinCondition::Written
        } else {
            JoinCondition::Missing
        };
        scope.joined_conditions = 0;
    }

    pub(crate) fn as_table(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
        let word = glance.word;
        let queries = if self.previous == Previous::Open {
            "select values with"
        } else {
            ""
        };
        let keyword = word
            .among_these(queries)
            .or_else(|| word.among_these(schema.dialect.source_words));
        if let Some(keyword) = keyword {
            return Some(Reading::Keyword(keyword));
        }
        if glance.may_precede(b'.') && schema.schemas.holds(word) {
            return Some(Reading::Schema);
        }
        if glance.may_precede(b'(') && word.is_function(&schema.dialect.words.sources) {
            return Some(Reading::Source);
        }
        let named = self.expressions.holds(word) || self.is_next_table(word, schema);
        (glance.may_stand_alone() && named).then_some(Reading::Table)
    }

    pub(crate) fn as_table_alias(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
        let word = glance.word;
        let scope = self.scope();
        // `T1` could still become `T10`, but hardly ever does.
        let decided = word.whole || word.is_letter_and_number();
        // Nobody numbers tables in thousands, and a model that has begun to does not end.
        if word.is_letter_and_long_number() {
            return None;
        }
        let fits = |binding: &Binding| scope.may_bind(&word.text, &binding.relation, schema);
        if self.has_bound_its_free_tables() && !self.may_be_awaited(word, schema) {
            return None;
        }
        let is_free = !decided || scope.bindings.last().is_none_or(fits);
        (is_free && may_name(word, schema)).then_some(Reading::TableAlias)
    }

    /// Whether a name may be one that was used before FROM, where such a one is awaited.
    fn may_be_awaited(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let awaited = self.awaited(schema).map(|missing| missing.uses).unwrap_or_default();
        awaited.is_empty() || awaited.iter().any(|used| begins(&used.qualifier, word))
    }

    fn has_bound_its_free_tables(&self) -> bool {
        self.scope().bindings.len() > MAX_FREE_TABLES
    }

    /// Whether a table may be the next one for what is missing: one that is there already brings no column, and after many tables each must.
    fn is_of_use(&self, table: usize, missing: &Missing, schema: &SchemaConstraint) -> bool {
        let bindings = &self.scope().bindings;
        let is_there =
            |binding: &Binding| matches!(&binding.relation, Relation::Tables(tables) if tables.contains(&table));
        let is_again = !missing.columns.is_empty() && bindings.iter().any(is_there);
        !is_again && (bindings.len() < MAX_FREE_TABLES || missing.is_brought_by(table, schema))
    }

    /// Whether it is a table that suits what was asked before FROM and is joined by a key; where none does, any.
    pub(crate) fn is_next_table(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let awaited = self.awaited(schema);
        let is_of_use = |table| {
            awaited
                .as_ref()
                .is_none_or(|missing| self.is_of_use(table, missing, schema))
        };
        let suits = |table: &usize| self.scope().suits(*table, schema) && is_of_use(*table);
        let is_named = |table: &usize| schema.tables[*table].names.holds(word);
        let joined = self.tables_along_keys(schema).unwrap_or_default();
        let mut joined = joined.iter().filter(|table| suits(table)).peekable();
        if joined.peek().is_some() {
            return joined.any(is_named);
        }
        let mut tables = (0..schema.tables.len()).filter(suits).peekable();
        if tables.peek().is_some() {
            return tables.any(|table| is_named(&table));
        }
        schema.table_names.holds(word)
    }

    /// Whether it is a column that the last table in FROM has, and one before it: first those that SELECT names without a table.
    pub(crate) fn is_shared(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        let is_ambiguous =
            |column: &[u8]| scope.columns.iter().any(|used| used == column) && scope.owners(column, schema) > 1;
        let tells_apart = self.tells_columns_apart(schema);
        let mut columns = schema.columns.meant_by(word);
        columns.any(|column| scope.shares(column, schema) && (tells_apart || is_ambiguous(column)))
    }
}
