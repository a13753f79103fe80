//! The words for what is wrong, with the nearest name to write instead.

use std::borrow::Cow;

use super::{Clause, Resolver};
use crate::ast::{Body, Call, Cte, ExprId, List, Name, Operand, Select, TokenId};
use crate::error::position;
use crate::functions;
use crate::names::same_column;
use nl2sql_catalog::{Finding, Severity, Span};

/// How alike two names are, 0 to 1: Jaro-Winkler, or better where few typing errors part them.
fn likeness(left: &str, right: &str) -> f64 {
    let length = left.chars().count().max(right.chars().count()).max(1);
    let edits = strsim::damerau_levenshtein(left, right);
    let typed = if edits <= 1 + length / 4 {
        0.75 + 0.25 * (1.0 - edits as f64 / length as f64)
    } else {
        0.0
    };
    strsim::jaro_winkler(left, right).max(typed)
}

/// The candidate most like `name`, if any is near enough: a likeness of 0.75 and up, case aside.
fn nearest<S: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, String)> = None;
    for candidate in candidates {
        let candidate = candidate.as_ref();
        let score = likeness(&wanted, &candidate.to_lowercase());
        if score >= 0.75 && best.as_ref().is_none_or(|(known, _)| score > *known) {
            best = Some((score, candidate.to_owned()));
        }
    }
    best.map(|(_, name)| name)
}

/// Most findings of one statement: each is looked up in the text and compared with every name, and nobody reads more.
const MOST_FINDINGS: usize = 100;

impl<'a> Resolver<'a> {
    /// Whether further findings are dropped.
    fn is_full(&self) -> bool {
        self.findings.len() >= MOST_FINDINGS
    }

    fn report(&mut self, token: TokenId, code: &str, message: String, suggestion: Option<String>) {
        self.report_span(token, token + 1, code, message, suggestion);
    }

    fn report_span(&mut self, first: TokenId, end: TokenId, code: &str, message: String, suggestion: Option<String>) {
        if self.is_full() {
            return;
        }
        let (start, stop) = (
            self.source.tokens[first as usize].start,
            self.source.tokens[end as usize - 1].end,
        );
        let sql = self.source.sql;
        self.findings.push(Finding {
            layer: "schema".to_owned(),
            severity: Severity::Error,
            code: code.to_owned(),
            message,
            span: Some(Span {
                start: position(sql, start as usize),
                end: position(sql, stop as usize),
            }),
            suggestion,
        });
    }

    /// What the parser read and the engine refuses.
    pub(super) fn refused(&mut self, token: TokenId, message: &str) {
        self.report(token, "not-supported", message.to_owned(), None);
    }

    pub(super) fn unknown_table(&mut self, name: Name, table: &str) {
        if self.is_full() {
            return;
        }
        let schema = self.schema;
        let names = schema
            .tables
            .iter()
            .map(|table| table.name.clone())
            .chain(self.ctes.iter().map(|cte| cte.name.to_string()));
        let suggestion = nearest(table, names);
        let written = self.source.span(name.first, name.last + 1);
        self.report_span(
            name.first,
            name.last + 1,
            "unknown-table",
            format!("there is no table `{written}`"),
            suggestion,
        );
    }

    /// Whether a column in scope is spelt almost like this: it begins the name, or the Jaro-Winkler similarity is 0.95 and up.
    pub(super) fn resembles_column(&self, text: &str, frame: usize) -> bool {
        let wanted = text.to_lowercase();
        self.names_in_scope(frame).iter().any(|name| {
            let name = name.to_lowercase();
            (name.len() > 3 && wanted.strip_prefix(&name).is_some_and(|rest| rest.starts_with('_')))
                || (wanted.contains('_') && strsim::jaro_winkler(&wanted, &name) >= 0.95)
        })
    }

    /// Every column that could be written without qualifier.
    fn names_in_scope(&self, frame: usize) -> Vec<Cow<'a, str>> {
        let mut names = Vec::new();
        let mut level = Some(frame);
        while let Some(index) = level {
            for relation in self.frames[index].start..self.frames[index].end {
                let columns = self.relations[relation].columns;
                names.extend(
                    (0..self.count(columns).unwrap_or(0)).filter_map(|column| self.column_name(columns, column)),
                );
            }
            level = self.frames[index].parent;
        }
        names
    }

    pub(super) fn unknown_column(&mut self, token: TokenId, text: &str, frame: usize) {
        if self.is_full() {
            return;
        }
        let suggestion = nearest(text, self.names_in_scope(frame));
        let (code, message) = if self.sqlite() && self.source.raw(token).starts_with('"') {
            (
                "unknown-column",
                format!("there is no column `{text}`; SQLite would read the double-quoted name as a string"),
            )
        } else {
            ("unknown-column", format!("there is no column `{text}` in scope"))
        };
        self.report(token, code, message, suggestion);
    }

    pub(super) fn unknown_column_of(&mut self, token: TokenId, text: &str, relation: usize) {
        if self.is_full() {
            return;
        }
        let columns = self.relations[relation].columns;
        let table = self.relations[relation].name.clone().unwrap_or_default();
        let names: Vec<_> = (0..self.count(columns).unwrap_or(0))
            .filter_map(|column| self.column_name(columns, column))
            .collect();
        let suggestion = nearest(text, names);
        self.report(
            token,
            "unknown-column",
            format!("`{table}` has no column `{text}`"),
            suggestion,
        );
    }

    pub(super) fn unknown_qualifier(&mut self, qualifier: Name) {
        if self.is_full() {
            return;
        }
        let written = self.source.span(qualifier.first, qualifier.last + 1).to_owned();
        let names: Vec<_> = self
            .frames
            .last()
            .map(|frame| {
                self.relations[frame.start..frame.end]
                    .iter()
                    .filter_map(|relation| relation.name.clone())
                    .collect()
            })
            .unwrap_or_default();
        let suggestion = nearest(&written, names);
        let message = format!("`{written}` is no table or alias in scope");
        self.report_span(
            qualifier.first,
            qualifier.last + 1,
            "unknown-qualifier",
            message,
            suggestion,
        );
    }

    pub(super) fn ambiguous_column(&mut self, token: TokenId, text: &str, frame: usize) {
        let owner = self.relations[self.frames[frame].start..self.frames[frame].end]
            .iter()
            .find(|relation| self.find_column(relation.columns, text).0 > 0)
            .and_then(|relation| relation.name.clone());
        let suggestion = owner.map(|table| format!("{table}.{text}"));
        self.report(
            token,
            "ambiguous-column",
            format!("`{text}` is a column of more than one table here"),
            suggestion,
        );
    }

    pub(super) fn duplicate_alias(&mut self, token: TokenId, name: &str) {
        self.report(
            token,
            "duplicate-alias",
            format!("`{name}` names more than one table of this FROM"),
            None,
        );
    }

    pub(super) fn duplicate_cte(&mut self, first: usize, name: &str, token: TokenId) {
        if self.ctes[first..]
            .iter()
            .any(|cte| same_column(self.dialect, &cte.name, name))
        {
            self.report(
                token,
                "duplicate-cte",
                format!("the WITH clause defines `{name}` twice"),
                None,
            );
        }
    }

    pub(super) fn using_column(&mut self, token: TokenId, name: &str) {
        let message = format!("USING wants a column `{name}` on both sides of the join");
        self.report(token, "unknown-column", message, None);
    }

    pub(super) fn star_without_tables(&mut self, token: TokenId) {
        self.report(token, "star-without-tables", "`*` needs a FROM clause".to_owned(), None);
    }

    pub(super) fn alias_width(&mut self, token: TokenId, columns: usize, names: usize) {
        let message = format!("the alias lists {names} columns, the table has {columns}");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn cte_width(&mut self, cte: &Cte, columns: usize, names: usize) {
        let message = format!("the column list has {names} names, the query {columns} columns");
        self.report(cte.name, "column-count", message, None);
    }

    pub(super) fn values_width(&mut self, row: ExprId) {
        let token = self.ast.exprs[row as usize].token;
        self.report(
            token,
            "column-count",
            "all rows of VALUES must have the same number of columns".to_owned(),
            None,
        );
    }

    pub(super) fn set_operation_width(&mut self, operand: &Operand, left: usize, right: usize) {
        let token = match self.ast.bodies[operand.body as usize] {
            Body::Select(select) => self.ast.selects[select as usize].token,
            Body::Paren(query) => self.ast.queries[query as usize].first,
            _ => 0,
        };
        let message = format!("the sides of the set operation have {left} and {right} columns");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn subquery_width(&mut self, expr: ExprId, count: usize, expected: usize) {
        let token = self.ast.exprs[expr as usize].token;
        let message = format!("the subquery returns {count} columns where {expected} is expected");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn operand_width(&mut self, expr: ExprId, expected: usize, found: usize) {
        let token = self.ast.exprs[expr as usize].token;
        let message = format!("{expected} and {found} values are compared here");
        self.report(token, "column-count", message, None);
    }

    pub(super) fn bad_ordinal(&mut self, term: ExprId, index: usize, count: usize, clause: &str) {
        let token = self.ast.exprs[term as usize].token;
        let message = format!(
            "term {} of {clause} is out of range: the query has {count} columns",
            index + 1
        );
        self.report(token, "bad-ordinal", message, None);
    }

    pub(super) fn not_an_output(&mut self, term: ExprId, index: usize) {
        let token = self.ast.exprs[term as usize].token;
        let message = format!(
            "term {} of ORDER BY is no column of the set operation's result",
            index + 1
        );
        self.report(token, "unknown-column", message, None);
    }

    pub(super) fn ungrouped(&mut self, name: Name) {
        let written = self.source.span(name.first, name.last + 1).to_owned();
        let message = format!("`{written}` must be in GROUP BY or inside an aggregate function");
        self.report_span(name.first, name.last + 1, "ungrouped-column", message, None);
    }

    // Functions.

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

    pub(super) fn check_aggregate(&mut self, call: &Call, name: &str, clause: Clause, nested: bool) {
        let place = match clause {
            _ if nested => "inside another aggregate",
            Clause::Limit => "in LIMIT",
            Clause::Where => "in WHERE",
            Clause::From => "in a join condition",
            Clause::GroupBy => "in GROUP BY",
            _ => return,
        };
        let message = format!("the aggregate `{name}` is not allowed {place}");
        self.report(call.name.last, "misused-aggregate", message, None);
    }

    /// SQLite: an aggregate in ORDER BY of a query that aggregates nowhere else.
    pub(super) fn check_order_aggregates(&mut self, select: &Select, order: List) {
        if !self.sqlite() || select.grouped || order.len == 0 {
            return;
        }
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        if items.iter().any(|item| self.has_aggregate(item.expr)) {
            return;
        }
        if let Some(term) = self.ast.list(order).iter().find(|term| self.has_aggregate(**term)) {
            let token = self.ast.exprs[*term as usize].token;
            let message = "an aggregate in ORDER BY needs GROUP BY or an aggregate in the select list".to_owned();
            self.report(token, "misused-aggregate", message, None);
        }
    }

    pub(super) fn twins(&mut self, token: TokenId) {
        let message = "tables of the same name share a column here: give each table an alias".to_owned();
        self.report(token, "ambiguous-column", message, None);
    }

    pub(super) fn grouped_aggregate(&mut self, term: ExprId) {
        let token = self.ast.exprs[term as usize].token;
        let message = "GROUP BY may not name a column that aggregates or uses a window".to_owned();
        self.report(token, "misused-aggregate", message, None);
    }

    /// SQLite: HAVING of a query without GROUP BY whose select list aggregates nothing.
    pub(super) fn check_having(&mut self, select: &Select) {
        let Some(having) = select.having else { return };
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        if self.sqlite() && !select.grouped && !items.iter().any(|item| self.has_aggregate(item.expr)) {
            let token = self.ast.exprs[having as usize].token;
            let message = "HAVING needs GROUP BY or an aggregate in the select list".to_owned();
            self.report(token, "misused-having", message, None);
        }
    }

    /// SQLite: an alias of an aggregate or a window function in WHERE or GROUP BY.
    pub(super) fn alias_of_aggregate(&mut self, frame: usize, text: &str, clause: Clause, token: TokenId) {
        let Some(expr) = self.aliased_item(frame, text) else {
            return;
        };
        if !matches!(clause, Clause::Where | Clause::GroupBy) {
            return;
        }
        let (code, what) = if self.has_aggregate(expr) {
            ("misused-aggregate", "an aggregate")
        } else if self.has_window(expr) {
            ("misused-window-function", "a window function")
        } else {
            return;
        };
        let message = format!("`{text}` stands for {what}, which is not allowed here");
        self.report(token, code, message, None);
    }

    /// What no engine computes over a window.
    pub(super) fn check_windowed(&mut self, call: &Call, nested: bool) {
        if nested {
            let message = "a window function is not allowed inside an aggregate or another window function".to_owned();
            self.report(call.name.last, "misused-window-function", message, None);
        } else if call.distinct && !self.mysql() {
            let message = "DISTINCT is not supported for window functions".to_owned();
            self.report(call.name.last, "misused-window-function", message, None);
        }
    }

    /// A common table expression that names itself where it may not.
    pub(super) fn circular_reference(&mut self, token: TokenId, name: &str) {
        let message = format!("`{name}` reads itself: only the sides of a UNION after the first may");
        self.report(token, "circular-reference", message, None);
    }

    /// SQLite: several values where one is expected.
    pub(super) fn misused_row(&mut self, row: ExprId) {
        let token = self.ast.exprs[row as usize].token;
        self.report(
            token,
            "misused-row",
            "one value is expected here, not a row".to_owned(),
            None,
        );
    }

    pub(super) fn window_function_without_over(&mut self, call: &Call, name: &str) {
        self.report(
            call.name.last,
            "misused-window-function",
            format!("`{name}` needs an OVER clause"),
            None,
        );
    }

    pub(super) fn check_window_clause(&mut self, call: &Call, clause: Clause) {
        if matches!(
            clause,
            Clause::Where | Clause::GroupBy | Clause::Having | Clause::From | Clause::Limit
        ) {
            let message = format!(
                "a window function is not allowed in {}",
                clause.name().replace('-', " ").to_uppercase()
            );
            self.report(call.name.last, "misused-window-function", message, None);
        }
    }

    pub(super) fn check_window_name(&mut self, token: TokenId, frame: usize) {
        let name = self.source.name(token);
        let Some(select) = self.current_select(frame) else {
            return;
        };
        let (start, count) = self.ast.selects[select].windows;
        let names: Vec<_> = self.ast.windows[start as usize..(start + count) as usize]
            .iter()
            .filter_map(|window| window.name)
            .map(|name| self.source.name(name))
            .collect();
        if !names.iter().any(|known| same_column(self.dialect, known, &name)) {
            let suggestion = nearest(&name, &names);
            self.report(
                token,
                "unknown-window",
                format!("there is no window `{name}`"),
                suggestion,
            );
        }
    }

    /// The select core a level stands for, by the token its expressions lie within.
    fn current_select(&self, frame: usize) -> Option<usize> {
        self.frames[frame]
            .select
            .map(|select| select as usize)
            .or(self.frames[frame].opened)
    }
}
