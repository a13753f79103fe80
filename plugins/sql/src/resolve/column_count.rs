//! Findings about numbers of columns that do not agree.

use super::Resolver;
use crate::ast::{Body, Cte, ExprId, Operand, TokenId};

impl Resolver<'_> {
    pub(super) fn alias_width(&mut self, token: TokenId, columns: usize, names: usize) {
        let message = format!("the alias lists {names} columns, the table has {columns}");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn cte_width(&mut self, cte: &Cte, columns: usize, names: usize) {
        let message = format!("the column list has {names} names, the query {columns} columns");
        self.report(cte.name, "column-count", message, None);
    }

    pub(super) fn values_width(&mut self, row: ExprId) {
        let token = self.ast.exprs[row as usize].token;
        self.report(
            token,
            "column-count",
            "all rows of VALUES must have the same number of columns".to_owned(),
            None,
        );
    }

    /// Where an operand of a set operation begins.
    pub(super) fn operand_token(&self, operand: &Operand) -> TokenId {
        match self.ast.bodies[operand.body as usize] {
            Body::Select(select) => self.ast.selects[select as usize].token,
            Body::Paren(query) => self.ast.queries[query as usize].first,
            _ => 0,
        }
    }

    pub(super) fn set_operation_width(&mut self, operand: &Operand, left: usize, right: usize) {
        let token = self.operand_token(operand);
        let message = format!("the sides of the set operation have {left} and {right} columns");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn subquery_width(&mut self, expr: ExprId, count: usize, expected: usize) {
        let token = self.ast.exprs[expr as usize].token;
        let message = format!("the subquery returns {count} columns where {expected} is expected");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn operand_width(&mut self, expr: ExprId, expected: usize, found: usize) {
        let token = self.ast.exprs[expr as usize].token;
        let message = format!("{expected} and {found} values are compared here");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn bad_ordinal(&mut self, term: ExprId, index: usize, count: usize, clause: &str) {
        let token = self.ast.exprs[term as usize].token;
        let message = format!(
            "term {} of {clause} is out of range: the query has {count} columns",
            index + 1
        );
        self.report(token, "bad-ordinal", message, None);
    }

    /// SQLite: several values where one is expected.
    pub(super) fn misused_row(&mut self, row: ExprId) {
        let token = self.ast.exprs[row as usize].token;
        self.report(
            token,
            "misused-row",
            "one value is expected here, not a row".to_owned(),
            None,
        );
    }
}
