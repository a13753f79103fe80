//! MySQL's full-text search: MATCH and AGAINST.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    pub(super) fn match_against(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        let mark = self.scratch.ids.len();
        let parens = self.eat(Tok::LParen);
        self.expr_list_onto()?;
        let columns = &self.scratch.ids[mark..];
        if !columns
            .iter()
            .all(|column| matches!(self.ast.expr(*column), Expr::Column(_)))
        {
            return self.refuse("MATCH takes columns");
        }
        if parens {
            self.close()?;
        }
        self.expect_kw(Kw::AGAINST)?;
        self.open()?;
        let text = self.expr_above(super::infix::COMPARE_POWER)?;
        self.scratch.ids.push(text);
        let _ = self.eat_all(&[Kw::IN, Kw::BOOLEAN, Kw::MODE])
            || self.eat_all(&[Kw::IN, Kw::NATURAL, Kw::LANGUAGE, Kw::MODE]);
        self.eat_all(&[Kw::WITH, Kw::QUERY, Kw::EXPANSION]);
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }
}
