//! The text of expressions and conditions in a dialect.

use std::fmt::Write;

use super::dialect::Dialect;
use super::render::{Frame, Writer};
use super::tree::{Aggregate, Condition, Expr, Literal, Ref, Window};

impl Writer<'_> {
    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr, frame: &Frame) {
        match expr {
            Expr::Column(column) => self.column(column, frame),
            Expr::Output(name) => self.text.push_str(name),
            Expr::CountAll => self.text.push_str("count(*)"),
            Expr::Aggregate(function, of) => self.aggregate(*function, of, frame),
            Expr::Literal(literal) => self.literal(literal),
            Expr::Scalar(select) => {
                self.text.push('(');
                self.select(select, frame);
                self.text.push(')');
            }
            Expr::Year(column) => self.spelled(Dialect::year, column, frame),
            Expr::Month(column) => self.spelled(Dialect::month, column, frame),
            Expr::Length(column) => self.spelled(Dialect::text_length, column, frame),
            Expr::Upper(column) => self.spelled(Dialect::upper, column, frame),
            Expr::Minus(left, right) => self.binary(left, " - ", right, frame),
            Expr::Times(left, right) => self.binary(left, " * ", right, frame),
            Expr::Case(condition, yes, no) => {
                self.text.push_str("CASE WHEN ");
                self.condition(condition, frame, false);
                let _ = write!(self.text, " THEN '{yes}' ELSE '{no}' END");
            }
            Expr::Window(window) => self.window(window, frame),
        }
    }

    /// What the dialect's template makes of a column.
    fn spelled(&mut self, spell: fn(&Dialect, &str) -> String, column: &Ref, frame: &Frame) {
        let operand = self.apart(|writer| writer.column(column, frame));
        self.text.push_str(&spell(self.dialect, &operand));
    }

    /// What `write` writes, apart from the statement.
    fn apart(&mut self, write: impl FnOnce(&mut Self)) -> String {
        let start = self.text.len();
        write(self);
        self.text.split_off(start)
    }

    fn binary(&mut self, left: &Expr, operator: &str, right: &Expr, frame: &Frame) {
        self.expr(left, frame);
        self.text.push_str(operator);
        self.expr(right, frame);
    }

    fn aggregate(&mut self, function: Aggregate, of: &Expr, frame: &Frame) {
        if function == Aggregate::Average {
            let operand = self.apart(|writer| writer.expr(of, frame));
            self.text.push_str(&self.dialect.average(&operand));
            return;
        }
        self.text.push_str(match function {
            Aggregate::CountDistinct => "count(DISTINCT ",
            Aggregate::Count => "count(",
            Aggregate::Average => "avg(",
            Aggregate::Sum => "sum(",
            Aggregate::Maximum => "max(",
            Aggregate::Minimum => "min(",
        });
        self.expr(of, frame);
        self.text.push(')');
    }

    fn window(&mut self, window: &Window, frame: &Frame) {
        self.text.push_str(window.function);
        self.text.push('(');
        if let Some(of) = &window.of {
            self.column(of, frame);
        }
        self.text.push_str(") OVER (");
        if let Some(partition) = &window.partition {
            self.text.push_str("PARTITION BY ");
            self.column(partition, frame);
        }
        if let Some((by, descending)) = &window.order {
            self.text.push_str(if window.partition.is_some() {
                " ORDER BY "
            } else {
                "ORDER BY "
            });
            self.column(by, frame);
            self.text.push_str(if *descending { " DESC" } else { "" });
            if *descending && self.may_be_null(&Expr::Column(*by), frame) {
                self.text.push_str(self.dialect.nulls_last_descending());
            }
        }
        self.text.push(')');
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Number(number) => self.text.push_str(number),
            Literal::Text(text) => {
                let quoted = self.dialect.string(text);
                self.text.push_str(&quoted);
            }
            Literal::Boolean(value) => self.text.push_str(self.dialect.boolean(*value)),
        }
    }

    /// A condition; alternatives `inside` another condition stand in brackets.
    pub(super) fn condition(&mut self, condition: &Condition, frame: &Frame, inside: bool) {
        match condition {
            Condition::Compare(left, operator, right) => {
                self.expr(left, frame);
                let _ = write!(self.text, " {} ", operator.sql());
                self.date_operand(left, right, frame);
            }
            Condition::Between(expr, low, high) => {
                self.expr(expr, frame);
                self.text.push_str(" BETWEEN ");
                self.value_of(expr, low, frame);
                self.text.push_str(" AND ");
                self.value_of(expr, high, frame);
            }
            Condition::Like(expr, pattern, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " NOT LIKE " } else { " LIKE " });
                self.literal(&Literal::Text(pattern.clone()));
            }
            Condition::Null(expr, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " IS NOT NULL" } else { " IS NULL" });
            }
            Condition::In(expr, select, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " NOT IN (" } else { " IN (" });
                self.select(select, frame);
                self.text.push(')');
            }
            Condition::Exists(select, negated) => {
                self.text.push_str(if *negated { "NOT EXISTS (" } else { "EXISTS (" });
                self.select(select, frame);
                self.text.push(')');
            }
            Condition::All(parts) => self.connected(parts, " AND ", frame, false),
            Condition::Any(parts) => self.connected(parts, " OR ", frame, inside),
        }
    }

    /// The right side of a comparison; parts of dates are text in some dialects and numbers in others.
    fn date_operand(&mut self, left: &Expr, right: &Expr, frame: &Frame) {
        match (left, right, self.dialect.date_parts_are_text()) {
            (Expr::Year(_), Expr::Literal(Literal::Number(number)), true) => {
                self.literal(&Literal::Text(number.clone()));
            }
            (Expr::Month(_), Expr::Literal(Literal::Number(number)), true) => {
                self.literal(&Literal::Text(format!("{number:0>2}")));
            }
            (_, Expr::Literal(literal), _) => self.value_of(left, literal, frame),
            _ => self.expr(right, frame),
        }
    }

    /// A constant that is compared with `of`: dates are written as the dialect writes them.
    fn value_of(&mut self, of: &Expr, literal: &Literal, frame: &Frame) {
        match literal {
            Literal::Text(text) if is_day(text) && self.is_date(of, frame) => {
                let date = self.dialect.date(text);
                self.text.push_str(&date);
            }
            _ => self.literal(literal),
        }
    }

    fn connected(&mut self, parts: &[Condition], word: &str, frame: &Frame, brackets: bool) {
        if brackets {
            self.text.push('(');
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.text.push_str(word);
            }
            self.condition(part, frame, true);
        }
        if brackets {
            self.text.push(')');
        }
    }
}

/// `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| {
        if at == 4 || at == 7 {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}
