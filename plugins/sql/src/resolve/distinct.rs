//! What DISTINCT demands of ORDER BY, in PostgreSQL and SQL Server.

use super::Resolver;
use crate::ast::{Call, Expr, ExprId, List, Select};

impl Resolver<'_> {
    /// Reports terms of ORDER BY that a DISTINCT query does not put out, and a DISTINCT ON that ORDER BY does not begin with.
    pub(super) fn check_distinct_order(&mut self, select: &Select, order: List, frame: usize) {
        let concerned = (self.postgres() || self.tsql()) && select.distinct && self.findings.is_empty();
        if !concerned || order.len == 0 {
            return;
        }
        if select.distinct_on.len > 0 {
            self.check_distinct_on(select, order, frame);
            return;
        }
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let starred = items
            .iter()
            .any(|item| matches!(self.ast.expr(item.expr), Expr::Star(_)));
        for term in self.ast.list(order) {
            let meant = self.sorted_expression(*term, select, frame);
            let is_column = matches!(self.ast.expr(meant), Expr::Column(_));
            let selected = (starred && is_column) || items.iter().any(|item| self.is_same(item.expr, meant, frame));
            if !selected {
                let token = self.ast.exprs[*term as usize].token;
                let message = "a query with SELECT DISTINCT is ordered by what it selects".to_owned();
                self.report(token, "unselected-order", message, None);
                return;
            }
        }
    }

    /// PostgreSQL: once a term of ORDER BY is none of DISTINCT ON, no later one may be, and none may be missing.
    fn check_distinct_on(&mut self, select: &Select, order: List, frame: usize) {
        let mut wanted: Vec<ExprId> = self
            .ast
            .list(select.distinct_on)
            .iter()
            .map(|term| self.sorted_expression(*term, select, frame))
            .collect();
        for term in self.ast.list(order) {
            let meant = self.sorted_expression(*term, select, frame);
            let before = wanted.len();
            let missing = before > 0;
            wanted.retain(|on| !self.is_same(*on, meant, frame));
            if missing && wanted.len() == before {
                let token = self.ast.exprs[*term as usize].token;
                let message = "ORDER BY has to begin with the expressions of DISTINCT ON".to_owned();
                self.report(token, "unselected-order", message, None);
                return;
            }
        }
    }

    /// What a term of ORDER BY stands for: the item of an ordinal or an alias, or itself.
    fn sorted_expression(&self, term: ExprId, select: &Select, frame: usize) -> ExprId {
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let item = self
            .ordinal(term)
            .and_then(|ordinal| items.get(usize::try_from(ordinal).ok()?.checked_sub(1)?));
        if let Some(item) = item {
            return item.expr;
        }
        self.plain_name(term)
            .and_then(|name| self.aliased_item(frame, &name))
            .unwrap_or(term)
    }

    /// PostgreSQL: an aggregate of DISTINCT values is ordered by one of its arguments.
    pub(super) fn check_distinct_arguments(&mut self, call: &Call, frame: usize) {
        if !call.distinct || !self.postgres() {
            return;
        }
        let args = self.ast.list(call.args);
        let other = self
            .ast
            .list(call.order)
            .iter()
            .find(|term| !args.iter().any(|arg| self.is_same(*arg, **term, frame)));
        if let Some(term) = other {
            let token = self.ast.exprs[*term as usize].token;
            let message = "an aggregate with DISTINCT is ordered by its arguments only".to_owned();
            self.report(token, "unselected-order", message, None);
        }
    }
}
