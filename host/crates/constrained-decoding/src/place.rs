//! Which words may stand in a place, and what they are there.

use std::collections::BTreeSet;

use crate::called::Called;
use crate::keywords::{begins_operand, is_value};
use crate::name_set::Word;
use crate::parens::Paren;
use crate::previous::{Operand, Previous};
use crate::schema_constraint::{SchemaConstraint, TableNames};
use crate::scope::{Binding, Clause, Relation, Scope};
use crate::statement::Statement;

/// What a word is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A word that builds queries.
    Keyword(&'static str),
    /// A word of SQL that is a name elsewhere.
    Soft,
    Column,
    /// A name the statement gave.
    Given,
    /// A table or an alias, before a dot.
    Qualifier,
    /// A schema or database, before a dot.
    Schema,
    Function,
    /// A function in place of a table.
    Source,
    Table,
    /// The new name of the table before it.
    TableAlias,
    /// The new name of a column.
    ColumnName,
    /// The new name of a common table expression.
    ExpressionName,
    /// Anything.
    Unknown,
}

/// Where a word stands.
enum Place<'s> {
    /// At the beginning.
    Start,
    /// Where a table is named.
    Table,
    /// After a dot.
    Member(&'s [u8]),
    /// Where an operand must begin.
    Operand,
    /// Where an operand may have ended.
    Continuation,
    /// Where one of these words must come.
    Words(&'static str),
    /// Where an operand must begin, or one of these words come.
    OperandOr(&'static str),
    /// After something that may be an operand or not.
    Either,
    /// After AS behind a table.
    TableAlias,
    /// Where a column is given a name.
    ColumnName,
    /// Where a common table expression is given a name.
    ExpressionName,
    /// Behind UNION and its like, where another query begins.
    NextQuery,
    /// Behind USING.
    MergedColumn,
    /// Where names of other kinds stand: windows, collations, types.
    Anything,
}

/// The columns that may follow a qualifier.
enum Members {
    All,
    Of(Vec<usize>),
    /// Those of a derived table.
    Named(Vec<Vec<u8>>),
    /// The tables of a schema.
    TablesOf(Vec<u8>),
}

/// A word, and the byte after it where that is known.
pub(crate) struct Glance<'w> {
    pub word: &'w Word,
    follow: Option<u8>,
}

impl Glance<'_> {
    pub fn may_precede(&self, byte: u8) -> bool {
        self.follow.is_none_or(|follow| follow == byte)
    }

    /// Whether it can stand for itself: neither called nor a qualifier.
    pub fn may_stand_alone(&self) -> bool {
        self.follow.is_none_or(|follow| !matches!(follow, b'.' | b'('))
    }
}

impl Statement {
    /// What a word is here, or nothing where it cannot be. `follow` is the first byte of what comes after it.
    pub fn reading(&self, word: &Word, follow: Option<u8>, schema: &SchemaConstraint) -> Option<Reading> {
        let glance = Glance { word, follow };
        match self.place(schema) {
            Place::Anything => Some(Reading::Unknown),
            Place::ColumnName => may_name(word, schema).then_some(Reading::ColumnName),
            Place::MergedColumn => self.is_shared(word, schema).then_some(Reading::ColumnName),
            Place::ExpressionName if word.is_keyword("recursive") => Some(Reading::Keyword("recursive")),
            Place::ExpressionName => may_name(word, schema).then_some(Reading::ExpressionName),
            Place::Words(words) => word.among_these(words).map(Reading::Keyword),
            Place::OperandOr(words) => {
                let keyword = word.among_these(words).map(Reading::Keyword);
                keyword.or_else(|| self.as_operand(&glance, schema))
            }
            Place::Start => word.among_these("select values with").map(Reading::Keyword),
            Place::NextQuery if schema.dialect.has_server_grammar => word
                .among_these("all distinct select table values with")
                .map(Reading::Keyword),
            Place::NextQuery => word.among_these("all select values").map(Reading::Keyword),
            Place::Table => self.as_table(&glance, schema),
            Place::Member(qualifier) => match self.join_operands(schema) {
                Some(columns) => self.as_key_column(&columns, qualifier, word, schema),
                None => self.as_member(qualifier, &glance, schema),
            },
            Place::TableAlias => self.as_table_alias(&glance, schema),
            Place::Operand => match self.join_operands(schema) {
                Some(columns) => self.as_key_operand(&columns, &glance, schema),
                None => self.as_operand(&glance, schema),
            },
            Place::Continuation => self.as_continuation(&glance, schema),
            Place::Either => self
                .as_keyword(word, &schema.dialect.words.building, schema)
                .or_else(|| self.as_operand(&glance, schema)),
        }
    }

    fn place(&self, schema: &SchemaConstraint) -> Place<'_> {
        let (at_query, clause) = (self.is_at_query(), self.scope().clause);
        let has_server_grammar = schema.dialect.has_server_grammar;
        match self.parens.last() {
            Some(Paren::Free) => return Place::Anything,
            Some(Paren::Names) => return Place::ColumnName,
            Some(Paren::Using) => return Place::MergedColumn,
            _ => {}
        }
        match &self.previous {
            Previous::Nothing => Place::Start,
            Previous::Dot(qualifier) => Place::Member(qualifier),
            Previous::Qualifier(_) | Previous::FieldDot | Previous::Cast => Place::Anything,
            Previous::AsTable => Place::TableAlias,
            Previous::Keyword("with" | "recursive") | Previous::Comma if clause == Clause::With && at_query => {
                Place::ExpressionName
            }
            Previous::Keyword("as") if clause == Clause::With && at_query => Place::Words("materialized not"),
            Previous::Keyword("as") if self.parens.last() == Some(&Paren::CastType) => Place::Anything,
            Previous::Name | Previous::ColumnNames if clause == Clause::With && at_query => Place::Words("as"),
            Previous::Operand(_) if self.parens.last() == Some(&Paren::CastType) => Place::Words("precision"),
            Previous::Operand(_) if clause == Clause::With && at_query && !has_server_grammar => {
                Place::Words("select values")
            }
            Previous::Keyword("as") => Place::ColumnName,
            Previous::Keyword("over" | "window" | "collate") => Place::Anything,
            Previous::Keyword("union" | "intersect" | "except") => Place::NextQuery,
            Previous::NotBehind if self.row_before.is_some() && !has_server_grammar => Place::Words("in"),
            Previous::NotBehind => Place::Words("between exists glob ilike in like match null regexp rlike similar"),
            Previous::IsDistinct => Place::Words("from"),
            Previous::Filter { .. } => Place::Words(""),
            _ if self.expects_table() => Place::Table,
            Previous::Table
            | Previous::Operand(_)
            | Previous::EveryColumn
            | Previous::Name
            | Previous::ColumnNames
            | Previous::Function(_)
            | Previous::Source => Place::Continuation,
            Previous::Open => self.place_in_parentheses(schema),
            Previous::Operator(_) if self.row_before.is_some() && !has_server_grammar => Place::Words(""),
            Previous::Comma | Previous::Operator(_) => Place::Operand,
            Previous::Keyword(keyword) if begins_operand(keyword) => Place::Operand,
            Previous::Keyword(keyword) if !has_server_grammar => after_word(keyword),
            Previous::Keyword(_) | Previous::Soft => Place::Either,
        }
    }

    fn place_in_parentheses(&self, schema: &SchemaConstraint) -> Place<'_> {
        match self.parens.last() {
            Some(Paren::Window { .. } | Paren::Filter { .. }) if schema.dialect.has_server_grammar => Place::Either,
            Some(Paren::Subquery { .. }) if schema.dialect.has_server_grammar => Place::Operand,
            Some(Paren::Subquery { .. }) => Place::Words("select values with"),
            Some(Paren::Window { .. }) => Place::Words("groups order partition range rows"),
            Some(Paren::Filter { .. }) => Place::Words("where"),
            Some(Paren::Arguments {
                called: Called::Rank, ..
            }) => Place::Words(""),
            _ => Place::Operand,
        }
    }

    /// Whether an operand must begin here.
    pub(crate) fn expects_operand(&self, schema: &SchemaConstraint) -> bool {
        match self.place(schema) {
            Place::Operand | Place::OperandOr(_) => true,
            Place::Anything => self.parens.last() == Some(&Paren::Free),
            _ => false,
        }
    }

    /// A word that builds queries, one of those that may stand here.
    fn as_keyword(&self, word: &Word, here: &BTreeSet<&'static str>, schema: &SchemaConstraint) -> Option<Reading> {
        let keywords = word
            .all_among(here)
            .chain(word.all_among(&schema.dialect.words.after_from));
        let keyword = keywords.copied().find(|keyword| self.may_come(keyword, schema));
        keyword.map(Reading::Keyword).or_else(|| self.as_soft(word, schema))
    }

    /// A word that is a name elsewhere. In SQLite those are of windows and of what comes last in a query.
    fn as_soft(&self, word: &Word, schema: &SchemaConstraint) -> Option<Reading> {
        // A frame has its BETWEEN, too.
        let around = self.parens.iter().rev().find(|paren| **paren != Paren::Between);
        let is_place = match around {
            _ if schema.dialect.soft_words_anywhere => true,
            Some(Paren::Window { .. } | Paren::OrderedArguments) => true,
            _ => self.is_at_query() && self.scope().clause >= Clause::Order,
        };
        let is_window = schema.dialect.has_server_grammar || matches!(around, Some(Paren::Window { .. }));
        let soft = word.among(&schema.dialect.words.soft).filter(|_| is_place);
        let frame = || {
            word.among(&schema.dialect.words.frames)
                .filter(|_| is_window && !self.is_at_query())
        };
        soft.or_else(frame).map(|_| Reading::Soft)
    }

    fn as_operand(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
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
        if glance.may_precede(b'(') && word.is_function(self.functions(schema)) {
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

    /// Whether it is a name that the statement gave to a column: on servers any, else one of a query that is open, and that of an aggregate not
    /// where rows are not grouped yet.
    fn may_be_given(&self, word: &Word, schema: &SchemaConstraint) -> bool {
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

    /// Functions that may be called here. What takes many rows stands where rows are grouped: not in WHERE, ON or GROUP BY, nor behind ORDER BY
    /// alone.
    fn functions<'s>(&self, schema: &'s SchemaConstraint) -> &'s BTreeSet<Box<str>> {
        let (words, scope) = (&schema.dialect.words, self.scope());
        match scope.clause {
            _ if self.is_among_rows() => &words.row_functions,
            Clause::From | Clause::Where | Clause::Group => &words.row_functions,
            Clause::Having => &words.functions_without_window,
            Clause::Order if !scope.is_grouped() && !scope.compound => &words.row_and_window_functions,
            _ => &words.functions,
        }
    }

    /// Whether rows are told apart here before they become one: in FILTER, and in ORDER BY among the arguments of an aggregate.
    fn is_among_rows(&self) -> bool {
        let mut inner = self.parens[self.scope().depth..].iter();
        inner.any(|paren| matches!(paren, Paren::Filter { .. } | Paren::OrderedArguments))
    }

    /// Words that begin an operand only after what stood last.
    fn operand_words(&self, schema: &SchemaConstraint) -> &'static str {
        match self.previous {
            Previous::Keyword("distinct") | Previous::Operator(_) if !schema.dialect.has_server_grammar => "",
            Previous::Open => self.words_in_parentheses(schema),
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
    fn words_in_parentheses(&self, schema: &SchemaConstraint) -> &'static str {
        match self.parens.last() {
            Some(Paren::Arguments { called, .. }) if called.is_aggregate() || schema.dialect.has_server_grammar => {
                "all distinct distinctrow"
            }
            Some(Paren::Arguments { .. } | Paren::Cast) => "",
            _ => "select values with",
        }
    }

    /// A table, an alias or a schema. Before FROM an alias may be any that looks like one.
    fn as_qualifier(&self, word: &Word, schema: &SchemaConstraint) -> Option<Reading> {
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
    fn is_undetermined(&self) -> bool {
        let around = || self.around().iter().any(|scope| scope.clause == Clause::Select);
        self.scope().is_before_from() || around()
    }

    /// Whether it is a column that can be meant here: of any table before FROM, of the query's tables after it.
    fn is_column(&self, word: &Word, schema: &SchemaConstraint) -> bool {
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
    fn as_selected(&self, glance: &Glance<'_>) -> Option<Reading> {
        let names = &self.scope().row.names;
        let is_selected = names.iter().any(|name| begins(name, glance.word));
        (glance.may_stand_alone() && is_selected).then_some(Reading::Given)
    }

    /// Whether ORDER BY sorts what several queries select.
    pub(crate) fn orders_several_queries(&self) -> bool {
        self.scope().compound && self.scope().clause == Clause::Order && self.is_at_query()
    }

    /// Whether it is a column that the last table in FROM has, and one before it.
    fn is_shared(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let Some((last, earlier)) = self.scope().bindings.split_last() else {
            return false;
        };
        let mut columns = schema.columns.meant_by(word);
        columns.any(|column| {
            let has = |binding: &Binding| binding.relation.has(column, schema);
            has(last) && earlier.iter().any(has)
        })
    }

    /// Whether a column is found in the innermost query that has it, and in one of its tables alone.
    pub(crate) fn is_of_one_table(&self, column: &[u8], schema: &SchemaConstraint) -> bool {
        let owners = |scope: &Scope| scope.owners(column, schema);
        let found = self.scopes.iter().rev().find(|scope| owners(scope) > 0);
        found.is_some_and(|scope| owners(scope) == 1 || self.may_mean_what_is_selected(schema))
    }

    /// Whether a column may be named here by what the query selects: servers look there first.
    fn may_mean_what_is_selected(&self, schema: &SchemaConstraint) -> bool {
        schema.dialect.has_server_grammar && self.scope().clause >= Clause::Group
    }

    fn as_continuation(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
        let (word, words) = (glance.word, &schema.dialect.words);
        let is_after_table = match self.previous {
            Previous::Table => true,
            Previous::Name | Previous::ColumnNames => self.scope().clause == Clause::From && self.is_at_join(),
            _ => false,
        };
        let here = match self.scope().clause {
            // The query after its common table expressions.
            Clause::With => &words.building,
            _ if is_after_table => &words.after_table,
            _ => &words.after_operand,
        };
        if let Some(keyword) = self.as_keyword(word, here, schema) {
            return Some(keyword);
        }
        // A clause with a word run into it, or one that may not come yet, is no name.
        if word.begins_with(&words.after_from) || word.begins_with(&words.building) {
            return None;
        }
        match self.previous {
            Previous::Table if glance.follow != Some(b'.') => {
                let last = self.scope().bindings.last();
                let is_any = last.is_some_and(|last| !matches!(last.relation, Relation::Tables(_)));
                let may_be = is_any || schema.is_short_name(word);
                may_be.then(|| self.as_table_alias(glance, schema)).flatten()
            }
            Previous::Operand(operand) if operand != Operand::CallWithoutWindow && self.selects() => {
                (glance.may_stand_alone() && may_name(word, schema)).then_some(Reading::ColumnName)
            }
            _ => None,
        }
    }

    fn as_table_alias(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
        let word = glance.word;
        let scope = self.scope();
        // `T1` could still become `T10`, but hardly ever does.
        let decided = word.whole || word.is_letter_and_number();
        // Nobody numbers tables in thousands, and a model that has begun to does not end.
        if word.is_letter_and_long_number() {
            return None;
        }
        let fits = |binding: &Binding| scope.may_bind(&word.text, &binding.relation, schema);
        let is_free = !decided || scope.bindings.last().is_none_or(fits);
        (is_free && may_name(word, schema)).then_some(Reading::TableAlias)
    }

    fn as_table(&self, glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
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

    /// Whether it is a table that suits what was asked before FROM and is joined by a key; where none does, any.
    fn is_next_table(&self, word: &Word, schema: &SchemaConstraint) -> bool {
        let suits = |table: &usize| self.scope().suits(*table, schema);
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

    fn as_member(&self, qualifier: &[u8], glance: &Glance<'_>, schema: &SchemaConstraint) -> Option<Reading> {
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

/// Whether a word may be a new name: without quotes it is no word that builds queries.
fn may_name(word: &Word, schema: &SchemaConstraint) -> bool {
    let words = &schema.dialect.words;
    let is_of_sql = || word.among(&words.building).is_some() || word.among(&words.after_from).is_some();
    schema.dialect.has_server_grammar || !word.whole || !is_of_sql()
}

/// Whether the word is this name, or while it grows begins it.
pub(crate) fn begins(name: &[u8], word: &Word) -> bool {
    if word.whole {
        name == word.text
    } else {
        name.starts_with(&word.text)
    }
}

/// What stands behind a word that begins no operand, where SQL is that of the standard's core.
fn after_word(keyword: &str) -> Place<'static> {
    match keyword {
        "group" | "order" | "partition" => Place::Words("by"),
        "left" | "right" | "full" => Place::Words("join outer"),
        "cross" | "inner" | "outer" => Place::Words("join"),
        "natural" => Place::Words("cross full inner join left right"),
        "case" => Place::OperandOr("when"),
        "is" => Place::OperandOr("distinct not"),
        "escape" | "glob" | "limit" | "match" | "not" | "offset" | "regexp" => Place::Operand,
        "exists" | "in" | "using" | "values" | "cast" => Place::Words(""),
        "asc" | "desc" => Place::Continuation,
        _ if is_value(keyword) => Place::Continuation,
        _ => Place::Either,
    }
}
