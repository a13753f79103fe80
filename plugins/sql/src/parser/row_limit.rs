//! Row limits: LIMIT, OFFSET and FETCH.

use super::query_tail::Tail;
use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, Literal};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// `LIMIT n`, `LIMIT n OFFSET m`, `LIMIT m, n`.
    pub(super) fn limit_clause(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if !self.eat_kw(Kw::LIMIT) {
            return Ok(());
        }
        let count = self.limit_operand()?;
        tail.limit = Some(count);
        if self.eat_kw(Kw::OFFSET) {
            tail.offset = Some(self.limit_operand()?);
        } else if self.eat(Tok::Comma) {
            tail.offset = Some(count);
            tail.limit = Some(self.limit_operand()?);
        }
        tail.limit_tokens = Some((start, self.here()));
        Ok(())
    }

    /// MySQL takes a whole number, a parameter or a local variable there, SQLite any expression.
    fn limit_operand(&mut self) -> Parsed<ExprId> {
        if !self.mysql() {
            return self.expr();
        }
        let token = self.here();
        let kind = match self.kind() {
            Tok::Number if self.text(token).bytes().all(|byte| byte.is_ascii_digit()) => Expr::Literal(Literal::Number),
            Tok::Param if self.text(token) == "?" => Expr::Param,
            Tok::Word | Tok::Quoted if self.is_name(0, reserved::COLUMN) => {
                self.object("a row count is a number here: only a stored program has variables");
                Expr::Param
            }
            _ => return self.expected("a row count"),
        };
        self.bump();
        Ok(self.push(kind, token))
    }

    /// MariaDB's OFFSET n ROWS and FETCH FIRST n ROWS.
    pub(super) fn mariadb_fetch(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if self.eat_kw(Kw::OFFSET) {
            tail.offset = Some(self.limit_operand()?);
            self.rows()?;
        }
        self.fetch_after(start, tail)
    }

    /// LIMIT or FETCH, and OFFSET before or after it.
    pub(super) fn postgres_limits(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        loop {
            match self.kw() {
                Kw::LIMIT if tail.limit.is_none() => {
                    self.bump();
                    tail.limit = Some(if self.kw() == Kw::ALL {
                        let token = self.bump();
                        self.push(Expr::Word, token)
                    } else {
                        self.expr()?
                    });
                }
                Kw::OFFSET if tail.offset.is_none() => {
                    self.bump();
                    tail.offset = Some(self.expr()?);
                    self.eat_any(&[Kw::ROW, Kw::ROWS]);
                }
                Kw::FETCH if tail.limit.is_none() => self.fetch(tail)?,
                _ => return Ok(()),
            }
            tail.limit_tokens = Some((start, self.here()));
        }
    }

    /// OFFSET n ROWS, and FETCH after it.
    pub(super) fn tsql_offset(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.bump();
        tail.offset = Some(self.expr()?);
        self.rows()?;
        self.fetch_after(start, tail)
    }

    /// The ROW or ROWS that follows a number.
    fn rows(&mut self) -> Parsed<()> {
        if !self.eat_any(&[Kw::ROW, Kw::ROWS]) {
            return self.expected("ROWS");
        }
        Ok(())
    }

    /// FETCH, if there is one, and the end of what limits rows, which began at `start`.
    fn fetch_after(&mut self, start: u32, tail: &mut Tail) -> Parsed<()> {
        if self.kw() == Kw::FETCH {
            self.fetch(tail)?;
        }
        tail.limit_tokens = Some((start, self.here()));
        Ok(())
    }

    /// FETCH FIRST n ROWS ONLY or WITH TIES.
    fn fetch(&mut self, tail: &mut Tail) -> Parsed<()> {
        let token = self.bump();
        if !self.eat_any(&[Kw::FIRST, Kw::NEXT]) {
            return self.expected("FIRST or NEXT");
        }
        tail.limit = Some(if matches!(self.kw(), Kw::ROW | Kw::ROWS) && !self.tsql() {
            self.push(Expr::Word, token)
        } else if self.mysql() {
            self.limit_operand()?
        } else {
            self.expr_above(super::infix::ADD_POWER)?
        });
        if !self.eat_any(&[Kw::ROW, Kw::ROWS]) {
            return self.expected("ROWS");
        }
        if !self.tsql() && self.eat_all(&[Kw::WITH, Kw::TIES]) {
            if tail.order_token.is_none() {
                return self.refuse("WITH TIES needs an ORDER BY");
            }
            tail.with_ties = true;
            return Ok(());
        }
        self.expect_kw(Kw::ONLY)?;
        Ok(())
    }
}
