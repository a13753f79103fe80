//! ORDER BY lists, window specifications and frames.

use super::{Parsed, Parser};
use crate::ast::{Expr, List, Servers, Window};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// A bound of a frame, in the order rows come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    StartOfPartition,
    Before,
    CurrentRow,
    After,
    EndOfPartition,
}

impl Parser<'_> {
    /// ORDER BY with its keywords.
    pub(super) fn order_by(&mut self) -> Parsed<List> {
        self.expect_kw(Kw::ORDER)?;
        self.expect_kw(Kw::BY)?;
        let mark = self.scratch.ids.len();
        loop {
            let expr = self.expr()?;
            self.scratch.ids.push(expr);
            self.direction()?;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        Ok(self.list_from(mark))
    }

    fn direction(&mut self) -> Parsed<()> {
        if self.postgres() && self.eat_kw(Kw::USING) {
            if self.eat_kw(Kw::OPERATOR) {
                self.operator_name()?;
            } else if matches!(
                self.kind(),
                Tok::Lt | Tok::Gt | Tok::LtEq | Tok::GtEq | Tok::Eq | Tok::NotEq | Tok::Op
            ) {
                self.bump();
            } else {
                return self.expected("an operator after USING");
            }
        } else {
            self.eat_any(&[Kw::ASC, Kw::DESC]);
        }
        if (self.postgres() || self.sqlite()) && self.kw() == Kw::NULLS {
            self.bump();
            if !self.eat_any(&[Kw::FIRST, Kw::LAST]) {
                return self.expected("FIRST or LAST after NULLS");
            }
        }
        Ok(())
    }

    /// What stands between the parentheses of OVER, with the closing one.
    pub(super) fn window_body(&mut self) -> Parsed<Window> {
        let mut window = Window::default();
        self.enter()?;
        let starts_clause =
            matches!(self.kw(), Kw::PARTITION | Kw::RANGE | Kw::ROWS | Kw::GROUPS) && self.kind() == Tok::Word;
        if !starts_clause && self.is_name(0, reserved::TABLE_ALIAS) {
            window.base = Some(self.bump());
        }
        if self.kw() == Kw::PARTITION {
            self.bump();
            self.expect_kw(Kw::BY)?;
            window.partition = self.expr_list()?;
        }
        if self.kw() == Kw::ORDER {
            window.order = self.order_by()?;
        }
        if matches!(self.kw(), Kw::RANGE | Kw::ROWS) || (self.kw() == Kw::GROUPS && !self.tsql()) {
            window.bounds = self.frame()?;
        }
        self.close()?;
        self.leave();
        Ok(window)
    }

    fn frame(&mut self) -> Parsed<List> {
        self.bump();
        let mark = self.scratch.ids.len();
        let (start, end) = if self.eat_kw(Kw::BETWEEN) {
            let start = self.bound()?;
            self.expect_kw(Kw::AND)?;
            (start, self.bound()?)
        } else {
            (self.bound()?, Bound::CurrentRow)
        };
        // SQLite and MySQL say the same after reading the statement.
        if self.postgres() && (start == Bound::EndOfPartition || end == Bound::StartOfPartition || start > end) {
            return self.refuse("the frame would end before it starts");
        }
        if self.kw() == Kw::EXCLUDE && !self.tsql() {
            self.bump();
            let known = self.eat_all(&[Kw::NO, Kw::OTHERS])
                || self.eat_all(&[Kw::CURRENT, Kw::ROW])
                || self.eat_any(&[Kw::GROUP, Kw::TIES]);
            if !known {
                return self.expected("what the frame excludes");
            }
        }
        Ok(self.list_from(mark))
    }

    fn bound(&mut self) -> Parsed<Bound> {
        if self.eat_all(&[Kw::CURRENT, Kw::ROW]) {
            return Ok(Bound::CurrentRow);
        }
        if self.eat_all(&[Kw::UNBOUNDED, Kw::PRECEDING]) {
            return Ok(Bound::StartOfPartition);
        }
        if self.eat_all(&[Kw::UNBOUNDED, Kw::FOLLOWING]) {
            return Ok(Bound::EndOfPartition);
        }
        let token = self.here();
        let expr = self.expr()?;
        self.scratch.ids.push(expr);
        if self.kind_of(token) == Tok::Minus
            && matches!(self.ast.expr(expr), Expr::Unary(inner) if matches!(self.ast.expr(inner), Expr::Literal(_)))
        {
            self.object_at(token, Servers::All, "the offset of a frame may not be negative");
        }
        if self.eat_kw(Kw::PRECEDING) {
            Ok(Bound::Before)
        } else if self.eat_kw(Kw::FOLLOWING) {
            Ok(Bound::After)
        } else {
            self.expected("PRECEDING or FOLLOWING")
        }
    }
}
