//! Casts: CAST and its kin, CONVERT, and MySQL's BINARY.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// CAST, TRY_CAST, TREAT: `(expr AS type)`.
    pub(super) fn cast(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        self.expect_kw(Kw::AS)?;
        self.type_name()?;
        if self.tsql() && self.eat_kw(Kw::USING) {
            self.expr()?;
        }
        if self.mysql() && self.eat_all(&[Kw::AT, Kw::TIME, Kw::ZONE]) {
            self.expect(Tok::Str, "a time zone")?;
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    pub(super) fn tsql_convert(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        self.type_name()?;
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    pub(super) fn mysql_convert(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        if self.eat_kw(Kw::USING) {
            self.charset()?;
        } else {
            self.expect(Tok::Comma, "`,` or USING")?;
            self.type_name()?;
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    pub(super) fn binary(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let inner = self.expr_above(self.prefix_power(Tok::Minus))?;
        Ok(self.push(Expr::Unary(inner), token))
    }
}
