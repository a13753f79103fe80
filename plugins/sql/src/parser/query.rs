//! Queries: WITH, set operations, ORDER BY, row limits and locks.

use super::{Parsed, Parser};
use crate::ast::{Body, Cte, Expr, ExprId, List, Literal, Operand, Query, QueryId, SetOp};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// The tail of a query while it is read.
#[derive(Default)]
struct Tail {
    order: List,
    order_token: Option<u32>,
    limit: Option<ExprId>,
    offset: Option<ExprId>,
    limit_tokens: Option<(u32, u32)>,
    with_ties: bool,
    limit_at: u32,
}

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

    fn body(&mut self, body: Body) -> u32 {
        self.ast.bodies.push(body);
        self.ast.bodies.len() as u32 - 1
    }

    fn with_clause(&mut self) -> Parsed<((u32, u32), bool)> {
        self.bump();
        let is_name = self.postgres() && (self.kind_at(1) == Tok::LParen || self.kw_at(1) == Kw::AS);
        let recursive = !self.tsql() && !is_name && self.eat_kw(Kw::RECURSIVE);
        let mark = self.scratch.ctes.len();
        loop {
            let cte = self.cte()?;
            self.scratch.ctes.push(cte);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        let start = self.ast.ctes.len() as u32;
        self.ast.ctes.extend(self.scratch.ctes.drain(mark..));
        Ok(((start, self.ast.ctes.len() as u32 - start), recursive || self.tsql()))
    }

    fn cte(&mut self) -> Parsed<Cte> {
        let name = self.name_token(reserved::TABLE, "the name of a common table expression")?;
        let columns = if self.kind() == Tok::LParen {
            self.name_list()?
        } else {
            List::default()
        };
        self.expect_kw(Kw::AS)?;
        if self.postgres() || self.sqlite() {
            let _ = self.eat_all(&[Kw::NOT, Kw::MATERIALIZED]) || self.eat_kw(Kw::MATERIALIZED);
        }
        self.open()?;
        let query = if self.starts_modification() && self.postgres() {
            let first = self.here();
            let body = self.modification()?;
            self.query_tail(first, (0, 0), false, body)?
        } else if self.starts_query() || (self.kind() == Tok::LParen && !self.sqlite()) {
            self.query()?
        } else {
            return self.expected("a query");
        };
        self.close()?;
        let extra_columns = if self.postgres() || self.mysql() {
            self.search_and_cycle()?
        } else {
            List::default()
        };
        Ok(Cte {
            name,
            columns,
            query,
            extra_columns,
        })
    }

    fn search_and_cycle(&mut self) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        if self.eat_kw(Kw::SEARCH) {
            if !self.eat_any(&[Kw::BREADTH, Kw::DEPTH]) {
                return self.expected("BREADTH or DEPTH");
            }
            self.expect_kw(Kw::FIRST)?;
            self.expect_kw(Kw::BY)?;
            self.bare_names()?;
            self.expect_kw(Kw::SET)?;
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
        }
        if self.eat_kw(Kw::CYCLE) {
            self.bare_names()?;
            if self.eat_kw(Kw::SET) {
                let column = self.name_token(reserved::COLUMN, "a column name")?;
                self.scratch.ids.push(column);
                if self.eat_kw(Kw::TO) {
                    self.primary()?;
                    self.expect_kw(Kw::DEFAULT)?;
                    self.primary()?;
                }
            } else {
                self.eat_kw(Kw::RESTRICT);
            }
            if self.eat_kw(Kw::USING) {
                let column = self.name_token(reserved::COLUMN, "a column name")?;
                self.scratch.ids.push(column);
            }
        }
        Ok(self.list_from(mark))
    }

    fn bare_names(&mut self) -> Parsed<()> {
        loop {
            self.name_token(reserved::COLUMN, "a column name")?;
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    /// Operands joined by UNION and EXCEPT; in SQLite INTERSECT ranks with them.
    fn set_operations(&mut self, first: Option<u32>) -> Parsed<u32> {
        if self.sqlite() {
            return self.operand_chain(first, &[Kw::UNION, Kw::EXCEPT, Kw::INTERSECT], Self::operand);
        }
        let left = self.intersections(first)?;
        self.operand_chain(Some(left), &[Kw::UNION, Kw::EXCEPT, Kw::MINUS], |parser| {
            parser.intersections(None)
        })
    }

    fn intersections(&mut self, first: Option<u32>) -> Parsed<u32> {
        self.operand_chain(first, &[Kw::INTERSECT], Self::operand)
    }

    fn operand_chain(
        &mut self,
        first: Option<u32>,
        operators: &[Kw],
        operand: impl Fn(&mut Self) -> Parsed<u32>,
    ) -> Parsed<u32> {
        let first = match first {
            Some(body) => body,
            None => operand(self)?,
        };
        if !self.is_set_operator(operators) {
            return Ok(first);
        }
        let mark = self.scratch.operands.len();
        self.scratch.operands.push(Operand {
            op: self.set_operator(),
            body: first,
        });
        while self.is_set_operator(operators) {
            let op = self.set_operator();
            self.bump();
            let all = self.eat_kw(Kw::ALL);
            if all && (self.tsql() || self.sqlite()) && op != SetOp::Union {
                return self.refuse("only UNION can have ALL here");
            }
            if !all && !self.sqlite() && !self.tsql() {
                self.eat_kw(Kw::DISTINCT);
            }
            let body = operand(self)?;
            self.scratch.operands.push(Operand { op, body });
        }
        self.scratch.operands[mark].op = self.scratch.operands[mark + 1].op;
        let start = self.ast.operands.len() as u32;
        self.ast.operands.extend(self.scratch.operands.drain(mark..));
        let count = self.ast.operands.len() as u32 - start;
        Ok(self.body(Body::Compound(start, count)))
    }

    fn is_set_operator(&self, operators: &[Kw]) -> bool {
        operators.contains(&self.kw()) && self.kw() != Kw::MINUS
    }

    fn set_operator(&self) -> SetOp {
        match self.kw() {
            Kw::INTERSECT => SetOp::Intersect,
            Kw::EXCEPT => SetOp::Except,
            _ => SetOp::Union,
        }
    }

    fn operand(&mut self) -> Parsed<u32> {
        match self.kw() {
            Kw::SELECT => {
                let select = self.select()?;
                Ok(self.body(Body::Select(select)))
            }
            Kw::VALUES if self.starts_query() => {
                let rows = self.values()?;
                Ok(self.body(Body::Values(rows)))
            }
            Kw::TABLE if self.starts_query() => {
                self.bump();
                let table = self.plain_table()?;
                Ok(self.body(Body::Table(table)))
            }
            _ if self.kind() == Tok::LParen && !self.sqlite() => {
                self.bump();
                if !self.starts_query() && self.kind() != Tok::LParen {
                    return self.expected("a query");
                }
                let query = self.query()?;
                self.close()?;
                Ok(self.body(Body::Paren(query)))
            }
            _ => self.expected("SELECT"),
        }
    }

    /// T-SQL's VALUES, a query in FROM only.
    pub(super) fn values_query(&mut self) -> Parsed<QueryId> {
        let first = self.here();
        let rows = self.values()?;
        let body = self.body(Body::Values(rows));
        self.query_tail(first, (0, 0), false, body)
    }

    /// Rows of a VALUES list.
    pub(super) fn values(&mut self) -> Parsed<List> {
        self.bump();
        let mark = self.scratch.ids.len();
        loop {
            if self.mysql() {
                self.eat_kw(Kw::ROW);
            }
            let token = self.open()?;
            let list = if self.mysql() && self.kind() == Tok::RParen {
                List::default()
            } else {
                self.value_list()?
            };
            self.close()?;
            let row = self.push(Expr::Row(list), token);
            self.scratch.ids.push(row);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        Ok(self.list_from(mark))
    }

    /// Values of one row; DEFAULT may be one where rows are inserted.
    fn value_list(&mut self) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        loop {
            let bare_default = self.kw() == Kw::DEFAULT && matches!(self.kind_at(1), Tok::Comma | Tok::RParen);
            let value = if bare_default && !self.sqlite() {
                self.literal_keyword(Literal::Keyword)
            } else {
                self.expr()?
            };
            self.scratch.ids.push(value);
            if !self.eat(Tok::Comma) {
                return Ok(self.list_from(mark));
            }
        }
    }

    fn query_tail(&mut self, first: u32, ctes: (u32, u32), recursive: bool, body: u32) -> Parsed<QueryId> {
        let mut tail = Tail::default();
        let closed = self.sqlite() && self.ast.ends_in_values(body);
        if self.kw() == Kw::ORDER && !closed {
            tail.order_token = Some(self.here());
            tail.order = self.order_by()?;
        }
        tail.limit_at = self.here();
        match self.dialect {
            crate::dialect::Dialect::Sqlite if closed => {}
            crate::dialect::Dialect::Sqlite => self.limit_clause(&mut tail)?,
            crate::dialect::Dialect::Postgres => self.postgres_tail(&mut tail)?,
            crate::dialect::Dialect::Mysql => self.mysql_tail(&mut tail)?,
            crate::dialect::Dialect::Tsql => self.tsql_tail(&mut tail)?,
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

    /// `LIMIT n`, `LIMIT n OFFSET m`, `LIMIT m, n`.
    fn limit_clause(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if !self.eat_kw(Kw::LIMIT) {
            return Ok(());
        }
        let count = self.limit_operand()?;
        tail.limit = Some(count);
        if self.eat_kw(Kw::OFFSET) {
            tail.offset = Some(self.limit_operand()?);
        } else if self.eat(Tok::Comma) {
            tail.offset = Some(count);
            tail.limit = Some(self.limit_operand()?);
        }
        tail.limit_tokens = Some((start, self.here()));
        Ok(())
    }

    /// MySQL takes a whole number, a parameter or a local variable there, SQLite any expression.
    fn limit_operand(&mut self) -> Parsed<ExprId> {
        if !self.mysql() {
            return self.expr();
        }
        let token = self.here();
        let kind = match self.kind() {
            Tok::Number if self.text(token).bytes().all(|byte| byte.is_ascii_digit()) => Expr::Literal(Literal::Number),
            Tok::Param if self.text(token) == "?" => Expr::Param,
            Tok::Word | Tok::Quoted if self.is_name(0, reserved::COLUMN) => {
                self.object("a row count is a number here: only a stored program has variables");
                Expr::Param
            }
            _ => return self.expected("a row count"),
        };
        self.bump();
        Ok(self.push(kind, token))
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

    /// MariaDB's OFFSET n ROWS and FETCH FIRST n ROWS.
    fn mariadb_fetch(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if self.eat_kw(Kw::OFFSET) {
            tail.offset = Some(self.limit_operand()?);
            if !self.eat_any(&[Kw::ROW, Kw::ROWS]) {
                return self.expected("ROWS");
            }
        }
        if self.kw() == Kw::FETCH {
            self.fetch(tail)?;
        }
        tail.limit_tokens = Some((start, self.here()));
        Ok(())
    }

    fn postgres_tail(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if self.kw() == Kw::FOR {
            self.locking()?;
        }
        let limit_start = self.here();
        loop {
            match self.kw() {
                Kw::LIMIT if tail.limit.is_none() => {
                    self.bump();
                    tail.limit = Some(if self.kw() == Kw::ALL {
                        let token = self.bump();
                        self.push(Expr::Word, token)
                    } else {
                        self.expr()?
                    });
                }
                Kw::OFFSET if tail.offset.is_none() => {
                    self.bump();
                    tail.offset = Some(self.expr()?);
                    self.eat_any(&[Kw::ROW, Kw::ROWS]);
                }
                Kw::FETCH if tail.limit.is_none() => self.fetch(tail)?,
                _ => break,
            }
            tail.limit_tokens = Some((limit_start, self.here()));
        }
        if start == limit_start && self.kw() == Kw::FOR {
            self.locking()?;
        }
        Ok(())
    }

    /// FETCH FIRST n ROWS ONLY or WITH TIES.
    fn fetch(&mut self, tail: &mut Tail) -> Parsed<()> {
        let token = self.bump();
        if !self.eat_any(&[Kw::FIRST, Kw::NEXT]) {
            return self.expected("FIRST or NEXT");
        }
        tail.limit = Some(if matches!(self.kw(), Kw::ROW | Kw::ROWS) && !self.tsql() {
            self.push(Expr::Word, token)
        } else if self.mysql() {
            self.limit_operand()?
        } else {
            self.expr_above(super::infix::ADD_POWER)?
        });
        if !self.eat_any(&[Kw::ROW, Kw::ROWS]) {
            return self.expected("ROWS");
        }
        if !self.tsql() && self.eat_all(&[Kw::WITH, Kw::TIES]) {
            if tail.order_token.is_none() {
                return self.refuse("WITH TIES needs an ORDER BY");
            }
            tail.with_ties = true;
            return Ok(());
        }
        self.expect_kw(Kw::ONLY)?;
        Ok(())
    }

    fn tsql_tail(&mut self, tail: &mut Tail) -> Parsed<()> {
        let start = self.here();
        if self.kw() == Kw::OFFSET && tail.order_token.is_some() {
            self.bump();
            tail.offset = Some(self.expr()?);
            if !self.eat_any(&[Kw::ROW, Kw::ROWS]) {
                return self.expected("ROWS");
            }
            if self.kw() == Kw::FETCH {
                self.fetch(tail)?;
            }
            tail.limit_tokens = Some((start, self.here()));
        }
        self.for_clause()?;
        self.option_clause()
    }

    /// FOR UPDATE and its kin, and MySQL's LOCK IN SHARE MODE.
    fn locking(&mut self) -> Parsed<()> {
        loop {
            if self.mysql() && self.eat_all(&[Kw::LOCK, Kw::IN, Kw::SHARE, Kw::MODE]) {
                self.not_read_only("it locks the rows it reads");
                self.lock_wait()?;
                continue;
            }
            if self.kw() != Kw::FOR {
                return Ok(());
            }
            self.bump();
            if self.postgres() && self.eat_all(&[Kw::READ, Kw::ONLY]) {
                continue;
            }
            let strength = self.eat_any(&[Kw::UPDATE, Kw::SHARE])
                || (self.postgres()
                    && (self.eat_all(&[Kw::NO, Kw::KEY, Kw::UPDATE]) || self.eat_all(&[Kw::KEY, Kw::SHARE])));
            if !strength {
                return self.expected("UPDATE or SHARE");
            }
            self.not_read_only("it locks the rows it reads");
            if self.eat_kw(Kw::OF) {
                loop {
                    self.qualified_name(reserved::TABLE, "a table")?;
                    if !self.eat(Tok::Comma) {
                        break;
                    }
                }
            }
            self.lock_wait()?;
        }
    }

    /// NOWAIT, SKIP LOCKED and MariaDB's WAIT n.
    fn lock_wait(&mut self) -> Parsed<()> {
        let said = self.eat_kw(Kw::NOWAIT) || self.eat_all(&[Kw::SKIP, Kw::LOCKED]);
        if !said && self.mysql() && self.eat_kw(Kw::WAIT) {
            self.expect(Tok::Number, "a number of seconds")?;
        }
        Ok(())
    }
}
