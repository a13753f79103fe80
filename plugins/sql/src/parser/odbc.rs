//! ODBC's escapes, in braces.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, Literal, TableId, TableRef};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// `{d '...'}`, `{fn f(x)}` and the like.
    pub(super) fn odbc_escape(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let expr = if self.eat_kw(Kw::FN) {
            self.expr()?
        } else {
            let word = self.name_token(reserved::ALIAS, "d, t, ts or fn")?;
            if !["d", "t", "ts", "guid"]
                .iter()
                .any(|known| self.text(word).eq_ignore_ascii_case(known))
                && !self.mysql()
            {
                return self.expected("d, t, ts or fn");
            }
            let value = self.expect(Tok::Str, "a string")?;
            self.push(Expr::Literal(Literal::String), value)
        };
        self.expect(Tok::RBrace, "`}`")?;
        Ok(self.push(Expr::Unary(expr), token))
    }

    /// `{ oj a LEFT JOIN b ON ... }`.
    pub(super) fn odbc_join(&mut self) -> Parsed<TableId> {
        let token = self.bump();
        self.expect_kw(Kw::OJ)?;
        let inner = self.joined_table()?;
        self.expect(Tok::RBrace, "`}`")?;
        Ok(self.table_node(
            TableRef::Paren {
                inner,
                alias: Default::default(),
            },
            token,
        ))
    }
}
