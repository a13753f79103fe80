//! What follows the body of a query: ORDER BY, a row limit, locks, and the dialects' own clauses.

use super::{Parsed, Parser};
use crate::ast::{ExprId, List, Query, QueryId};
use crate::dialect::Dialect;
use crate::keyword::Kw;
use crate::reserved;

/// The tail of a query while it is read.
#[derive(Default)]
pub(super) struct Tail {
    order: List,
    pub(super) order_token: Option<u32>,
    pub(super) limit: Option<ExprId>,
    pub(super) offset: Option<ExprId>,
    pub(super) limit_tokens: Option<(u32, u32)>,
    pub(super) with_ties: bool,
    limit_at: u32,
}

impl Parser<'_> {
    /// The query whose WITH and body are read, once the rest of it is.
    pub(super) fn query_tail(&mut self, first: u32, ctes: (u32, u32), recursive: bool, body: u32) -> Parsed<QueryId> {
        let mut tail = Tail::default();
        let closed = self.sqlite() && self.ast.ends_in_values(body);
        if self.kw() == Kw::ORDER && !closed {
            tail.order_token = Some(self.here());
            tail.order = self.order_by()?;
        }
        tail.limit_at = self.here();
        match self.dialect {
            Dialect::Sqlite if closed => {}
            Dialect::Sqlite => self.limit_clause(&mut tail)?,
            Dialect::Postgres => self.postgres_tail(&mut tail)?,
            Dialect::Mysql => self.mysql_tail(&mut tail)?,
            Dialect::Tsql => self.tsql_tail(&mut tail)?,
        }
        if let Some((_, end)) = tail.limit_tokens {
            tail.limit_at = tail.limit_at.max(end);
        }
        self.ast.queries.push(Query {
            ctes,
            recursive,
            body,
            order: tail.order,
            limit: tail.limit,
            offset: tail.offset,
            limit_tokens: tail.limit_tokens,
            with_ties: tail.with_ties,
            order_token: tail.order_token,
            first,
            limit_at: tail.limit_at,
            end: self.here(),
        });
        Ok(self.ast.queries.len() as QueryId - 1)
    }

    fn mysql_tail(&mut self, tail: &mut Tail) -> Parsed<()> {
        if matches!(self.kw(), Kw::OFFSET | Kw::FETCH) {
            self.mariadb_fetch(tail)?;
        } else {
            self.limit_clause(tail)?;
        }
        if self.kw() == Kw::PROCEDURE {
            self.bump();
            self.name_token(reserved::ALIAS, "a procedure")?;
            self.arguments()?;
        }
        if self.kw() == Kw::INTO {
            self.select_into()?;
        }
        self.locking()?;
        if self.kw() == Kw::INTO {
            self.select_into()?;
        }
        Ok(())
    }

    fn postgres_tail(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if self.kw() == Kw::FOR {
            self.locking()?;
        }
        let limit_start = self.here();
        self.postgres_limits(tail)?;
        if start == limit_start && self.kw() == Kw::FOR {
            self.locking()?;
        }
        Ok(())
    }

    fn tsql_tail(&mut self, tail: &mut Tail) -> Parsed<()> {
        if self.kw() == Kw::OFFSET && tail.order_token.is_some() {
            self.tsql_offset(tail)?;
        }
        self.for_clause()?;
        self.option_clause()
    }
}
