//! T-SQL has no boolean values: predicates stand in conditions and nowhere else, values everywhere but there, and rows are no values.

use super::Resolver;
use crate::ast::{BinaryOp, Body, Expr, ExprId, JoinOn, TableRef};

/// Functions that are predicates.
const PREDICATES: [&str; 7] = [
    "contains",
    "freetext",
    "update",
    "columns_updated",
    "match",
    "shortest_path",
    "regexp_like",
];

impl Resolver<'_> {
    /// Goes through every place of the statement where an expression may stand.
    pub(super) fn check_predicates(&mut self) {
        let ast = self.ast;
        for select in &ast.selects {
            let items = &ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
            self.expect_values(items.iter().map(|item| item.expr));
            self.expect_values(ast.list(select.group).iter().copied());
            self.expect_conditions(select.filter.into_iter().chain(select.having));
        }
        for query in &ast.queries {
            self.expect_values(ast.list(query.order).iter().copied());
        }
        for table in &ast.tables {
            if let TableRef::Join {
                on: JoinOn::Condition(condition),
                ..
            } = table.kind
            {
                self.expect_conditions([condition]);
            }
        }
        for window in &ast.windows {
            self.expect_values(ast.list(window.partition).iter().chain(ast.list(window.order)).copied());
        }
        for id in 0..ast.exprs.len() as ExprId {
            self.check_operands(id);
        }
        self.check_rows();
    }

    /// What an expression holds, by what it needs there.
    fn check_operands(&mut self, id: ExprId) {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Not(inner) => self.expect_conditions([inner]),
            Expr::Binary(BinaryOp::And | BinaryOp::Or, left, right) => self.expect_conditions([left, right]),
            Expr::Binary(_, left, right) => self.expect_values([left, right]),
            Expr::Unary(inner) | Expr::NullTest(inner) | Expr::Field(inner) | Expr::InQuery { expr: inner, .. } => {
                self.expect_values([inner]);
            }
            Expr::Like { expr, pattern, .. } => self.expect_values([expr, pattern]),
            Expr::Between { expr, low, high, .. } => self.expect_values([expr, low, high]),
            Expr::InList { expr, list, .. } => self.expect_values(ast.list(list).iter().copied().chain([expr])),
            Expr::Case { operand, arms } => {
                let arms = ast.list(arms);
                for (index, arm) in arms.iter().enumerate() {
                    let result = index % 2 == 1 || index + 1 == arms.len();
                    if result || operand.is_some() {
                        self.expect_values([*arm]);
                    } else {
                        self.expect_conditions([*arm]);
                    }
                }
                self.expect_values(operand);
            }
            Expr::Call(call) => {
                let call = &ast.calls[call as usize];
                let name = self.source.name(call.name.last);
                let mut args = ast.list(call.args);
                if name.eq_ignore_ascii_case("iif") && !args.is_empty() {
                    self.expect_conditions([args[0]]);
                    args = &args[1..];
                }
                if !PREDICATES.iter().any(|predicate| predicate.eq_ignore_ascii_case(&name)) {
                    self.expect_values(args.iter().copied());
                }
            }
            _ => {}
        }
    }

    fn expect_values(&mut self, exprs: impl IntoIterator<Item = ExprId>) {
        for expr in exprs {
            if self.is_predicate(expr) {
                let token = self.ast.exprs[expr as usize].token;
                let message = "a condition is no value in T-SQL: write CASE WHEN ... THEN 1 ELSE 0 END".to_owned();
                self.report(token, "predicate-as-value", message, None);
            }
        }
    }

    fn expect_conditions(&mut self, exprs: impl IntoIterator<Item = ExprId>) {
        for expr in exprs {
            if !self.is_predicate(expr) {
                let token = self.ast.exprs[expr as usize].token;
                let message = "a condition is expected here, not a value: compare it with one".to_owned();
                self.report(token, "value-as-predicate", message, None);
            }
        }
    }

    fn is_predicate(&self, expr: ExprId) -> bool {
        match self.ast.expr(expr) {
            Expr::Binary(BinaryOp::And | BinaryOp::Or | BinaryOp::Compare(_), ..)
            | Expr::Not(_)
            | Expr::Test(_)
            | Expr::NullTest(_)
            | Expr::Like { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InQuery { .. }
            | Expr::Exists(_) => true,
            Expr::Call(call) => {
                let name = self.source.name(self.ast.calls[call as usize].name.last);
                PREDICATES.iter().any(|predicate| predicate.eq_ignore_ascii_case(&name))
            }
            _ => false,
        }
    }

    /// Reports `(a, b)` outside of VALUES.
    fn check_rows(&mut self) {
        let ast = self.ast;
        let mut rows: Vec<ExprId> = Vec::new();
        for body in &ast.bodies {
            if let Body::Values(list) = body {
                rows.extend(ast.list(*list));
            }
        }
        for (id, node) in ast.exprs.iter().enumerate() {
            if matches!(node.kind, Expr::Row(list) if list.len > 1) && !rows.contains(&(id as ExprId)) {
                let message = "SQL Server compares single values: write the comparisons one by one".to_owned();
                self.report(node.token, "misused-row", message, None);
            }
        }
    }
}
