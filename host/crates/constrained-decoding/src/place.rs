//! Which words may stand in a place, and what they are there.

use std::collections::BTreeSet;

use crate::frame::Frame;
use crate::keywords::{begins_operand, ends_term, is_value};
use crate::name_set::Word;
use crate::parens::Paren;
use crate::previous::{Operand, Previous};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Relation};
use crate::statement::Statement;

/// What a word is in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A word that builds queries.
    Keyword(&'static str),
    /// A word of SQL that is a name elsewhere.
    Soft,
    /// A word of a frame, and how far that is written with it.
    Frame(Frame),
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
    /// Behind COLLATE, where collations are known.
    Collation,
    /// Where a window begins.
    Window,
    /// Within a frame.
    Frame,
    /// Where names of other kinds stand: windows, collations of servers, types.
    Anything,
}

/// A word, and the byte after it where that is known.
pub(crate) struct Glance<'w> {
    pub word: &'w Word,
    pub follow: Option<u8>,
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
            Place::Collation => word.among_these("binary nocase rtrim").map(|_| Reading::Unknown),
            Place::Window => {
                let clause = word.among_these("order partition").map(Reading::Keyword);
                clause.or_else(|| self.as_frame(word, schema))
            }
            Place::Frame => self.as_frame(word, schema),
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
            _ if self.frame(schema).is_some() => return Place::Frame,
            _ => {}
        }
        match &self.previous {
            Previous::Nothing => Place::Start,
            Previous::Ended => Place::Words(""),
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
            Previous::Keyword("collate") if !has_server_grammar => Place::Collation,
            Previous::Keyword("over" | "window" | "collate") => Place::Anything,
            Previous::Keyword("union" | "intersect" | "except") => Place::NextQuery,
            Previous::Keyword("all") if clause == Clause::Start && !has_server_grammar => Place::Words("select values"),
            Previous::NotBehind if self.row_before.is_some() && !has_server_grammar => Place::Words("in"),
            Previous::NotBehind if !has_server_grammar => Place::Words("between glob in like match null"),
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
            Some(Paren::Window { .. }) => Place::Window,
            Some(Paren::Filter { .. }) => Place::Words("where"),
            Some(Paren::Arguments { called, .. }) if !called.may_take_some() && !schema.dialect.has_server_grammar => {
                Place::Words("")
            }
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

    /// Whether NULLS may come, which says in an order where they are placed.
    fn may_place_nulls(&self) -> bool {
        let is_ordered = match self.parens.last() {
            Some(Paren::Window { terms, .. }) => *terms > 0,
            Some(Paren::OrderedArguments) => true,
            _ => self.is_at_query() && self.scope().clause == Clause::Order,
        };
        is_ordered && matches!(self.previous, Previous::Operand(_) | Previous::Keyword("asc" | "desc"))
    }

    /// A word that is a name elsewhere. In SQLite those place NULLs behind a whole term of an order, and begin frames behind what windows are over.
    fn as_soft(&self, word: &Word, schema: &SchemaConstraint) -> Option<Reading> {
        if !schema.dialect.soft_words_anywhere {
            if self.awaits_more(schema) {
                return None;
            }
            let nulls = word.among_these("nulls").filter(|_| self.may_place_nulls());
            return nulls.map(Reading::Keyword).or_else(|| self.as_frame(word, schema));
        }
        let words = &schema.dialect.words;
        let soft = word.among(&words.soft);
        let frame = || word.among(&words.frames).filter(|_| !self.is_at_query());
        soft.or_else(frame).map(|_| Reading::Soft)
    }

    /// A word of a frame that may come next.
    fn as_frame(&self, word: &Word, schema: &SchemaConstraint) -> Option<Reading> {
        let mut words = self.frame_words(schema).into_iter();
        let found = words.find(|(name, _)| word.among_these(name).is_some());
        found.map(|(_, frame)| Reading::Frame(frame))
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
}

/// Longest new name, in bytes: no longer than PostgreSQL tells names apart.
const MAX_NAME_BYTES: usize = 63;

/// Digits in a new name, enough for a time of the day behind a date: a model that writes more does not end.
const MAX_NAME_DIGITS: usize = 14;

/// Whether a word may be a new name: without quotes it is no word that builds queries.
pub(crate) fn may_name(word: &Word, schema: &SchemaConstraint) -> bool {
    if !is_sound_name(word) {
        return false;
    }
    let words = &schema.dialect.words;
    let is_of_sql = || word.among(&words.building).is_some() || word.among(&words.after_from).is_some();
    schema.dialect.has_server_grammar || !word.whole || !is_of_sql()
}

/// Whether a new name has some length and an end, and holds nothing that whoever reads the answer takes for its end.
fn is_sound_name(word: &Word) -> bool {
    let text = &word.text;
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let ends_answer = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'`' | b'"');
    let is_empty = word.whole && text.is_empty();
    !is_empty && text.len() <= MAX_NAME_BYTES && digits <= MAX_NAME_DIGITS && !text.iter().any(ends_answer)
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
        "nulls" => Place::Words("first last"),
        _ if ends_term(keyword) => Place::Continuation,
        _ if is_value(keyword) => Place::Continuation,
        _ => Place::Either,
    }
}
