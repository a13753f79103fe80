//! Expressions: a walk that follows long chains of operators in a loop.

use super::relation::Columns;
use super::{Clause, Resolver};
use crate::ast::{BinaryOp, Body, Call, Expr, ExprId, Over, QueryId, Window};
use crate::functions;

impl<'a> Resolver<'a> {
    pub(super) fn expr(&mut self, id: ExprId, frame: usize, clause: Clause) {
        let value = std::mem::take(&mut self.in_value_place);
        let argument = std::mem::take(&mut self.in_arguments);
        self.frames[frame].clause = clause;
        let mut spine = Vec::new();
        let mut at = id;
        while let Some(first) = self.ast.expr(at).first_child() {
            spine.push(at);
            at = first;
        }
        self.in_value_place = match spine.last() {
            None => value,
            Some(parent) => matches!(self.ast.expr(*parent), Expr::Binary(BinaryOp::Other(_), ..)),
        };
        self.in_arguments = argument;
        self.leaf(at, frame, clause, spine.last().copied());
        while let Some(node) = spine.pop() {
            self.rest(node, frame, clause);
        }
    }

    /// An expression where a value rather than a column is likely: SQLite reads a double-quoted name that is no column as a string.
    fn value(&mut self, id: ExprId, frame: usize, clause: Clause) {
        self.in_value_place = true;
        self.expr(id, frame, clause);
        self.in_value_place = false;
    }

    /// An expression without first child.
    fn leaf(&mut self, id: ExprId, frame: usize, clause: Clause, around: Option<ExprId>) {
        let row_allowed = std::mem::take(&mut self.row_allowed);
        match self.ast.expr(id) {
            Expr::Column(name) => self.column(name, frame, clause),
            Expr::Star(Some(name)) if self.qualified_relation(name, frame).is_none() => self.unknown_qualifier(name),
            Expr::Exists(query) => {
                self.inner_query(query, frame);
            }
            Expr::Subquery(query) => {
                let expected = around.map_or(1, |node| self.width_beside(node, id));
                self.subquery(id, query, frame, expected);
            }
            Expr::Quantified(query) | Expr::ArrayQuery(query) => {
                self.check_limited_subquery(id, query);
                self.subquery(id, query, frame, 1);
            }
            Expr::Row(list) | Expr::Array(list) => {
                let row = matches!(self.ast.expr(id), Expr::Row(_)) && list.len > 1;
                let compared = around.map_or(row_allowed, |node| self.compares_rows(node));
                if (self.sqlite() || self.mysql()) && row && !compared {
                    self.misused_row(id);
                }
                for expr in self.ast.list(list) {
                    self.expr(*expr, frame, clause);
                }
            }
            Expr::Case { operand, arms } => {
                if let Some(operand) = operand {
                    self.row_allowed = self.sqlite();
                    self.expr(operand, frame, clause);
                }
                let arms = self.ast.list(arms);
                for (index, expr) in arms.iter().enumerate() {
                    let result = index % 2 == 1 || index + 1 == arms.len();
                    if let Some(operand) = operand
                        && !result
                    {
                        self.same_width(operand, *expr);
                        self.row_allowed = self.sqlite();
                    }
                    self.in_value_place = result || operand.is_some();
                    self.expr(*expr, frame, clause);
                }
            }
            Expr::Call(call) => {
                let ast = self.ast;
                self.call(&ast.calls[call as usize], frame, clause);
            }
            _ => {}
        }
    }

    /// Whether an operator takes rows of several values on its left.
    fn compares_rows(&self, node: ExprId) -> bool {
        match self.ast.expr(node) {
            Expr::Binary(BinaryOp::Compare(_), ..)
            | Expr::InList { .. }
            | Expr::InQuery { .. }
            | Expr::InTable { .. } => true,
            Expr::Between { .. } => !self.mysql(),
            _ => false,
        }
    }

    /// What a node holds beside its first child.
    fn rest(&mut self, id: ExprId, frame: usize, clause: Clause) {
        let rows = self.compares_rows(id);
        match self.ast.expr(id) {
            Expr::Binary(_, left, right) => {
                if let Expr::Subquery(query) = self.ast.expr(right) {
                    let expected = self.width_beside(id, right);
                    self.subquery(right, query, frame, expected);
                } else if matches!(self.ast.expr(id), Expr::Binary(BinaryOp::And | BinaryOp::Or, ..)) {
                    self.expr(right, frame, clause);
                } else {
                    self.same_width(left, right);
                    self.row_allowed = rows;
                    self.value(right, frame, clause);
                }
            }
            Expr::Like {
                expr, pattern, escape, ..
            } => {
                if self.sqlite() {
                    self.check_match(id, expr, frame);
                }
                self.value(pattern, frame, clause);
                if let Some(escape) = escape {
                    self.value(escape, frame, clause);
                }
            }
            Expr::Between { low, high, .. } => {
                for bound in [low, high] {
                    self.row_allowed = rows;
                    self.value(bound, frame, clause);
                }
            }
            Expr::InList { expr: left, list, .. } | Expr::Subscript(left, list) => {
                for expr in self.ast.list(list) {
                    if rows {
                        self.same_width(left, *expr);
                    }
                    self.row_allowed = rows;
                    self.value(*expr, frame, clause);
                }
            }
            Expr::InQuery { expr, query, .. } => {
                let expected = self.width(expr);
                self.check_limited_subquery(id, query);
                self.subquery(id, query, frame, expected);
            }
            Expr::InTable { expr, table } => {
                let inner = self.push_frame(Some(frame), "subquery");
                self.table(table);
                self.frames[inner].end = self.relations.len();
                let columns = self.relations.last().map_or(Columns::Open, |relation| relation.columns);
                self.pop_frame();
                let expected = self.width(expr);
                if let Some(count) = self.count(columns)
                    && count != expected
                {
                    self.subquery_width(id, count, expected);
                }
            }
            _ => {}
        }
    }

    /// Reports operands that are rows of different widths, or a row and a single value.
    fn same_width(&mut self, left: ExprId, right: ExprId) {
        let is_query = |expr| matches!(self.ast.expr(expr), Expr::Subquery(_) | Expr::Quantified(_));
        let (expected, found) = (self.width(left), self.width(right));
        if expected != found && !is_query(left) && !is_query(right) && !self.postgres() {
            self.operand_width(right, expected, found);
        }
    }

    /// How many columns an operand stands for.
    fn width(&self, expr: ExprId) -> usize {
        match self.ast.expr(expr) {
            Expr::Row(list) => list.len as usize,
            _ => 1,
        }
    }

    /// How many columns a subquery may have beside its sibling in a comparison.
    fn width_beside(&self, node: ExprId, subquery: ExprId) -> usize {
        match self.ast.expr(node) {
            Expr::Binary(_, left, right) => {
                let sibling = if left == subquery { right } else { left };
                match self.ast.expr(sibling) {
                    Expr::Row(list) => list.len as usize,
                    Expr::Subquery(_) => 0,
                    _ => 1,
                }
            }
            Expr::InQuery { .. } | Expr::InList { .. } => 0,
            _ => 1,
        }
    }

    /// A query as a value; `expected` 0 stands for any number of columns.
    fn subquery(&mut self, id: ExprId, query: QueryId, frame: usize, expected: usize) {
        let columns = self.inner_query(query, frame);
        if let Some(count) = self.count(columns)
            && expected != 0
            && count != expected
        {
            self.subquery_width(id, count, expected);
        }
    }

    /// MySQL (error 1235): a LIMIT in the subquery of IN, ANY, ALL or SOME, also in an operand of its set operations.
    fn check_limited_subquery(&mut self, id: ExprId, query: QueryId) {
        if !self.mysql() {
            return;
        }
        let mut pending = vec![query];
        while let Some(query) = pending.pop() {
            let query = &self.ast.queries[query as usize];
            if query.limit.is_some() {
                let token = self.ast.exprs[id as usize].token;
                let message =
                    "a subquery of IN, ANY, ALL or SOME may not have LIMIT: select from it in a derived table";
                self.report(token, "limited-subquery", message.to_owned(), None);
                return;
            }
            match self.ast.bodies[query.body as usize] {
                Body::Paren(inner) => pending.push(inner),
                Body::Compound(start, count) => {
                    let operands = &self.ast.operands[start as usize..(start + count) as usize];
                    pending.extend(operands.iter().filter_map(|operand| {
                        match self.ast.bodies[operand.body as usize] {
                            Body::Paren(inner) => Some(inner),
                            _ => None,
                        }
                    }));
                }
                _ => {}
            }
        }
    }

    /// A query inside an expression of `frame`: an aggregate around it belongs to none of the levels that close with it.
    fn inner_query(&mut self, query: QueryId, frame: usize) -> Columns {
        let (hit, inside_aggregate) = (self.hit.take(), std::mem::take(&mut self.inside_aggregate));
        let inside_window = std::mem::take(&mut self.inside_window);
        let columns = self.query(query, Some(frame), "subquery");
        self.inside_window = inside_window;
        self.hit = hit.max(self.hit.filter(|inner| *inner <= frame));
        self.inside_aggregate = inside_aggregate;
        columns
    }

    fn call(&mut self, call: &'a Call, frame: usize, clause: Clause) {
        let name = self.source.name(call.name.last);
        let arguments = call.args.len as usize;
        let qualified = call.name.first != call.name.last;
        let aggregates = !call.special && !qualified && functions::is_aggregate(self.dialect, &name, arguments);
        if self.sqlite() && !call.special && !qualified {
            self.check_sqlite_call(call, &name, arguments);
        }
        if self.mysql() && aggregates {
            self.check_mysql_spacing(call, &name);
        } else if self.mysql() && !call.special && !qualified {
            self.check_mysql_arity(call, &name, arguments);
        }
        if !qualified
            && !call.special
            && functions::is_foreign(self.dialect, &name, self.schema.mariadb, self.schema.major)
        {
            self.foreign_function(call, &name);
        }
        if self.postgres() {
            self.check_distinct_arguments(call, frame);
        }
        if self.tsql() && !qualified {
            self.check_tsql_call(call, &name, frame);
        }
        let windowed = call.over.is_some();
        let (outer_hit, outer_aggregate, outer_window) = (self.hit.take(), self.inside_aggregate, self.inside_window);
        let nested = aggregates && !windowed && self.inside_aggregate;
        if windowed {
            self.check_windowed(call, outer_aggregate || outer_window);
        }
        self.inside_aggregate |= aggregates && !windowed;
        self.inside_window |= windowed;
        let weekday_part = self.tsql() && self.starts_with_date_part(&name);
        for (index, argument) in self
            .ast
            .list(call.args)
            .iter()
            .enumerate()
            .skip(usize::from(weekday_part))
        {
            self.in_value_place = index > 0;
            self.in_arguments = !aggregates;
            self.expr(*argument, frame, clause);
        }
        for expr in self.ast.list(call.order) {
            self.expr(*expr, frame, clause);
        }
        if let Some(filter) = call.filter {
            self.expr(filter, frame, clause);
        }
        (self.inside_aggregate, self.inside_window) = (outer_aggregate, outer_window);
        if aggregates && !windowed {
            // An aggregate belongs to the query its columns come from; MySQL computes it here where it may not stand there.
            let place = match self.hit {
                Some(hit) if hit != frame && self.mysql() => Clause::Select,
                Some(hit) if hit != frame => self.frames[hit].clause,
                _ => clause,
            };
            self.check_aggregate(call, &name, place, nested);
        }
        if !aggregates && !windowed && !call.special && !qualified && functions::is_window_only(&name) {
            self.window_function_without_over(call, &name);
        }
        self.hit = match (self.hit, outer_hit) {
            (Some(inner), Some(outer)) => Some(inner.max(outer)),
            (inner, outer) => inner.or(outer),
        };
        self.over(call, frame, clause);
    }

    /// T-SQL functions whose first argument is a word such as `year`.
    pub(super) fn starts_with_date_part(&self, name: &str) -> bool {
        const FUNCTIONS: [&str; 7] = [
            "dateadd",
            "datediff",
            "datediff_big",
            "datename",
            "datepart",
            "datetrunc",
            "date_bucket",
        ];
        FUNCTIONS.iter().any(|function| function.eq_ignore_ascii_case(name))
    }

    fn over(&mut self, call: &'a Call, frame: usize, clause: Clause) {
        match call.over {
            None => {}
            Some(Over::Inline(index)) => {
                self.check_window_clause(call, clause);
                let window = &self.ast.windows[index as usize];
                if self.tsql() {
                    self.check_tsql_window(call, window);
                }
                self.window(window, frame);
            }
            Some(Over::Named(token)) => {
                self.check_window_clause(call, clause);
                self.check_window_name(token, frame);
            }
        }
    }

    pub(super) fn window(&mut self, window: &'a Window, frame: usize) {
        if let Some(base) = window.base {
            self.check_window_name(base, frame);
        }
        for list in [window.partition, window.order, window.bounds] {
            for expr in self.ast.list(list) {
                self.expr(*expr, frame, Clause::Window);
            }
        }
    }
}
