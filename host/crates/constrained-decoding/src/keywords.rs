//! Words of SQL: which may stand where, clauses in their order, and what they do.

use crate::join_condition::JoinCondition;
use crate::parens::{CaseStage, Paren};
use crate::previous::{Operand, Previous, VALUE};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::Clause;
use crate::scope::Relation;
use crate::statement::Statement;

/// Conditions behind the first that may join a table while another is awaited.
const MAX_FURTHER_CONDITIONS: usize = 2;

impl Statement {
    pub(crate) fn keyword(&mut self, keyword: &'static str, schema: &SchemaConstraint) {
        self.end_join_condition();
        self.join_conditions(keyword);
        if keyword == "on" && self.is_at_join() {
            self.scope_mut().join = JoinCondition::Begun;
        }
        let after = std::mem::replace(&mut self.previous, Previous::Keyword(keyword));
        self.row_before = match after {
            Previous::NotBehind => self.row_before,
            Previous::Operand(Operand::Row(operands)) => Some(operands),
            _ => None,
        };
        if self.expression_keyword(keyword, &after) {
            return;
        }
        if !matches!(keyword, "select" | "distinct" | "all" | "as" | "from") {
            self.select_other();
        }
        let at_query = self.is_at_query();
        match keyword {
            "select" | "with" | "values" => {
                if after == Previous::Open {
                    self.open_query();
                }
                let scope = self.scope_mut();
                scope.row.is_unknown |= keyword == "values";
                match (keyword, scope.clause) {
                    ("with", Clause::Start) => scope.clause = Clause::With,
                    ("select" | "values", Clause::Start | Clause::With) => scope.clause = Clause::Select,
                    _ => {}
                }
            }
            "as" if after == Previous::Table => self.previous = Previous::AsTable,
            "pivot" | "unpivot" => self.bind(Vec::new(), Relation::Any),
            "natural" => self.scope_mut().is_natural = true,
            "over" => {
                let scope = self.scope_mut();
                scope.has_window = true;
                if matches!(after, Previous::Operand(Operand::Call { .. })) {
                    // It is no aggregate over groups, but one over rows.
                    scope.aggregates = scope.aggregates.saturating_sub(1);
                }
            }
            "order" if !at_query => match self.parens.last_mut() {
                Some(paren @ (Paren::Arguments { .. } | Paren::DistinctArguments)) => *paren = Paren::OrderedArguments,
                Some(Paren::Window { terms, .. }) => *terms = 1,
                _ => {}
            },
            _ if at_query => self.begin_clause(keyword, &after, schema),
            _ => {}
        }
    }

    /// Takes a word that belongs to an expression; false where it does not.
    pub(crate) fn expression_keyword(&mut self, keyword: &'static str, after: &Previous) -> bool {
        match (keyword, self.parens.last_mut()) {
            ("case", _) => self.parens.push(Paren::Case(CaseStage::Case)),
            ("when", Some(Paren::Case(stage))) => *stage = CaseStage::When,
            ("then", Some(Paren::Case(stage))) => *stage = CaseStage::Then,
            ("else", Some(Paren::Case(stage))) => *stage = CaseStage::Else,
            ("end", Some(Paren::Case(_))) => {
                self.parens.pop();
                self.previous = VALUE;
            }
            ("as", Some(paren @ Paren::Cast)) => *paren = Paren::CastType,
            ("between", _) => self.parens.push(Paren::Between),
            ("and", Some(Paren::Between)) => {
                self.parens.pop();
                // One operand follows, as before.
                self.previous = Previous::Keyword("between");
            }
            ("not", _) if matches!(after, Previous::Operand(_)) => self.previous = Previous::NotBehind,
            ("not", _) if *after == Previous::Keyword("is") => self.previous = Previous::Keyword("is"),
            ("distinct", _) if *after == Previous::Keyword("is") => self.previous = Previous::IsDistinct,
            ("filter", _) => {
                let takes_window = !matches!(
                    after,
                    Previous::Operand(Operand::Call {
                        takes_window: false,
                        ..
                    })
                );
                self.previous = Previous::Filter { takes_window };
            }
            ("precision", Some(Paren::CastType)) => self.previous = VALUE,
            // What it is distinct from.
            ("from", _) if *after == Previous::IsDistinct => self.previous = Previous::Keyword("is"),
            ("distinct", Some(paren @ Paren::Arguments { .. })) if *after == Previous::Open => {
                *paren = Paren::DistinctArguments
            }
            _ => return false,
        }
        true
    }

    pub(crate) fn begin_clause(&mut self, keyword: &str, after: &Previous, schema: &SchemaConstraint) {
        if matches!(keyword, "union" | "intersect" | "except") {
            self.ask_around(schema);
            self.conditions.join_query();
        }
        let scope = self.scope_mut();
        match keyword {
            "from" if scope.is_before_from() => scope.clause = Clause::From,
            "group" if *after == Previous::Keyword("within") => {}
            "where" => scope.clause = Clause::Where,
            "group" => scope.clause = Clause::Group,
            "having" => scope.clause = Clause::Having,
            "window" => scope.clause = Clause::Window,
            "order" => scope.clause = Clause::Order,
            "limit" | "fetch" => scope.clause = Clause::Limit,
            "offset" => scope.clause = Clause::Offset,
            "union" | "intersect" | "except" => scope.begin_next(schema),
            _ => {}
        }
        scope.has_groups |= matches!(scope.clause, Clause::Group | Clause::Having);
    }

    /// Whether a word may come now: clauses in their order, and what follows FROM when everything used before it is there.
    pub(crate) fn may_come(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let has_server_grammar = schema.dialect.has_server_grammar;
        match (keyword, &self.previous, self.parens.last()) {
            (_, Previous::Keyword("within" | "distinct"), _) => has_server_grammar,
            ("over", Previous::Operand(operand), _) => has_server_grammar || self.may_have_window_behind(*operand),
            ("filter", Previous::Operand(operand), _) => {
                has_server_grammar || matches!(operand, Operand::Call { takes_filter: true, .. })
            }
            (_, Previous::Operand(Operand::CallWithoutWindow), _) => has_server_grammar,
            (_, Previous::Operand(Operand::Ordinal), _) if continues_expression(keyword) => false,
            (_, Previous::Operand(Operand::Row(_)), _) => has_server_grammar || matches!(keyword, "in" | "not"),
            ("when", _, Some(Paren::Case(stage))) => matches!(stage, CaseStage::Case | CaseStage::Then),
            ("then", _, Some(Paren::Case(stage))) => *stage == CaseStage::When,
            ("else", _, Some(Paren::Case(stage))) => *stage == CaseStage::Then,
            ("end", _, Some(Paren::Case(stage))) => matches!(stage, CaseStage::Then | CaseStage::Else),
            ("when" | "then" | "else" | "end", _, _) => false,
            ("and", _, Some(Paren::Between)) => true,
            ("and" | "or", _, _) if !self.may_join_conditions(keyword, schema) => false,
            ("or" | "like" | "is" | "in", _, Some(Paren::Between)) => false,
            // On servers EXTRACT and others have it among their arguments.
            ("from", _, _) if !self.is_at_query() => has_server_grammar,
            _ if !self.is_at_query() => self.may_come_in_parentheses(keyword, schema),
            _ => self.may_begin_clause(keyword, schema),
        }
    }

    /// Conditions begin, or are joined to others.
    fn join_conditions(&mut self, keyword: &str) {
        let is_between = self.parens.last() == Some(&Paren::Between);
        match keyword {
            "and" | "or" if !is_between => {
                self.conditions.join();
                self.scope_mut().joined_conditions += 1;
            }
            "where" | "on" | "having" | "when" => self.conditions.begin(),
            _ => {}
        }
    }

    /// Whether AND or OR may follow a condition: it is not there already, and what joins tables does not go on while a table is awaited.
    fn may_join_conditions(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        let awaits_table = || scope.clause == Clause::From && self.awaited(schema).is_some();
        let may_go_on = keyword == "and" && scope.joined_conditions < MAX_FURTHER_CONDITIONS;
        !self.conditions.repeats() && (may_go_on || !awaits_table())
    }

    /// Whether OVER may follow an operand: behind a function that takes a window, where none is open.
    fn may_have_window_behind(&self, operand: Operand) -> bool {
        let takes_one = matches!(
            operand,
            Operand::Call { takes_window: true, .. } | Operand::CallWithoutWindow
        );
        takes_one
            && !self.is_within_window_or_aggregate()
            && matches!(self.scope().clause, Clause::Select | Clause::Order)
    }

    /// Whether a word may come that stands in no parentheses of its query.
    fn may_begin_clause(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let (scope, has_server_grammar) = (self.scope(), schema.dialect.has_server_grammar);
        let clause = scope.clause;
        let may_begin = |next: Clause| clause < next && self.is_settled(schema);
        if self.previous == Previous::Table && scope.repeats_name() && !has_server_grammar {
            return keyword == "as";
        }
        match (keyword, &self.previous) {
            ("from", _) => clause < Clause::From && self.may_read(schema),
            ("as", Previous::Operand(_)) if (Clause::From..=Clause::Having).contains(&clause) => false,
            (_, Previous::Keyword(last)) if ends_term(last) && !has_server_grammar => keyword == "limit",
            ("asc" | "desc", _) => clause == Clause::Order,
            ("on" | "using", _) => self.may_join_by(keyword, schema),
            ("where", _) => may_begin(Clause::Where),
            ("group", _) => may_begin(Clause::Group),
            ("having", _) => may_begin(Clause::Having) && (has_server_grammar || scope.may_have_having()),
            ("order", _) => may_begin(Clause::Order),
            ("union" | "intersect" | "except", _) => may_begin(Clause::Window) && !self.conditions.repeats_query(),
            ("window", _) => may_begin(Clause::Window),
            ("fetch", _) if !has_server_grammar => false,
            ("limit", _) if !has_server_grammar => may_begin(Clause::Limit),
            ("offset", _) if !has_server_grammar => clause == Clause::Limit,
            _ if schema.dialect.words.after_from.contains(keyword) => self.is_settled(schema),
            _ => has_server_grammar || self.may_go_on(keyword, schema),
        }
    }

    /// Whether as many columns are selected as have to be, as far as that is known before FROM.
    fn may_read(&self, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        !scope.row.stars.is_empty() || scope.is_wide_enough(schema)
    }

    /// Whether a word that begins no clause may follow an operand or a table of a query.
    fn may_go_on(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        let is_behind_table = matches!(self.previous, Previous::Table | Previous::Name | Previous::ColumnNames);
        match keyword {
            "as" if self.previous == Previous::Table => true,
            "as" => {
                matches!(scope.clause, Clause::Select | Clause::Window) && matches!(self.previous, Previous::Operand(_))
            }
            "cross" | "full" | "inner" | "join" | "left" | "natural" | "right" => {
                scope.clause == Clause::From
                    && self.tells_columns_apart(schema)
                    && (is_behind_table || scope.join == JoinCondition::Written)
            }
            "collate" => !is_behind_table,
            _ if !continues_expression(keyword) => false,
            _ if scope.compound && scope.clause == Clause::Order => false,
            _ => !is_behind_table && scope.clause < Clause::Limit,
        }
    }

    /// Whether a word may stand in parentheses that hold no query: arguments may be ordered, windows and filters have clauses.
    fn may_come_in_parentheses(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let has_server_grammar = schema.dialect.has_server_grammar;
        let is_clause = schema.dialect.words.after_from.contains(keyword);
        match self.parens.last() {
            Some(Paren::Arguments { called, needs_window }) if is_clause => {
                let may_be_ordered = called.is_aggregate() && !needs_window;
                keyword == "order" && (may_be_ordered || has_server_grammar)
            }
            Some(Paren::DistinctArguments) if is_clause => keyword == "order",
            Some(Paren::Window { terms, .. }) if !has_server_grammar => match keyword {
                "asc" | "desc" => *terms > 0 && matches!(self.previous, Previous::Operand(_)),
                "order" => *terms == 0,
                _ => continues_expression(keyword),
            },
            Some(Paren::OrderedArguments) if is_clause => matches!(keyword, "asc" | "desc"),
            Some(Paren::Window { .. } | Paren::Filter { .. } | Paren::Prefix | Paren::Query { .. })
                if has_server_grammar =>
            {
                true
            }
            Some(Paren::Prefix | Paren::Query { .. }) => true,
            Some(Paren::Join) if matches!(keyword, "on" | "using") => self.may_join_by(keyword, schema),
            Some(Paren::Join) => !is_clause && (has_server_grammar || self.may_go_on(keyword, schema)),
            Some(Paren::Cast) if keyword == "as" => true,
            _ if is_clause => false,
            _ => has_server_grammar || continues_expression(keyword),
        }
    }

    /// Whether this word may say by what the last table is joined: by USING where a column of SELECT is one of both tables.
    fn may_join_by(&self, keyword: &str, schema: &SchemaConstraint) -> bool {
        let may_come = self.is_without_condition() && (keyword == "using" || self.tells_columns_apart(schema));
        schema.dialect.has_server_grammar || may_come
    }

    /// Whether a table was joined, and nothing says yet by what.
    fn is_without_condition(&self) -> bool {
        let scope = self.scope();
        scope.clause == Clause::From && scope.bindings.len() > 1 && scope.join == JoinCondition::Missing
    }
}

/// Whether a word is an operand of itself, or the last of one.
pub(crate) fn is_value(keyword: &str) -> bool {
    matches!(
        keyword,
        "current_date" | "current_time" | "current_timestamp" | "false" | "isnull" | "notnull" | "null" | "true"
    )
}

/// Whether a word may be the last of what an order is by.
pub(crate) fn ends_term(keyword: &str) -> bool {
    matches!(keyword, "asc" | "desc" | "first" | "last")
}

/// Whether a word may follow an operand within an expression.
fn continues_expression(keyword: &str) -> bool {
    matches!(
        keyword,
        "and"
            | "or"
            | "not"
            | "is"
            | "isnull"
            | "notnull"
            | "in"
            | "like"
            | "glob"
            | "match"
            | "between"
            | "escape"
            | "collate"
    )
}

/// Keywords after which an operand must begin.
pub(crate) fn begins_operand(keyword: &str) -> bool {
    matches!(
        keyword,
        "select"
            | "distinct"
            | "distinctrow"
            | "all"
            | "where"
            | "and"
            | "or"
            | "on"
            | "by"
            | "having"
            | "when"
            | "then"
            | "else"
            | "like"
            | "between"
    )
}
