//! Expressions: the operator-precedence loop.

use super::infix::{NOT_POWER, Step};
use super::{Parsed, Parser};
use crate::ast::{BinaryOp, Expr, ExprId, Servers};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// A whole expression.
    pub(super) fn expr(&mut self) -> Parsed<ExprId> {
        self.expr_above(0)
    }

    /// An expression of operators that bind tighter than `floor`.
    pub(super) fn expr_above(&mut self, floor: u8) -> Parsed<ExprId> {
        self.enter()?;
        let left = self.prefix(floor)?;
        let expr = self.operators(left, floor)?;
        self.leave();
        Ok(expr)
    }

    /// Grows `left` by the operators that follow it.
    pub(super) fn operators(&mut self, mut left: ExprId, floor: u8) -> Parsed<ExprId> {
        let mut ceiling = u8::MAX;
        while let Some(step) = self.infix() {
            let power = step.power();
            if power <= floor || power > ceiling {
                break;
            }
            let token = self.here();
            left = match step {
                Step::Binary { op, power } => {
                    self.bump();
                    let right = self.right_side(op, power)?;
                    self.push(Expr::Binary(op, left, right), token)
                }
                Step::RightBinary { op, power } => {
                    self.not_read_only("it assigns a user variable");
                    self.bump();
                    let right = self.expr_above(power - 1)?;
                    self.push(Expr::Binary(op, left, right), token)
                }
                Step::Chained { op, power } => {
                    self.bump();
                    let right = self.right_side(op, power)?;
                    ceiling = power - 1;
                    self.push(Expr::Binary(op, left, right), token)
                }
                Step::Postfix { power, once } => {
                    let grown = self.postfix(left, power)?;
                    if once && self.ends_in_operand(grown) {
                        ceiling = power - 1;
                    }
                    grown
                }
            };
        }
        Ok(left)
    }

    /// Whether an operator with a grammar of its own ends in an operand, as LIKE does and IN and IS NULL do not.
    fn ends_in_operand(&self, expr: ExprId) -> bool {
        matches!(
            self.ast.expr(expr),
            Expr::Binary(..) | Expr::Like { .. } | Expr::Between { .. }
        )
    }

    /// The right operand of a binary operator; comparisons may have ANY, ALL or SOME there.
    fn right_side(&mut self, op: BinaryOp, power: u8) -> Parsed<ExprId> {
        if self.mysql() && matches!(op, BinaryOp::Other(Tok::Arrow | Tok::LongArrow)) && self.kind() != Tok::Str {
            return self.expected("a path in quotes");
        }
        if self.postgres() && op == BinaryOp::Other(Tok::Op) {
            self.check_postgres_operator(self.here() - 1);
        }
        if matches!(op, BinaryOp::Other(Tok::Plus | Tok::Minus)) && self.starts_interval() {
            return self.interval();
        }
        if self.mysql() && matches!(op, BinaryOp::Other(Tok::Arrow | Tok::LongArrow)) {
            self.object_at(
                self.here() - 1,
                Servers::MariaDb,
                "MariaDB has no `->`: use JSON_EXTRACT or JSON_VALUE",
            );
        }
        let comparison = matches!(op, BinaryOp::Compare(_)) || self.postgres();
        if comparison && matches!(self.kw(), Kw::ANY | Kw::ALL | Kw::SOME) && self.kind_at(1) == Tok::LParen {
            if self.sqlite() {
                return self.refuse("SQLite has no ANY, ALL or SOME");
            }
            return self.quantified();
        }
        self.expr_above(power)
    }

    /// Notes operators of other languages, and a sign that was written against an operator and has become part of it.
    fn check_postgres_operator(&mut self, token: u32) {
        const OWN: [&str; 12] = [
            "@-@", "?-", "&<|", "|&>", "<->", "-|-", "#-", "@+", "&-", "<#-", "%-", "~-",
        ];
        let text = self.text(token);
        let signed = text.ends_with(['-', '+']) && !OWN.contains(&text);
        if signed || matches!(text, "==" | "===" | "!" | "!!") {
            self.object_at(
                token,
                Servers::All,
                "PostgreSQL has no such operator: put blanks between operators",
            );
        }
    }

    /// ANY, ALL or SOME with a query or, in PostgreSQL, an array.
    pub(super) fn quantified(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        self.open()?;
        let inner = self.paren_content()?;
        let expr = match self.ast.expr(inner) {
            Expr::Subquery(query) => self.push(Expr::Quantified(query), token),
            _ if self.postgres() => self.push(Expr::Unary(inner), token),
            _ => return self.expected("a query"),
        };
        self.close()?;
        Ok(expr)
    }

    /// An operand with its prefix operators.
    fn prefix(&mut self, floor: u8) -> Parsed<ExprId> {
        let token = self.here();
        match self.kind() {
            Tok::Word if self.kw() == Kw::NOT => {
                if self.mysql() && floor > NOT_POWER {
                    return self.expected("an expression");
                }
                self.bump();
                let inner = self.expr_above(NOT_POWER)?;
                Ok(self.push(Expr::Not(inner), token))
            }
            Tok::Minus | Tok::Plus | Tok::Tilde | Tok::Bang | Tok::Op => self.sign(token),
            Tok::Arrow | Tok::LongArrow | Tok::Concat if self.postgres() => self.sign(token),
            _ => self.primary(),
        }
    }

    fn sign(&mut self, token: u32) -> Parsed<ExprId> {
        let kind = self.kind();
        if kind == Tok::Op && !self.postgres() {
            return self.expected("an expression");
        }
        self.bump();
        if self.postgres() && kind != Tok::Minus && kind != Tok::Plus {
            const PREFIXES: [&str; 10] = ["~", "@", "|/", "||/", "!!", "@@", "#", "@-@", "?-", "?|"];
            if !PREFIXES.contains(&self.text(token)) {
                self.object_at(token, Servers::All, "PostgreSQL has no such operator before a value");
            }
        }
        let power = self.prefix_power(kind);
        let inner = self.expr_above(power)?;
        Ok(self.push(Expr::Unary(inner), token))
    }
}
