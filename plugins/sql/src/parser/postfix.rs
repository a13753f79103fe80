//! Operators with a grammar of their own: IS, IN, LIKE, BETWEEN, COLLATE, casts, subscripts.

use super::infix::{AND_POWER, COMPARE_POWER, IS_POWER, LIKE_POWER};
use super::{Parsed, Parser};
use crate::ast::{BinaryOp, Expr, ExprId, List, Servers};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// The operator here applied to `left`.
    pub(super) fn postfix(&mut self, left: ExprId, power: u8) -> Parsed<ExprId> {
        let token = self.here();
        if self.eat(Tok::DoubleColon) {
            self.type_name()?;
            return Ok(self.push(Expr::Unary(left), token));
        }
        match self.kw() {
            Kw::IS => self.is_test(left),
            Kw::ISNULL | Kw::NOTNULL => {
                self.bump();
                Ok(self.push(Expr::NullTest(left), token))
            }
            Kw::COLLATE => {
                self.bump();
                self.check_collation();
                self.collation()?;
                Ok(self.push(Expr::Unary(left), token))
            }
            Kw::AT => self.at_time_zone(left, power),
            Kw::OPERATOR => {
                self.bump();
                self.operator_name()?;
                let right = if matches!(self.kw(), Kw::ANY | Kw::ALL | Kw::SOME) {
                    self.quantified()?
                } else {
                    self.expr_above(power)?
                };
                Ok(self.push(Expr::Binary(BinaryOp::Other(Tok::Op), left, right), token))
            }
            Kw::OVERLAPS => self.overlaps(left, power),
            _ => self.predicate(left, power),
        }
    }

    /// `(start, end) OVERLAPS (start, end)`.
    fn overlaps(&mut self, left: ExprId, power: u8) -> Parsed<ExprId> {
        let token = self.here();
        if self.tsql() {
            self.object("SQL Server has no OVERLAPS: compare the ends of the periods");
        }
        self.bump();
        let right = self.expr_above(power)?;
        let is_period = |expr| matches!(self.ast.expr(expr), Expr::Row(list) if list.len == 2);
        if !is_period(left) || !is_period(right) {
            return self.expected("two pairs in parentheses around OVERLAPS");
        }
        Ok(self.push(Expr::Binary(BinaryOp::Other(Tok::Word), left, right), token))
    }

    fn collation(&mut self) -> Parsed<()> {
        match self.kind() {
            Tok::Str if self.mysql() || self.sqlite() => self.bump(),
            Tok::Word if self.kw() == Kw::BINARY => self.bump(),
            Tok::Word if self.kw() == Kw::DEFAULT && self.tsql() => self.bump(),
            _ => self.qualified_name(reserved::COLUMN, "a collation")?.last,
        };
        Ok(())
    }

    fn at_time_zone(&mut self, left: ExprId, power: u8) -> Parsed<ExprId> {
        let token = self.bump();
        if self.postgres() && self.eat_kw(Kw::LOCAL) {
            return Ok(self.push(Expr::Unary(left), token));
        }
        self.expect_kw(Kw::TIME)?;
        self.expect_kw(Kw::ZONE)?;
        let zone = self.expr_above(power)?;
        Ok(self.push(Expr::Binary(BinaryOp::Other(Tok::Word), left, zone), token))
    }

    /// `(schema.operator)` after OPERATOR.
    pub(super) fn operator_name(&mut self) -> Parsed<()> {
        self.open()?;
        while self.is_name(0, reserved::COLUMN) {
            self.bump();
            self.expect(Tok::Dot, "`.`")?;
        }
        match self.kind() {
            Tok::LParen | Tok::RParen | Tok::Word | Tok::End | Tok::Comma => return self.expected("an operator"),
            _ => self.bump(),
        };
        self.close()?;
        Ok(())
    }

    fn is_test(&mut self, left: ExprId) -> Parsed<ExprId> {
        let token = self.bump();
        self.eat_kw(Kw::NOT);
        match self.kw() {
            Kw::NULL if self.kind_at(1) != Tok::Dot => {
                self.bump();
                return Ok(self.push(Expr::NullTest(left), token));
            }
            Kw::DISTINCT if !self.mysql() => {
                self.bump();
                self.expect_kw(Kw::FROM)?;
                let right = self.expr_above(if self.postgres() { IS_POWER } else { COMPARE_POWER })?;
                return Ok(self.push(Expr::Binary(BinaryOp::Compare(Tok::NotEq), left, right), token));
            }
            _ => {}
        }
        if self.sqlite() {
            let right = self.expr_above(COMPARE_POWER)?;
            return Ok(self.push(Expr::Binary(BinaryOp::Compare(Tok::Eq), left, right), token));
        }
        let known = match self.kw() {
            Kw::TRUE | Kw::FALSE | Kw::UNKNOWN if !self.tsql() => true,
            Kw::DOCUMENT | Kw::NORMALIZED if self.postgres() => true,
            Kw::NFC | Kw::NFD | Kw::NFKC | Kw::NFKD if self.postgres() => {
                self.bump();
                self.kw() == Kw::NORMALIZED
            }
            Kw::JSON if self.postgres() => {
                self.object_at(
                    self.here(),
                    Servers::PostgresBefore(16),
                    "IS JSON came with PostgreSQL 16",
                );
                self.bump();
                self.json_test();
                return Ok(self.push(Expr::Test(left), token));
            }
            _ => false,
        };
        if !known {
            return self.expected("NULL or another test after IS");
        }
        self.bump();
        Ok(self.push(Expr::Test(left), token))
    }

    fn json_test(&mut self) {
        self.eat_any(&[Kw::VALUE, Kw::ARRAY, Kw::OBJECT, Kw::SCALAR]);
        if matches!(self.kw(), Kw::WITH | Kw::WITHOUT) && self.kw_at(1) == Kw::UNIQUE {
            self.at += 2;
            self.eat_kw(Kw::KEYS);
        }
    }

    /// `[NOT] IN`, `LIKE` and kin, `BETWEEN`, and SQLite's `NOT NULL`.
    fn predicate(&mut self, left: ExprId, power: u8) -> Parsed<ExprId> {
        let token = self.here();
        let negated = self.eat_kw(Kw::NOT);
        match self.kw() {
            Kw::IN => self.in_predicate(left, negated),
            Kw::BETWEEN => {
                self.bump();
                if self.postgres() {
                    self.eat_any(&[Kw::SYMMETRIC, Kw::ASYMMETRIC]);
                }
                if self.postgres() && self.kw() == Kw::NOT {
                    return self.expected("a bound without NOT");
                }
                let low = self.expr_above(power.max(AND_POWER))?;
                self.expect_kw(Kw::AND)?;
                let high = self.expr_above(power)?;
                Ok(self.push(
                    Expr::Between {
                        expr: left,
                        low,
                        high,
                        negated,
                    },
                    token,
                ))
            }
            Kw::NULL if negated && self.sqlite() => {
                self.bump();
                Ok(self.push(Expr::NullTest(left), token))
            }
            Kw::SOUNDS if !negated => {
                self.at += 2;
                let right = self.expr_above(power)?;
                Ok(self.push(Expr::Binary(BinaryOp::Compare(Tok::Eq), left, right), token))
            }
            Kw::MEMBER if self.kw_at(1) == Kw::OF => {
                self.at += 2;
                self.open()?;
                let right = self.expr()?;
                self.close()?;
                Ok(self.push(Expr::Binary(BinaryOp::Other(Tok::Word), left, right), token))
            }
            _ => self.like(left, negated, power),
        }
    }

    fn like(&mut self, left: ExprId, negated: bool, power: u8) -> Parsed<ExprId> {
        let token = self.here();
        let operator = self.kw();
        let known = match operator {
            Kw::LIKE => true,
            Kw::ILIKE | Kw::SIMILAR => self.postgres(),
            Kw::GLOB | Kw::MATCH => self.sqlite(),
            Kw::REGEXP => self.sqlite() || self.mysql(),
            Kw::RLIKE => self.mysql(),
            _ => false,
        };
        if !known {
            return self.expected("IN, LIKE or BETWEEN after NOT");
        }
        self.bump();
        if operator == Kw::SIMILAR {
            self.expect_kw(Kw::TO)?;
        }
        let pattern = if self.postgres() && matches!(self.kw(), Kw::ANY | Kw::ALL | Kw::SOME) {
            self.quantified()?
        } else {
            self.expr_above(power.max(LIKE_POWER - 1))?
        };
        let escape = if self.eat_kw(Kw::ESCAPE) {
            Some(self.expr_above(power)?)
        } else {
            None
        };
        Ok(self.push(
            Expr::Like {
                expr: left,
                pattern,
                escape,
                negated,
            },
            token,
        ))
    }

    fn in_predicate(&mut self, left: ExprId, negated: bool) -> Parsed<ExprId> {
        let token = self.bump();
        if self.sqlite() && self.kind() != Tok::LParen {
            let table = self.in_table()?;
            return Ok(self.push(Expr::InTable { expr: left, table }, token));
        }
        self.open()?;
        if self.sqlite() && self.eat(Tok::RParen) {
            return Ok(self.push(
                Expr::InList {
                    expr: left,
                    list: List::default(),
                    negated,
                },
                token,
            ));
        }
        let first = self.paren_content()?;
        if self.kind() == Tok::RParen
            && let Expr::Subquery(query) = self.ast.expr(first)
        {
            self.bump();
            return Ok(self.push(
                Expr::InQuery {
                    expr: left,
                    query,
                    negated,
                },
                token,
            ));
        }
        let mark = self.scratch.ids.len();
        self.scratch.ids.push(first);
        if !self.is_bare_query(first) && self.eat(Tok::Comma) {
            self.expr_list_onto()?;
        }
        self.close()?;
        let list = self.list_from(mark);
        Ok(self.push(
            Expr::InList {
                expr: left,
                list,
                negated,
            },
            token,
        ))
    }

    /// `[i]` or `[low:high]`.
    pub(super) fn subscript(&mut self, left: ExprId) -> Parsed<ExprId> {
        let token = self.bump();
        let mark = self.scratch.ids.len();
        if self.kind() != Tok::Colon {
            let index = self.expr()?;
            self.scratch.ids.push(index);
        }
        if self.eat(Tok::Colon) && self.kind() != Tok::RBracket {
            let high = self.expr()?;
            self.scratch.ids.push(high);
        }
        self.expect(Tok::RBracket, "`]`")?;
        let list = self.list_from(mark);
        Ok(self.push(Expr::Subscript(left, list), token))
    }
}
