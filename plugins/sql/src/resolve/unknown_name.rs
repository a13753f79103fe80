//! Findings about names that stand for nothing where they are written.

use std::borrow::Cow;

use super::Resolver;
use super::nearest_name::nearest;
use crate::ast::{ExprId, Name, TokenId};

impl<'a> Resolver<'a> {
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

    pub(super) fn using_column(&mut self, token: TokenId, name: &str) {
        let message = format!("USING wants a column `{name}` on both sides of the join");
        self.report(token, "unknown-column", message, None);
    }

    pub(super) fn star_without_tables(&mut self, token: TokenId) {
        self.report(token, "star-without-tables", "`*` needs a FROM clause".to_owned(), None);
    }

    pub(super) fn not_an_output(&mut self, term: ExprId, index: usize) {
        let token = self.ast.exprs[term as usize].token;
        let message = format!(
            "term {} of ORDER BY is no column of the set operation's result",
            index + 1
        );
        self.report(token, "unknown-column", message, None);
    }

    /// A common table expression that names itself where it may not.
    pub(super) fn circular_reference(&mut self, token: TokenId, name: &str) {
        let message = format!("`{name}` reads itself: only the sides of a UNION after the first may");
        self.report(token, "circular-reference", message, None);
    }
}
