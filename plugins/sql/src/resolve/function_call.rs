//! Findings about calls of functions: unknown ones, and calls they do not take.

use super::Resolver;
use super::nearest_name::nearest;
use crate::ast::Call;
use crate::dialect::Dialect;
use crate::functions;

impl Resolver<'_> {
    pub(super) fn check_sqlite_call(&mut self, call: &Call, name: &str, arguments: usize) {
        if self.is_full() {
            return;
        }
        let token = call.name.last;
        let Some((least, greatest)) = functions::sqlite_arity(name, self.schema.sqlite_minor) else {
            let suggestion = nearest(name, functions::sqlite_names());
            self.report(
                token,
                "unknown-function",
                format!("SQLite has no function `{name}`"),
                suggestion,
            );
            return;
        };
        let starred_wrongly = call.star && !name.eq_ignore_ascii_case("count");
        if arguments < least || arguments > greatest || (starred_wrongly && least > 0) {
            let message = format!("wrong number of arguments to `{name}`: {arguments}");
            self.report(token, "argument-count", message, None);
        }
        let aggregates = functions::is_aggregate(self.dialect, name, arguments);
        if call.over.is_some() && !aggregates && !functions::is_window_only(name) {
            self.report(
                token,
                "not-a-window-function",
                format!("`{name}` may not be used as a window function"),
                None,
            );
        }
        if call.distinct && aggregates && arguments != 1 {
            self.report(
                token,
                "argument-count",
                "DISTINCT aggregates take exactly one argument".to_owned(),
                None,
            );
        }
        if call.filter.is_some() && !aggregates {
            self.report(
                token,
                "misused-filter",
                format!("FILTER may not be used with `{name}`, which is no aggregate"),
                None,
            );
        }
    }

    /// A function that queries for other engines bring along.
    pub(super) fn foreign_function(&mut self, call: &Call, name: &str) {
        let server = match self.dialect {
            Dialect::Mysql if self.schema.mariadb => "MariaDB",
            Dialect::Mysql => "MySQL",
            _ => "this PostgreSQL",
        };
        let message = format!("{server} has no function `{name}`");
        self.report(call.name.last, "unknown-function", message, None);
    }

    pub(super) fn check_mysql_arity(&mut self, call: &Call, name: &str, arguments: usize) {
        let known = functions::mysql_arity(name);
        if known.is_some_and(|(least, greatest)| arguments < least || arguments > greatest) {
            let message = format!("wrong number of arguments to `{name}`: {arguments}");
            self.report(call.name.last, "argument-count", message, None);
        }
    }

    /// MySQL takes a built-in function for a stored one when a blank parts it from its parenthesis.
    pub(super) fn check_mysql_spacing(&mut self, call: &Call, name: &str) {
        const NEEDS_TOUCH: [&str; 15] = [
            "avg",
            "bit_and",
            "bit_or",
            "bit_xor",
            "count",
            "group_concat",
            "max",
            "min",
            "std",
            "stddev",
            "stddev_pop",
            "stddev_samp",
            "sum",
            "var_pop",
            "var_samp",
        ];
        let (token, next) = (call.name.last as usize, call.name.last as usize + 1);
        let touches = self
            .source
            .tokens
            .get(next)
            .is_some_and(|next| self.source.tokens[token].end == next.start);
        if !touches && NEEDS_TOUCH.iter().any(|function| function.eq_ignore_ascii_case(name)) {
            let message = format!("MySQL allows no blank between `{name}` and its parenthesis");
            self.report(call.name.last, "unknown-function", message, Some(format!("{name}(")));
        }
    }
}
