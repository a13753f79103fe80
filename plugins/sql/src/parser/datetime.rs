//! Dates and times: EXTRACT, and MySQL's intervals and the functions that take a unit.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// Units of MySQL's INTERVAL.
const MYSQL_UNITS: [Kw; 28] = [
    Kw::SQL_TSI_SECOND,
    Kw::SQL_TSI_MINUTE,
    Kw::SQL_TSI_HOUR,
    Kw::SQL_TSI_DAY,
    Kw::SQL_TSI_WEEK,
    Kw::SQL_TSI_MONTH,
    Kw::SQL_TSI_QUARTER,
    Kw::SQL_TSI_YEAR,
    Kw::MICROSECOND,
    Kw::SECOND,
    Kw::MINUTE,
    Kw::HOUR,
    Kw::DAY,
    Kw::WEEK,
    Kw::MONTH,
    Kw::QUARTER,
    Kw::YEAR,
    Kw::SECOND_MICROSECOND,
    Kw::MINUTE_MICROSECOND,
    Kw::MINUTE_SECOND,
    Kw::HOUR_MICROSECOND,
    Kw::HOUR_SECOND,
    Kw::HOUR_MINUTE,
    Kw::DAY_MICROSECOND,
    Kw::DAY_SECOND,
    Kw::DAY_MINUTE,
    Kw::DAY_HOUR,
    Kw::YEAR_MONTH,
];

impl Parser<'_> {
    pub(super) fn extract(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        if self.mysql() {
            self.unit()?;
        } else if self.kind() == Tok::Str || self.is_name(0, reserved::COLUMN) {
            self.bump();
        } else {
            return self.expected("a field");
        }
        self.expect_kw(Kw::FROM)?;
        let expr = self.expr()?;
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    /// Whether INTERVAL here is MySQL's function, `INTERVAL(n, a, b)`: its parentheses hold a comma and no unit follows.
    pub(super) fn is_interval_function(&self) -> bool {
        let (mut depth, mut ahead, mut commas) = (0usize, 1, false);
        loop {
            match self.kind_at(ahead) {
                Tok::LParen => depth += 1,
                Tok::RParen => {
                    depth -= 1;
                    if depth == 0 {
                        return commas && !MYSQL_UNITS.contains(&self.kw_at(ahead + 1));
                    }
                }
                Tok::Comma if depth == 1 => commas = true,
                Tok::End => return false,
                _ => {}
            }
            ahead += 1;
        }
    }

    /// `INTERVAL n unit` where a value begins: the interval has to be added to one.
    pub(super) fn leading_interval(&mut self) -> Parsed<ExprId> {
        let interval = self.interval()?;
        if self.kind() != Tok::Plus {
            return self.expected("`+` after the interval");
        }
        Ok(interval)
    }

    /// Whether an interval stands here, which is no value: the right side of a sum or the argument of a date function.
    pub(super) fn starts_interval(&self) -> bool {
        self.mysql()
            && self.kw() == Kw::INTERVAL
            && (self.kind_at(1) != Tok::LParen || !self.is_interval_function())
            && !self.ends_operand(1)
    }

    /// Whether the token ahead cannot begin the amount of an interval, so that INTERVAL is something else.
    fn ends_operand(&self, ahead: usize) -> bool {
        matches!(
            self.kind_at(ahead),
            Tok::End | Tok::Comma | Tok::RParen | Tok::Dot | Tok::Semi
        )
    }

    pub(super) fn interval(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let amount = self.expr()?;
        self.unit()?;
        Ok(self.push(Expr::Unary(amount), token))
    }

    pub(super) fn timestamp_arithmetic(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        self.unit()?;
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    pub(super) fn date_arithmetic(&mut self) -> Parsed<ExprId> {
        let takes_days = matches!(self.kw(), Kw::ADDDATE | Kw::SUBDATE);
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        let date = self.expr()?;
        self.scratch.ids.push(date);
        self.expect(Tok::Comma, "`,`")?;
        let amount = if self.starts_interval() {
            self.interval()?
        } else if takes_days {
            self.expr()?
        } else {
            return self.expected("an INTERVAL");
        };
        self.scratch.ids.push(amount);
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }

    pub(super) fn get_format(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        if !self.eat_any(&[Kw::DATE, Kw::TIME, Kw::DATETIME, Kw::TIMESTAMP]) {
            return self.expected("DATE, TIME or DATETIME");
        }
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    fn unit(&mut self) -> Parsed<()> {
        if self.eat_any(&MYSQL_UNITS) {
            Ok(())
        } else {
            self.expected("a unit of time")
        }
    }
}
