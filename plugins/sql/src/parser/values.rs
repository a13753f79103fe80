//! VALUES lists.

use super::{Parsed, Parser};
use crate::ast::{Body, Expr, List, Literal, QueryId};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// T-SQL's VALUES, a query in FROM only.
    pub(super) fn values_query(&mut self) -> Parsed<QueryId> {
        let first = self.here();
        let rows = self.values()?;
        let body = self.body(Body::Values(rows));
        self.query_tail(first, (0, 0), false, body)
    }

    /// Rows of a VALUES list.
    pub(super) fn values(&mut self) -> Parsed<List> {
        self.bump();
        let mark = self.scratch.ids.len();
        loop {
            if self.mysql() {
                self.eat_kw(Kw::ROW);
            }
            let token = self.open()?;
            let list = if self.mysql() && self.kind() == Tok::RParen {
                List::default()
            } else {
                self.value_list()?
            };
            self.close()?;
            let row = self.push(Expr::Row(list), token);
            self.scratch.ids.push(row);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        Ok(self.list_from(mark))
    }

    /// Values of one row; DEFAULT may be one where rows are inserted.
    fn value_list(&mut self) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        loop {
            let bare_default = self.kw() == Kw::DEFAULT && matches!(self.kind_at(1), Tok::Comma | Tok::RParen);
            let value = if bare_default && !self.sqlite() {
                self.literal_keyword(Literal::Keyword)
            } else {
                self.expr()?
            };
            self.scratch.ids.push(value);
            if !self.eat(Tok::Comma) {
                return Ok(self.list_from(mark));
            }
        }
    }
}
