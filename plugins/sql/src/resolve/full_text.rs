//! SQLite's MATCH, which only virtual tables understand.

use super::Resolver;
use super::relation::Columns;
use crate::ast::{Expr, ExprId};
use crate::keyword::Kw;

impl Resolver<'_> {
    /// Reports `column MATCH ...` on a column of an ordinary table.
    pub(super) fn check_match(&mut self, id: ExprId, operand: ExprId, frame: usize) {
        let token = self.ast.exprs[id as usize].token;
        let Expr::Column(name) = self.ast.expr(operand) else {
            return;
        };
        if self.source.tokens[token as usize].kw != Kw::MATCH {
            return;
        }
        let Some((relation, _)) = self.locate(name, frame) else {
            return;
        };
        if let Columns::Catalog(table) = self.relations[relation].columns
            && self.schema.tables[table as usize].stored
            && !self.schema.tables[table as usize].is_virtual
        {
            let message = "MATCH needs a column of a full-text table".to_owned();
            self.report(token, "misused-match", message, None);
        }
    }
}
