//! Findings about calls of functions in T-SQL, where functions that users made have a schema before their name.

use super::Resolver;
use super::nearest_name::nearest;
use crate::ast::{Call, Expr, Literal, Window};
use crate::functions;

/// What DATEADD and its kin take for a part of a date.
const DATE_PARTS: &str = "year yy yyyy quarter qq q month mm m dayofyear dy y day dd d week wk ww weekday dw w hour hh minute mi n \
    second ss s millisecond ms microsecond mcs nanosecond ns tzoffset tz iso_week isowk isoww";

/// Functions that number or shift rows: they need an order.
const ORDERED: [&str; 10] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
];

impl Resolver<'_> {
    pub(super) fn check_tsql_call(&mut self, call: &Call, name: &str, frame: usize) {
        if self.is_full() {
            return;
        }
        let token = call.name.last;
        if !call.special && !functions::is_tsql_function(name) && !self.source.is_quoted(token) {
            let suggestion = nearest(name, functions::tsql_names());
            let message =
                format!("SQL Server has no function `{name}`; one that a user made has a schema before its name");
            self.report(token, "unknown-function", message, suggestion);
            return;
        }
        if self.starts_with_date_part(name) {
            self.check_date_part(call, frame);
        }
        let percentile = name.eq_ignore_ascii_case("percentile_cont") || name.eq_ignore_ascii_case("percentile_disc");
        if percentile && call.over.is_none() {
            self.window_function_without_over(call, name);
        }
        if call.distinct && name.eq_ignore_ascii_case("string_agg") {
            let message = "STRING_AGG takes no DISTINCT: select the distinct values in a derived table".to_owned();
            self.report(token, "not-supported", message, None);
        }
        if call.distinct && call.args.len > 1 {
            let message = "an aggregate takes one DISTINCT value".to_owned();
            self.report(token, "argument-count", message, None);
        }
    }

    /// The first argument of DATEADD is a word, no string and no column.
    fn check_date_part(&mut self, call: &Call, _frame: usize) {
        let Some(part) = self.ast.list(call.args).first() else {
            return;
        };
        let known = match self.ast.expr(*part) {
            Expr::Column(name) if name.first == name.last => {
                let word = self.source.name(name.last);
                DATE_PARTS
                    .split_ascii_whitespace()
                    .any(|part| part.eq_ignore_ascii_case(&word))
            }
            Expr::Word => true,
            _ => false,
        };
        if !known {
            let token = self.ast.exprs[*part as usize].token;
            let message = "a part of a date is expected, as in DATEADD(day, 1, d): a word without quotes".to_owned();
            self.report(token, "bad-date-part", message, None);
        }
    }

    pub(super) fn check_tsql_window(&mut self, call: &Call, window: &Window) {
        let name = self.source.name(call.name.last);
        let ordered = ORDERED.iter().any(|function| function.eq_ignore_ascii_case(&name));
        if ordered && window.order.len == 0 && window.base.is_none() {
            let message = format!("`{name}` needs ORDER BY in its OVER clause");
            self.report(call.name.last, "unordered-window", message, None);
        }
        for term in self.ast.list(window.order) {
            if matches!(
                self.ast.expr(*term),
                Expr::Literal(Literal::Number | Literal::String | Literal::Null)
            ) {
                let token = self.ast.exprs[*term as usize].token;
                let message = "a window is ordered by expressions, not by constants".to_owned();
                self.report(token, "constant-term", message, None);
            }
        }
    }
}
