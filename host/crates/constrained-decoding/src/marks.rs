//! Marks: which may stand where, and what they do; where a literal may begin.

use crate::called::Called;
use crate::frame::Frame;
use crate::keywords::{begins_operand, ends_term, is_value};
use crate::parens::Paren;
use crate::previous::{Operand, Previous, VALUE};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::Clause;
use crate::selected_row::SelectedItem;
use crate::statement::Statement;

/// Operators of more than one mark, and what begins them.
const OPERATORS: [&[u8]; 10] = [b"||", b"<=", b"<<", b">=", b">>", b"<>", b"!=", b"==", b"->", b"->>"];

/// What may stand in front of an operand.
const PREFIXES: &[u8] = b"(-+~";

/// Operators between operands, by their first marks.
const BETWEEN_OPERANDS: &[u8] = b"=<>!|+-*/%&";

impl Statement {
    /// Takes a mark.
    pub fn mark(&mut self, mark: u8, schema: &SchemaConstraint) {
        self.join_mark(mark);
        if !matches!(mark, b',' | b'.' | b'*') {
            self.select_other();
        }
        self.previous = match mark {
            b'(' => {
                self.conditions.open();
                self.parens.push(self.opened());
                Previous::Open
            }
            b')' => {
                self.conditions.close();
                self.close(schema)
            }
            b',' => self.comma(),
            b'.' => match std::mem::take(&mut self.previous) {
                Previous::Qualifier(qualifier) => Previous::Dot(qualifier),
                Previous::Operand(_) => Previous::FieldDot,
                _ => Previous::Operator(vec![mark]),
            },
            b'*' if self.is_every_column() => self.every_column(),
            b']' => VALUE,
            b';' => {
                *self = Self::new(schema);
                Previous::Ended
            }
            _ => match std::mem::take(&mut self.previous) {
                Previous::Operator(marks) if marks == b":" && mark == b':' => Previous::Cast,
                Previous::Operator(marks) => Previous::Operator([marks.as_slice(), &[mark]].concat()),
                before => {
                    self.row_before = match before {
                        Previous::Operand(Operand::Row(operands)) => Some(operands),
                        _ => None,
                    };
                    Previous::Operator(vec![mark])
                }
            },
        };
    }

    /// Takes a blank: an operator before it is whole.
    pub fn blank(&mut self) {
        if let Previous::Operator(marks) = &mut self.previous
            && marks.last() != Some(&b' ')
        {
            marks.push(b' ');
        }
    }

    pub(crate) fn comma(&mut self) -> Previous {
        if self.selects() {
            self.scope_mut().row.end_item();
        }
        if self.is_at_query() && self.scope().clause == Clause::Limit {
            self.scope_mut().clause = Clause::Offset;
        }
        if self.scope().clause == Clause::From && self.is_at_join() {
            self.scope_mut().is_listed = true;
        }
        match self.parens.last_mut() {
            Some(paren @ Paren::Operands) => *paren = Paren::List { operands: 2 },
            Some(Paren::List { operands } | Paren::Compared { operands, .. }) => *operands += 1,
            Some(Paren::Arguments { called, .. }) => *called = called.behind_comma(),
            Some(Paren::Window { terms, .. }) if *terms > 0 => *terms += 1,
            _ => {}
        }
        Previous::Comma
    }

    pub(crate) fn every_column(&mut self) -> Previous {
        if self.selects() {
            let of = match &self.previous {
                Previous::Dot(qualifier) => Some(qualifier.clone()),
                _ => None,
            };
            self.scope_mut().row.star(of);
        }
        Previous::EveryColumn
    }

    /// Whether `*` stands for columns here, and not for a product.
    pub(crate) fn is_every_column(&self) -> bool {
        matches!(
            self.previous,
            Previous::Dot(_) | Previous::FieldDot | Previous::Open | Previous::Comma | Previous::Keyword(_)
        )
    }

    /// Whether a mark may come here: a query is not closed before what it uses is there.
    pub fn admits_mark(&self, mark: u8, schema: &SchemaConstraint) -> bool {
        if schema.dialect.foreign_marks.contains(&mark) {
            return false;
        }
        let may_stand = if schema.dialect.has_server_grammar {
            self.may_stand_on_servers(mark, schema)
        } else {
            self.may_stand(mark, schema)
        };
        may_stand
            && match mark {
                b',' => self.may_list_more(schema),
                b')' => self.may_close(schema),
                b';' => self.parens.is_empty() && self.is_settled(schema),
                _ => true,
            }
    }

    /// Servers have operators and places of their own: only what no dialect has is refused.
    fn may_stand_on_servers(&self, mark: u8, schema: &SchemaConstraint) -> bool {
        // Operators of several marks go on after their first.
        let awaits_operand = !matches!(self.previous, Previous::Operator(_)) && self.awaits_more(schema);
        match (&self.previous, mark) {
            (Previous::Ended, _) => false,
            (Previous::Nothing, _) => mark == b'(',
            (Previous::Dot(_), _) => mark == b'*',
            (Previous::Open, b')') => true,
            (_, b',' | b')' | b'=' | b'<' | b'>' | b'|' | b'/' | b'%' | b';') => !awaits_operand,
            _ => true,
        }
    }

    /// Whether a mark may come after what stood last.
    fn may_stand(&self, mark: u8, schema: &SchemaConstraint) -> bool {
        match &self.previous {
            Previous::Nothing
            | Previous::Ended
            | Previous::AsTable
            | Previous::NotBehind
            | Previous::IsDistinct
            | Previous::Cast
            | Previous::FieldDot => false,
            Previous::Operand(Operand::Row(_)) => b"=<>!".contains(&mark),
            Previous::Operand(Operand::CallWithoutWindow) => false,
            Previous::Operand(Operand::Ordinal) => b",);".contains(&mark),
            // A type may have a length.
            Previous::Operand(_) if self.parens.last() == Some(&Paren::CastType) => b"()".contains(&mark),
            Previous::Operand(_) if self.is_among_expressions() => mark == b',',
            Previous::Operand(_) => {
                b",);".contains(&mark) || (BETWEEN_OPERANDS.contains(&mark) && !self.orders_several_queries())
            }
            Previous::Table if self.scope().repeats_name() => false,
            Previous::Name if self.is_among_expressions() => mark == b'(',
            Previous::ColumnNames if self.is_among_expressions() => false,
            Previous::EveryColumn | Previous::Table | Previous::Name | Previous::ColumnNames | Previous::Soft => {
                b",);".contains(&mark)
            }
            Previous::Qualifier(_) => mark == b'.',
            Previous::Dot(_) => mark == b'*' && self.selects() && self.scope().row.item == SelectedItem::Nothing,
            Previous::Function(_) | Previous::Source | Previous::Filter { .. } => mark == b'(',
            Previous::Open => self.may_stand_first(mark),
            Previous::Comma if matches!(self.parens.last(), Some(Paren::Using | Paren::Names)) => false,
            Previous::Comma if mark == b'*' => self.selects_every(schema),
            Previous::Comma if self.orders_several_queries() => false,
            Previous::Comma if self.expects_table() || self.is_at_ordinal() => mark == b'(',
            Previous::Comma => PREFIXES.contains(&mark),
            Previous::Operator(marks) if self.row_before.is_some() => mark == b'(' || begins_operator(marks, mark),
            Previous::Operator(marks) => PREFIXES.contains(&mark) && is_whole(marks) || begins_operator(marks, mark),
            Previous::Keyword(keyword) => self.may_follow(keyword, mark, schema),
        }
    }

    /// Whether all columns may be selected: where so many are wanted, some table has to have them.
    fn selects_every(&self, schema: &SchemaConstraint) -> bool {
        let wanted = self.scope().row.wanted;
        let has_table = |wanted| schema.tables.iter().any(|table| table.width <= wanted);
        self.selects() && wanted.is_none_or(has_table)
    }

    fn may_stand_first(&self, mark: u8) -> bool {
        match (self.parens.last(), mark) {
            (Some(Paren::Arguments { called, .. }), b')') => called.may_take_none(),
            (Some(Paren::Arguments { called, .. }), _) if !called.may_take_some() => false,
            (Some(Paren::Arguments { called, .. }), b'*') => *called == Called::Count,
            (Some(Paren::Subquery { .. } | Paren::Filter { .. } | Paren::Using | Paren::Names), _) => false,
            (Some(Paren::Window { .. }), _) => mark == b')',
            (Some(Paren::Rows | Paren::Free), b')') => true,
            _ => PREFIXES.contains(&mark),
        }
    }

    fn may_follow(&self, keyword: &str, mark: u8, schema: &SchemaConstraint) -> bool {
        match keyword {
            "select" | "distinct" | "all" if mark == b'*' => self.selects_every(schema),
            "all" if self.scope().clause == Clause::Start => false,
            "as" => mark == b'(' && matches!(self.scope().clause, Clause::With | Clause::Window),
            "in" | "exists" | "values" | "using" | "over" | "filter" | "cast" | "from" | "join" | "materialized" => {
                mark == b'('
            }
            "case" | "is" | "not" | "glob" | "regexp" | "match" | "escape" | "limit" | "offset" => {
                PREFIXES.contains(&mark)
            }
            _ if self.orders_several_queries() => ends_term(keyword) && b",);".contains(&mark),
            _ if self.is_at_ordinal() => mark == b'(',
            _ if begins_operand(keyword) => PREFIXES.contains(&mark),
            _ if ends_term(keyword) => b",);".contains(&mark),
            _ if is_value(keyword) => b",);".contains(&mark) || BETWEEN_OPERANDS.contains(&mark),
            _ => false,
        }
    }

    /// Whether another one may follow a comma.
    fn may_list_more(&self, schema: &SchemaConstraint) -> bool {
        let has_server_grammar = schema.dialect.has_server_grammar;
        match self.parens.last() {
            Some(Paren::Case(_) | Paren::Between | Paren::Cast | Paren::CastType | Paren::Filter { .. }) => false,
            Some(Paren::Plain) => has_server_grammar,
            Some(Paren::Compared { with, operands }) => operands < with || has_server_grammar,
            Some(Paren::Window { frame, .. }) => *frame == Frame::Missing,
            // An aggregate over rows that differ takes one expression; servers know others.
            Some(Paren::DistinctArguments) => has_server_grammar,
            Some(Paren::Arguments { called, .. }) => called.may_go_on() || has_server_grammar,
            _ if !self.is_at_query() => true,
            _ => match self.scope().clause {
                Clause::Select => self.scope().row.may_grow(),
                Clause::Where | Clause::Having | Clause::Offset => has_server_grammar,
                Clause::From => {
                    let is_behind_table = matches!(self.previous, Previous::Table | Previous::Name);
                    let may_follow = is_behind_table || self.scope().bindings.len() > 1;
                    has_server_grammar || (may_follow && self.tells_columns_apart(schema))
                }
                _ => true,
            },
        }
    }

    fn may_close(&self, schema: &SchemaConstraint) -> bool {
        match self.parens.last() {
            None | Some(Paren::Case(_) | Paren::Between | Paren::Cast) => false,
            Some(Paren::Query { .. }) => self.is_settled(schema),
            Some(_) if schema.dialect.has_server_grammar => true,
            Some(Paren::Using) => self.tells_columns_apart(schema),
            Some(Paren::Window { frame, .. }) => frame.may_end(),
            Some(Paren::Compared { with, operands }) => operands == with,
            Some(Paren::Arguments { called, .. }) => self.previous == Previous::Open || called.may_end(),
            Some(_) => true,
        }
    }

    /// Whether a number may begin here.
    pub fn admits_number(&self, digit: u8, schema: &SchemaConstraint) -> bool {
        let may_begin = || self.may_begin_literal(schema) && (!self.is_at_ordinal() || self.is_ordinal(digit, schema));
        !self.excludes_literals()
            && (schema.dialect.has_server_grammar || self.frame_with_number(schema).is_some() || may_begin())
    }

    /// Whether a digit is the number of a column that is selected, and can be grouped by where that is asked.
    fn is_ordinal(&self, digit: u8, schema: &SchemaConstraint) -> bool {
        let (scope, number) = (self.scope(), usize::from(digit - b'0'));
        let last = match scope.clause {
            Clause::Group => scope.row.aggregate.or_else(|| scope.width(schema)),
            _ => scope.width(schema),
        };
        number > 0 && last.is_none_or(|last| number <= last)
    }

    /// Whether a string may begin here. SQLite takes one for a new name.
    pub fn admits_text(&self, schema: &SchemaConstraint) -> bool {
        let is_new_name = matches!(self.previous, Previous::AsTable | Previous::Keyword("as"))
            || (self.selects() && matches!(self.previous, Previous::Operand(_)));
        let may_begin = is_new_name
            || (self.may_begin_literal(schema)
                && self.scope().clause < Clause::Limit
                && !self.orders_several_queries());
        !self.excludes_literals() && (schema.dialect.has_server_grammar || may_begin)
    }

    fn may_begin_literal(&self, schema: &SchemaConstraint) -> bool {
        let is_compared_with_row = self.row_before.is_some() && matches!(self.previous, Previous::Operator(_));
        self.expects_operand(schema) && !is_compared_with_row
    }

    /// Whether something may begin here that begins with a mark.
    pub fn admits_opening(&self) -> bool {
        !matches!(self.previous, Previous::Nothing | Previous::Ended)
    }
}

/// Whether these marks are an operator, to be followed by an operand.
fn is_whole(marks: &[u8]) -> bool {
    !matches!(marks, b"!" | b"! ")
}

fn begins_operator(marks: &[u8], mark: u8) -> bool {
    let grown = [marks, &[mark]].concat();
    OPERATORS.iter().any(|operator| operator.starts_with(&grown))
}
