//! Findings about window functions and named windows.

use super::nearest_name::nearest;
use super::{Clause, Resolver};
use crate::ast::{Call, TokenId};
use crate::names::same_column;

impl Resolver<'_> {
    /// What no engine computes over a window.
    pub(super) fn check_windowed(&mut self, call: &Call, nested: bool) {
        if nested {
            let message = "a window function is not allowed inside an aggregate or another window function".to_owned();
            self.report(call.name.last, "misused-window-function", message, None);
        } else if call.distinct {
            let message = "DISTINCT is not supported for window functions".to_owned();
            self.report(call.name.last, "misused-window-function", message, None);
        }
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
