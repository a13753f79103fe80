//! Queries: where one begins and goes on, and its parts in order.

use super::{Parsed, Parser};
use crate::ast::{Body, QueryId};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// Whether a query begins here without a parenthesis.
    pub(super) fn starts_query(&self) -> bool {
        match self.kw() {
            Kw::SELECT | Kw::WITH => true,
            Kw::VALUES if self.mysql() => self.kind_at(1) == Tok::LParen || self.kw_at(1) == Kw::ROW,
            // PostgreSQL also has columns of this name.
            Kw::VALUES if self.postgres() => self.kind_at(1) == Tok::LParen,
            Kw::VALUES => self.sqlite(),
            Kw::TABLE => (self.postgres() || self.mysql()) && self.is_name(1, reserved::TABLE),
            _ => false,
        }
    }

    /// Whether what follows a parenthesised query makes it part of a larger one.
    pub(super) fn continues_query(&self) -> bool {
        match self.kw() {
            Kw::UNION | Kw::INTERSECT | Kw::EXCEPT => true,
            Kw::ORDER | Kw::LIMIT | Kw::OFFSET | Kw::FETCH => !self.sqlite() && !self.tsql(),
            _ => false,
        }
    }

    /// A query with all its clauses.
    pub(super) fn query(&mut self) -> Parsed<QueryId> {
        self.enter()?;
        let first = self.here();
        let (ctes, recursive) = if self.kw() == Kw::WITH {
            if self.tsql() && self.kind_before() == Tok::LParen {
                self.object("SQL Server allows WITH at the beginning of a statement only");
            }
            self.with_clause()?
        } else {
            ((0, 0), false)
        };
        let body = if ctes.1 > 0 && self.starts_modification() {
            self.modification()?
        } else {
            self.set_operations(None)?
        };
        let id = self.query_tail(first, ctes, recursive, body)?;
        self.leave();
        Ok(id)
    }

    /// The larger query that a parenthesised one begins.
    pub(super) fn query_after(&mut self, inner: QueryId) -> Parsed<QueryId> {
        let first = self.ast.queries[inner as usize].first;
        let body = self.body(Body::Paren(inner));
        let body = self.set_operations(Some(body))?;
        self.query_tail(first, (0, 0), false, body)
    }

    pub(super) fn body(&mut self, body: Body) -> u32 {
        self.ast.bodies.push(body);
        self.ast.bodies.len() as u32 - 1
    }
}
