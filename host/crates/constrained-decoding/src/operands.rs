//! Words that may be operands, or begin them: columns, qualifiers, functions, literals of SQL.

use crate::name_set::Word;
use crate::parens::Paren;
use crate::place::{Glance, Reading, begins};
use crate::previous::Previous;
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Relation, Scope};
use crate::statement::Statement;

/// Parentheses within which functions may be called: a model that nests them further does not end.
const MAX_OPEN_PARENTHESES: usize = 12;

/// Calls among whose arguments functions may be called.
const MAX_OPEN_CALLS: usize = 5;

impl Statement {
    pub(crate) fn as_operand(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
        let word = glance.word;
        if !schema.dialect.has_server_grammar {
            match self.scope().clause {
                _ if self.orders_several_queries() => return self.as_selected(glance),
                // A number of rows depends on none of them.
                Clause::Limit | Clause::Offset => return None,
                _ => {}
            }
        }
        let keyword = word.among(&schema.dialect.words.operand);
        if let Some(keyword) = keyword.or_else(|| word.among_these(self.operand_words(schema))) {
            return Some(Reading::Keyword(keyword));
        }
        if glance.may_precede(b'.') {
            let named = self.as_qualifier(word, schema);
            if named.is_some() {
                return named;
            }
        }
        if self.may_call() && glance.may_precede(b'(') && word.is_function(self.functions(schema)) {
            return Some(Reading::Function);
        }
        if glance.may_stand_alone() && self.is_column(word, schema) {
            return Some(Reading::Column);
        }
        if glance.may_stand_alone() && self.may_be_given(word, schema) {
            return Some(Reading::Given);
        }
        if glance.may_precede(b'\'') && word.among(&schema.dialect.words.types).is_some() {
            return Some(Reading::Soft);
        }
        // Units of time and types are arguments on servers.
        let is_argument = schema.dialect.soft_words_anywhere && !self.is_at_query();
        (is_argument && word.among(&schema.dialect.words.soft).is_some()).then_some(Reading::Soft)
    }

    /// Whether a function may be called within what is open.
    fn may_call(&self) -> bool {
        let calls = self
            .parens
            .iter()
            .filter(|paren| matches!(paren, Paren::Arguments { .. }));
        self.parens.len() < MAX_OPEN_PARENTHESES && calls.count() <= MAX_OPEN_CALLS
    }

    /// Whether it is a name that the statement gave to a column: on servers any, else one of a query that is open, and that of an aggregate not
    /// where rows are not grouped yet.
    pub(crate) fn may_be_given(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let reads_unknown = self.scopes.iter().any(Scope::has_unknown_columns);
        if schema.dialect.has_server_grammar || reads_unknown {
            return self.given.holds(word);
        }
        let is_before_groups = (Clause::From..=Clause::Group).contains(&self.scope().clause);
        let is_aggregate = |name: &Vec<u8>| is_before_groups && self.scope().row.aggregate_names.contains(name);
        let selected = self.scopes.iter().filter(|scope| scope.clause > Clause::Select);
        let mut given = selected.flat_map(|scope| &scope.row.new_names);
        given.any(|name| begins(name, word) && !is_aggregate(name))
    }

    /// Words that begin an operand only after what stood last.
    pub(crate) fn operand_words(&self, schema: &SchemaConstraint) -> &'static str {
        match self.previous {
            Previous::Open => self.words_in_parentheses(schema),
            Previous::Keyword("select") if !schema.dialect.has_server_grammar => "all distinct",
            _ if !schema.dialect.has_server_grammar => "",
            Previous::Operator(_) => "all any some",
            Previous::Keyword("select") => "all distinct distinctrow straight_join top",
            Previous::Keyword("all") => "select values",
            Previous::Keyword("distinct") => "on select values",
            Previous::Keyword("by") => "all cube rollup",
            Previous::Keyword("and" | "between") => "current symmetric unbounded",
            Previous::Keyword("like") => "all any",
            _ => "",
        }
    }

    /// Words that begin an operand behind an open parenthesis alone.
    pub(crate) fn words_in_parentheses(&self, schema: &SchemaConstraint) -> &'static str {
        match self.parens.last() {
            Some(Paren::Arguments { .. }) if schema.dialect.has_server_grammar => "all distinct distinctrow",
            // DISTINCT takes one operand.
            Some(Paren::Arguments { called, .. }) if called.is_aggregate() && called.may_end() => "all distinct",
            Some(Paren::Arguments { .. } | Paren::Cast) => "",
            _ => "select values with",
        }
    }

    /// A table, an alias or a schema. Before FROM an alias may be any that looks like one.
    pub(crate) fn as_qualifier(&self, word: &Word, schema: &SchemaConstraint) -> Option<Reading> {
        let bound = self.scopes.iter().flat_map(|scope| &scope.bindings);
        if bound.clone().any(|binding| begins(&binding.name, word)) {
            return Some(Reading::Qualifier);
        }
        if self.is_undetermined() {
            let is_table = schema.table_names.holds(word) || self.expressions.holds(word);
            if is_table {
                return Some(Reading::Qualifier);
            }
        }
        if schema.schemas.holds(word) {
            return Some(Reading::Schema);
        }
        (self.is_undetermined() && schema.is_short_name(word)).then_some(Reading::Qualifier)
    }

    /// Whether tables that may be meant here are still to come.
    pub(crate) fn is_undetermined(&self) -> bool {
        let around = || self.around().iter().any(|scope| scope.clause == Clause::Select);
        self.scope().is_before_from() || around()
    }

    /// Whether it is a column that can be meant here: of any table before FROM, of the query's tables after it.
    pub(crate) fn is_column(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let any = self.is_undetermined() || self.orders_several_queries();
        let bindings = || self.scopes.iter().flat_map(|scope| &scope.bindings);
        let unknown = || bindings().any(|binding| binding.relation == Relation::Any);
        if any || unknown() {
            return schema.columns.holds(word) || self.is_of_table_expression(word);
        }
        let tables = bindings().flat_map(|binding| match &binding.relation {
            Relation::Tables(tables) => tables.as_slice(),
            Relation::Derived(_) | Relation::Any => &[],
        });
        let derived = bindings().flat_map(|binding| match &binding.relation {
            Relation::Derived(columns) => columns.as_slice(),
            Relation::Tables(_) | Relation::Any => &[],
        });
        let of_derived = derived.filter(|column| begins(column, word)).map(Vec::as_slice);
        let meant = tables.flat_map(|table| schema.tables[*table].columns.meant_by(word));
        meant
            .chain(of_derived)
            .any(|column| self.is_of_one_table(column, schema))
    }

    /// What several queries select, by its name.
    pub(crate) fn as_selected(&self, glance: &Glance<'_>) -> Option<Reading> {
        let names = &self.scope().row.names;
        let is_selected = names.iter().any(|name| begins(name, glance.word));
        (glance.may_stand_alone() && is_selected).then_some(Reading::Given)
    }

    /// Whether ORDER BY sorts what several queries select.
    pub(crate) fn orders_several_queries(&self) -> bool {
        self.scope().compound && self.scope().clause == Clause::Order && self.is_at_query()
    }

    /// Whether a column is found in the innermost query that has it, and in one of its tables alone.
    pub(crate) fn is_of_one_table(&self, column: &[u8], schema: &SchemaConstraint) -> bool {
        let owners = |scope: &Scope| scope.owners(column, schema);
        let found = self.scopes.iter().rev().find(|scope| owners(scope) > 0);
        found.is_some_and(|scope| owners(scope) == 1 || self.may_mean_what_is_selected(schema))
    }

    /// Whether a column may be named here by what the query selects: servers look there first.
    pub(crate) fn may_mean_what_is_selected(&self, schema: &SchemaConstraint) -> bool {
        schema.dialect.has_server_grammar && self.scope().clause >= Clause::Group
    }
}
