//! Findings about aggregates: where none may stand, and clauses that need one.

use super::{Clause, Resolver};
use crate::ast::{Call, ExprId, List, Select, TokenId};

impl Resolver<'_> {
    pub(super) fn check_aggregate(&mut self, call: &Call, name: &str, clause: Clause, nested: bool) {
        let place = match clause {
            _ if nested => "inside another aggregate",
            Clause::Limit => "in LIMIT",
            Clause::Where => "in WHERE",
            Clause::From => "in a join condition",
            Clause::GroupBy => "in GROUP BY",
            _ => return,
        };
        let message = format!("the aggregate `{name}` is not allowed {place}");
        self.report(call.name.last, "misused-aggregate", message, None);
    }

    /// SQLite: an aggregate in ORDER BY of a query that aggregates nowhere else.
    pub(super) fn check_order_aggregates(&mut self, select: &Select, order: List) {
        if !self.sqlite() || select.grouped || order.len == 0 {
            return;
        }
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        if items.iter().any(|item| self.has_aggregate(item.expr)) {
            return;
        }
        if let Some(term) = self.ast.list(order).iter().find(|term| self.has_aggregate(**term)) {
            let token = self.ast.exprs[*term as usize].token;
            let message = "an aggregate in ORDER BY needs GROUP BY or an aggregate in the select list".to_owned();
            self.report(token, "misused-aggregate", message, None);
        }
    }

    pub(super) fn grouped_aggregate(&mut self, term: ExprId) {
        let token = self.ast.exprs[term as usize].token;
        let message = "GROUP BY may not name a column that aggregates or uses a window".to_owned();
        self.report(token, "misused-aggregate", message, None);
    }

    /// SQLite: HAVING of a query without GROUP BY whose select list aggregates nothing.
    pub(super) fn check_having(&mut self, select: &Select) {
        let Some(having) = select.having else { return };
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        if self.sqlite() && !select.grouped && !items.iter().any(|item| self.has_aggregate(item.expr)) {
            let token = self.ast.exprs[having as usize].token;
            let message = "HAVING needs GROUP BY or an aggregate in the select list".to_owned();
            self.report(token, "misused-having", message, None);
        }
    }

    /// SQLite: an alias of an aggregate or a window function in WHERE or GROUP BY.
    pub(super) fn alias_of_aggregate(&mut self, frame: usize, text: &str, clause: Clause, token: TokenId) {
        let Some(expr) = self.aliased_item(frame, text) else {
            return;
        };
        if self.mysql() && self.schema.mariadb && clause == Clause::OrderBy && self.has_aggregate(expr) {
            let message =
                format!("`{text}` stands for an aggregate: MariaDB sorts by it alone, not by an expression of it");
            self.report(token, "misused-aggregate", message, None);
            return;
        }
        let nested = self.inside_aggregate && self.sqlite() && self.has_aggregate(expr);
        if !matches!(clause, Clause::Where | Clause::GroupBy) && !nested {
            return;
        }
        let (code, what) = if self.has_aggregate(expr) {
            ("misused-aggregate", "an aggregate")
        } else if self.has_window(expr) {
            ("misused-window-function", "a window function")
        } else {
            return;
        };
        let message = format!("`{text}` stands for {what}, which is not allowed here");
        self.report(token, code, message, None);
    }
}
