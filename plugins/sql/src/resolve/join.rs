//! What a join's ON, USING and NATURAL see and merge.

use std::borrow::Cow;

use super::relation::{Columns, Relation};
use super::{Clause, Merged, Resolver};
use crate::ast::{JoinOn, TokenId};

impl<'a> Resolver<'a> {
    /// Resolves the condition of a join of relations `start..middle` with `middle..`.
    pub(super) fn join(&mut self, start: usize, middle: usize, on: JoinOn) {
        match on {
            JoinOn::Nothing => {}
            JoinOn::Condition(condition) if self.sqlite() => self.conditions.push(condition),
            JoinOn::Condition(condition) => {
                let current = self.frames.len() - 1;
                // A condition sees its own two sides only: JOIN binds tighter than a comma.
                let saved = self.frames[current].start;
                self.frames[current].start = start;
                self.frames[current].end = self.relations.len();
                self.frames[current].merged_end = self.merged.len();
                self.expr(condition, current, Clause::From);
                self.frames[current].start = saved;
            }
            JoinOn::Using(columns, alias) => {
                let names = self.token_names(self.ast.list(columns));
                for (token, name) in self.ast.list(columns).iter().zip(&names) {
                    self.merge(start, middle, name.clone(), Some(*token));
                }
                if let Some(token) = alias {
                    let name = Some(self.source.name(token));
                    let columns = self.known(names);
                    let relation = Relation {
                        name,
                        aliased: true,
                        columns,
                        recorded: None,
                        qualified_only: true,
                    };
                    self.add_relation(token, relation);
                }
            }
            JoinOn::Natural => {
                let mut right: Vec<Cow<'a, str>> = Vec::new();
                for relation in &self.relations[middle..] {
                    let columns = relation.columns;
                    let count = self.count(columns).unwrap_or(0);
                    right.extend((0..count).filter_map(|column| self.column_name(columns, column)));
                }
                for name in right {
                    if self.side_has(start, middle, &name) == Some(true) {
                        self.merge(start, middle, name, None);
                    }
                }
            }
        }
    }

    /// Whether relations `start..end` have a column; nothing when that cannot be told.
    fn side_has(&self, start: usize, end: usize, name: &str) -> Option<bool> {
        let mut open = false;
        for relation in &self.relations[start..end] {
            if self.find_column(relation.columns, name).0 > 0 {
                return Some(true);
            }
            open |= relation.columns == Columns::Open;
        }
        (!open).then_some(false)
    }

    fn merge(&mut self, start: usize, middle: usize, name: Cow<'a, str>, token: Option<TokenId>) {
        let end = self.relations.len();
        if let Some(token) = token {
            let left = self.side_has(start, middle, &name) == Some(false);
            let right = self.side_has(middle, end, &name) == Some(false);
            if left || right {
                self.using_column(token, &name);
                return;
            }
            self.record_column(token, &name, None, Clause::From, nl2sql_catalog::Resolution::Column);
        }
        self.merged.push(Merged {
            name,
            from: middle,
            to: end,
        });
    }
}
