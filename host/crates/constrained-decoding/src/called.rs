//! Calls of functions: what each takes, and what aggregates make of their query.

use std::collections::BTreeSet;

use crate::argument_count::ArgumentCount;
use crate::name_set::Word;
use crate::parens::Paren;
use crate::previous::{Operand, Previous};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::Clause;
use crate::statement::Statement;

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// Many rows: `*`, or one operand.
    Count,
    /// One operand of many rows.
    Sum,
    /// One operand of many rows, or several of one row.
    Extreme,
    /// Operands of many rows.
    Aggregate(ArgumentCount),
    /// What a window tells of a row.
    Window(ArgumentCount),
    /// Operands of one row.
    Row(ArgumentCount),
}

impl Called {
    /// Whether many rows become one.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::Extreme | Self::Aggregate(_))
    }

    fn arguments(self) -> Option<ArgumentCount> {
        match self {
            Self::Aggregate(count) | Self::Window(count) | Self::Row(count) => Some(count),
            Self::Count | Self::Sum | Self::Extreme => None,
        }
    }

    /// Whether it may be called with nothing.
    pub fn may_take_none(self) -> bool {
        self.arguments().is_some_and(ArgumentCount::may_be_none)
    }

    /// Whether it may be called with something.
    pub fn may_take_some(self) -> bool {
        self.arguments().is_none_or(ArgumentCount::may_be_some)
    }

    /// Whether the operand that is written may be its last.
    pub fn may_end(self) -> bool {
        self.arguments().is_none_or(ArgumentCount::may_be_last)
    }

    /// Whether another operand may follow the one that is written.
    pub fn may_go_on(self) -> bool {
        self == Self::Extreme || self.arguments().is_some_and(ArgumentCount::may_go_on)
    }

    /// What it is behind a comma.
    pub fn behind_comma(self) -> Self {
        match self {
            Self::Extreme => Self::Row(ArgumentCount::ANY),
            Self::Aggregate(count) => Self::Aggregate(count.behind_one()),
            Self::Window(count) => Self::Window(count.behind_one()),
            Self::Row(count) => Self::Row(count.behind_one()),
            Self::Count | Self::Sum => self,
        }
    }
}

impl Statement {
    /// Takes a function.
    pub(crate) fn function(&mut self, word: &Word, schema: &SchemaConstraint) -> Previous {
        self.select_other();
        let words = &schema.dialect.words;
        let count = ArgumentCount::of(&word.text);
        if word.among(&words.window_functions).is_some() {
            return Previous::Function(Called::Window(count));
        }
        if !word.is_function(&words.aggregates) {
            return Previous::Function(Called::Row(count));
        }
        let depth = self.scope().depth;
        let around = self.parens[depth..].iter_mut().rev().find_map(|paren| match paren {
            Paren::Arguments { called, needs_window } if called.is_aggregate() => Some(needs_window),
            _ => None,
        });
        if let Some(needs_window) = around {
            *needs_window = true;
        }
        Previous::Function(match word.text.as_slice() {
            b"count" => Called::Count,
            b"avg" | b"sum" | b"total" => Called::Sum,
            b"max" | b"min" => Called::Extreme,
            _ => Called::Aggregate(count),
        })
    }

    /// Ends the call of an aggregate, which makes its query a grouped one.
    pub(crate) fn aggregate(&mut self, needs_window: bool, takes_window: bool) -> Previous {
        let scope = self.scope_mut();
        scope.aggregates += 1;
        if scope.clause == Clause::Select {
            scope.row.aggregates = true;
            scope.row.aggregate.get_or_insert(scope.row.listed);
        }
        Previous::Operand(if needs_window {
            Operand::CallWithoutWindow
        } else {
            Operand::Call {
                takes_filter: true,
                takes_window,
            }
        })
    }

    /// Whether what comes next is an argument of an aggregate of the innermost query.
    pub(crate) fn is_aggregating(&self) -> bool {
        self.parens[self.scope().depth..].iter().any(|paren| match paren {
            Paren::Arguments { called, .. } => called.is_aggregate(),
            _ => matches!(paren, Paren::DistinctArguments | Paren::OrderedArguments),
        })
    }

    /// Functions that may be called here. What takes many rows stands where rows are grouped: not in WHERE, ON or GROUP BY, nor behind ORDER BY
    /// alone.
    pub(crate) fn functions<'s>(&self, schema: &'s SchemaConstraint) -> &'s BTreeSet<Box<str>> {
        let (words, scope) = (&schema.dialect.words, self.scope());
        match scope.clause {
            _ if self.is_among_rows() => &words.row_functions,
            _ if self.is_aggregating() && !self.may_aggregate_again() => &words.row_functions,
            Clause::From | Clause::Where | Clause::Group => &words.row_functions,
            Clause::Having => &words.functions_without_window,
            Clause::Order if !scope.is_grouped() && !scope.compound => {
                if self.is_within_window_or_aggregate() {
                    &words.row_functions
                } else {
                    &words.row_and_window_functions
                }
            }
            _ if self.is_within_window_or_aggregate() => &words.functions_without_window,
            _ => &words.functions,
        }
    }

    /// Whether what comes next belongs to a window or to what many rows become: no other window can be meant there.
    pub(crate) fn is_within_window_or_aggregate(&self) -> bool {
        self.parens[self.scope().depth..].iter().any(|paren| match paren {
            Paren::Window { .. } | Paren::Filter { .. } | Paren::OrderedArguments | Paren::DistinctArguments => true,
            Paren::Arguments { called, .. } => !matches!(called, Called::Row(_)),
            _ => false,
        })
    }

    /// Whether an aggregate may stand among the arguments of the one around: that is one over a window then, which may stand here and in no other.
    fn may_aggregate_again(&self) -> bool {
        let open = &self.parens[self.scope().depth..];
        let around = open.iter().filter(|paren| match paren {
            Paren::Arguments { called, .. } => !matches!(called, Called::Row(_)),
            _ => matches!(paren, Paren::Window { .. }),
        });
        around.count() == 1 && matches!(self.scope().clause, Clause::Select | Clause::Order)
    }

    /// Whether rows are told apart here before they become one: in FILTER, and in ORDER BY among the arguments of an aggregate.
    pub(crate) fn is_among_rows(&self) -> bool {
        let mut inner = self.parens[self.scope().depth..].iter();
        inner.any(|paren| matches!(paren, Paren::Filter { .. } | Paren::OrderedArguments))
    }
}
