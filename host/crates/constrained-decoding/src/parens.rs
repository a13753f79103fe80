//! What is open, and what opens and closes it.

use crate::called::Called;
use crate::frame::Frame;
use crate::join_condition::JoinCondition;
use crate::previous::{Operand, Previous, VALUE};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Missing, Relation, Scope};
use crate::statement::Statement;

/// What is open: a parenthesis, or words that others close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paren {
    /// A part of an expression, or a query of one column.
    Plain,
    /// What may be one or several operands.
    Operands,
    /// Several operands, which are compared with as many.
    List {
        operands: usize,
    },
    /// What several operands are compared with: as many, or a query of as many columns.
    Compared {
        with: usize,
        operands: usize,
    },
    /// What IN takes: operands, or a query of one column.
    Choices,
    /// Operands, or a query of any number of columns.
    Rows,
    /// What EXISTS and a common table expression take, and IN behind several operands: a query of so many columns, or of any number.
    Subquery {
        columns: Option<usize>,
    },
    /// Arguments of a function.
    Arguments {
        called: Called,
        /// Whether another aggregate is among them, so that only a window makes sense of this one.
        needs_window: bool,
    },
    /// The argument of an aggregate behind DISTINCT.
    DistinctArguments,
    /// What CAST takes, up to AS, and its type.
    Cast,
    CastType,
    /// A window, or an order within a group.
    Window {
        /// Expressions behind its ORDER BY.
        terms: usize,
        frame: Frame,
    },
    /// What FILTER takes.
    Filter {
        /// Whether a window may follow.
        takes_window: bool,
    },
    /// ORDER BY among the arguments of an aggregate.
    OrderedArguments,
    /// What stands before the operands: TOP (5), DISTINCT ON (x).
    Prefix,
    /// Joined tables.
    Join,
    /// A query.
    Query {
        /// Whether it stands for a table.
        source: bool,
    },
    /// New names of columns.
    Names,
    /// Columns behind USING.
    Using,
    /// Arguments of a function that stands for a table, and other things with names of their own.
    Free,
    /// CASE, up to END.
    Case(CaseStage),
    /// BETWEEN, up to its AND.
    Between,
}

/// What stood last of a CASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseStage {
    Case,
    When,
    Then,
    Else,
}

impl Statement {
    /// What a parenthesis opens here.
    pub(crate) fn opened(&self) -> Paren {
        match &self.previous {
            _ if self.parens.last() == Some(&Paren::Free) => Paren::Free,
            Previous::Operand(_) if self.parens.last() == Some(&Paren::CastType) => Paren::Free,
            Previous::Function(called) => Paren::Arguments {
                called: *called,
                needs_window: false,
            },
            Previous::Source | Previous::Keyword("pivot" | "unpivot") => Paren::Free,
            Previous::Name => Paren::Names,
            Previous::Keyword("as" | "materialized") if self.scope().clause == Clause::With => {
                Paren::Subquery { columns: None }
            }
            Previous::Filter { takes_window } => Paren::Filter {
                takes_window: *takes_window,
            },
            Previous::Keyword("over" | "as" | "group") => Paren::Window {
                terms: 0,
                frame: Frame::Missing,
            },
            Previous::Keyword("top") => Paren::Prefix,
            Previous::Keyword("on") if self.scope().clause == Clause::Select => Paren::Prefix,
            Previous::Keyword("cast") => Paren::Cast,
            Previous::Keyword("using") if self.scope().clause == Clause::From => Paren::Using,
            Previous::Keyword("exists") => Paren::Subquery { columns: None },
            Previous::Keyword("union" | "all" | "intersect" | "except" | "values") | Previous::Nothing => Paren::Rows,
            _ if self.expects_table() => Paren::Join,
            Previous::Keyword("in") => match self.row_before {
                Some(operands) => Paren::Subquery {
                    columns: Some(operands),
                },
                None => Paren::Choices,
            },
            Previous::Operator(_) if let Some(with) = self.row_before => Paren::Compared { with, operands: 1 },
            Previous::Operator(_) | Previous::Keyword("like" | "glob" | "between" | "limit" | "offset" | "is") => {
                Paren::Plain
            }
            _ => Paren::Operands,
        }
    }

    /// Closes a parenthesis, and tells what that makes of it.
    pub(crate) fn close(&mut self, schema: &SchemaConstraint) -> Previous {
        match self.parens.pop() {
            Some(Paren::Query { source }) => {
                let query = self
                    .close_query(schema)
                    .map_or(Relation::Any, |query| query.derived(schema));
                if source {
                    self.bind(Vec::new(), query);
                    return Previous::Table;
                }
                if self.is_among_expressions() {
                    self.end_table_expression(query);
                }
                VALUE
            }
            Some(Paren::Names) => Previous::ColumnNames,
            Some(Paren::Join) => Previous::Table,
            Some(Paren::Using) => {
                self.scope_mut().join = JoinCondition::Written;
                Previous::Name
            }
            Some(Paren::Free) if self.scope().clause == Clause::From && self.is_at_query() => Previous::Table,
            Some(Paren::Prefix) => Previous::Keyword("distinct"),
            Some(Paren::Arguments { called, needs_window }) if called.is_aggregate() => {
                self.aggregate(needs_window, true)
            }
            Some(Paren::Arguments {
                called: Called::Window(_),
                ..
            }) => Previous::Operand(Operand::CallWithoutWindow),
            Some(Paren::DistinctArguments | Paren::OrderedArguments) => self.aggregate(false, false),
            Some(Paren::Filter { takes_window }) => Previous::Operand(Operand::Call {
                takes_filter: false,
                takes_window,
            }),
            Some(Paren::List { operands }) => Previous::Operand(Operand::Row(operands)),
            _ => VALUE,
        }
    }

    /// Begins a query in the parenthesis that was opened last.
    pub(crate) fn open_query(&mut self) {
        if let Some(paren) = self.parens.last_mut() {
            let wanted = match paren {
                Paren::Plain | Paren::Operands | Paren::Choices => Some(1),
                Paren::Subquery { columns } => *columns,
                Paren::Compared { with, .. } => Some(*with),
                _ => None,
            };
            *paren = Paren::Query {
                source: *paren == Paren::Join,
            };
            self.scopes.push(Scope::new(self.parens.len(), wanted));
        }
    }

    /// Ends the query, and gives it.
    pub(crate) fn close_query(&mut self, schema: &SchemaConstraint) -> Option<Scope> {
        self.ask_around(schema);
        self.scopes.pop()
    }

    /// What the query used and has not is asked of the query around it whose tables are still to come.
    pub(crate) fn ask_around(&mut self, schema: &SchemaConstraint) {
        let Missing { uses, columns } = self.scope().missing(self.around(), schema);
        let Some(around) = self.undetermined_around() else {
            return;
        };
        for used in uses {
            around.ask(&used.qualifier, None);
            for column in used.columns {
                around.ask(&used.qualifier, Some(column));
            }
        }
        around.columns.extend(columns);
    }
}
