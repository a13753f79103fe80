//! Output columns of derived tables and common table expressions: what they must be called, and what SQLite calls them.

use std::borrow::Cow;

use super::Resolver;
use super::relation::Columns;
use crate::ast::TokenId;
use crate::names::same_column;

impl<'a> Resolver<'a> {
    /// The columns of a query that stands in FROM or WITH without a column list of its own.
    pub(super) fn derived_columns(&mut self, token: TokenId, columns: Columns) -> Columns {
        let Some(count) = self.count(columns) else {
            return columns;
        };
        let names: Vec<Cow<'a, str>> = (0..count)
            .filter_map(|column| self.column_name(columns, column))
            .collect();
        if self.sqlite() {
            return self.numbered(columns, &names);
        }
        if self.tsql()
            && let Some(unnamed) = names.iter().position(|name| name.is_empty())
        {
            let message = format!("column {} of this table has no name: give it an alias", unnamed + 1);
            self.report(token, "unnamed-column", message, None);
        } else if (self.tsql() || self.mysql())
            && let Some(name) = self.first_duplicate(&names)
        {
            let message = format!("two columns of this table are called `{name}`: give one an alias");
            self.report(token, "duplicate-column", message, None);
        }
        columns
    }

    fn first_duplicate(&self, names: &[Cow<'a, str>]) -> Option<Cow<'a, str>> {
        names
            .iter()
            .enumerate()
            .find(|(index, name)| {
                names[..*index]
                    .iter()
                    .any(|other| same_column(self.dialect, other, name))
            })
            .map(|(_, name)| name.clone())
    }

    /// SQLite tells columns of one name apart by numbers: `a`, `a:1`, `a:2`.
    fn numbered(&mut self, columns: Columns, names: &[Cow<'a, str>]) -> Columns {
        if self.first_duplicate(names).is_none() {
            return columns;
        }
        let mut taken: Vec<Cow<'a, str>> = Vec::with_capacity(names.len());
        let mut number = 0;
        for name in names {
            let mut unique = name.clone();
            while taken.iter().any(|other| same_column(self.dialect, other, &unique)) {
                number += 1;
                unique = Cow::Owned(format!("{name}:{number}"));
            }
            number = 0;
            taken.push(unique);
        }
        self.known(taken)
    }
}
