//! Findings about names that stand for more than one thing.

use super::Resolver;
use crate::ast::TokenId;
use crate::names::same_column;

impl Resolver<'_> {
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

    pub(super) fn twins(&mut self, token: TokenId) {
        let message = "tables of the same name share a column here: give each table an alias".to_owned();
        self.report(token, "ambiguous-column", message, None);
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
}
