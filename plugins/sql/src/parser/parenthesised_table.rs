//! Parentheses in FROM: derived tables, and joins read as one table.

use super::{Parsed, Parser};
use crate::ast::{Alias, Body, JoinOn, Servers, TableId, TableRef};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// `( query ) alias`, `( a JOIN b )`, or PostgreSQL's unions of parenthesised queries.
    pub(super) fn parenthesised_table(&mut self, token: u32, lateral: bool) -> Parsed<TableId> {
        self.open()?;
        self.enter()?;
        if self.starts_query() || (self.tsql() && self.kw() == Kw::VALUES) {
            let query = if self.kw() == Kw::VALUES && self.tsql() {
                self.values_query()?
            } else {
                self.query()?
            };
            self.close()?;
            self.leave();
            return self.derived(token, query, lateral);
        }
        let inner = if self.sqlite() || self.mysql() {
            self.table_list()?
        } else {
            self.joined_table()?
        };
        if let TableRef::Derived {
            query,
            alias: Alias { name: None, .. },
            ..
        } = self.ast.tables[inner as usize].kind
            && (self.continues_query() || self.kind() == Tok::RParen)
            && !self.sqlite()
        {
            let query = if self.kind() == Tok::RParen {
                query
            } else {
                self.query_after(query)?
            };
            self.close()?;
            self.leave();
            return self.derived(token, query, lateral);
        }
        self.close()?;
        self.leave();
        let is_join = matches!(
            self.ast.tables[inner as usize].kind,
            TableRef::Join { .. } | TableRef::Paren { .. }
        );
        if !is_join && (self.postgres() || self.tsql()) {
            return self.expected("a join inside the parentheses");
        }
        let alias = if self.mysql() {
            Alias::default()
        } else {
            self.table_alias()?
        };
        Ok(self.table_node(TableRef::Paren { inner, alias }, token))
    }

    /// `a, b` inside parentheses: a cross join.
    fn table_list(&mut self) -> Parsed<TableId> {
        let mut left = self.joined_table()?;
        while self.kind() == Tok::Comma {
            let token = self.bump();
            let right = self.joined_table()?;
            let kind = TableRef::Join {
                left,
                right,
                outer: false,
                on: JoinOn::Nothing,
            };
            left = self.table_node(kind, token);
        }
        Ok(left)
    }

    fn derived(&mut self, token: u32, query: u32, lateral: bool) -> Parsed<TableId> {
        let alias = self.table_alias()?;
        let body = self.ast.bodies[self.ast.queries[query as usize].body as usize];
        let nested = matches!(body, Body::Paren(_)) || self.kind() == Tok::RParen || self.continues_query();
        if alias.name.is_none() && (self.mysql() || self.tsql()) && !nested {
            return self.refuse("a derived table needs an alias");
        }
        if alias.name.is_none() && self.postgres() {
            self.object_at(
                token,
                Servers::PostgresBefore(16),
                "a subquery in FROM needs an alias before PostgreSQL 16",
            );
        }
        if alias.columns.len > 0 && self.mysql() {
            self.object_at(
                token,
                Servers::MariaDb,
                "MariaDB takes no column list after the alias of a derived table",
            );
        }
        Ok(self.table_node(TableRef::Derived { query, lateral, alias }, token))
    }
}
