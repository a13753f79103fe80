//! WITH: common table expressions, and PostgreSQL's SEARCH and CYCLE after one.

use super::{Parsed, Parser};
use crate::ast::{Cte, List};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// The common table expressions, and whether they may read themselves.
    pub(super) fn with_clause(&mut self) -> Parsed<((u32, u32), bool)> {
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
            } else if self.mysql() {
                self.expect_kw(Kw::RESTRICT)?;
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
}
