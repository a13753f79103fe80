//! Select cores: the list, FROM, WHERE, GROUP BY, HAVING, WINDOW.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, Item, List, Select, SelectId, Servers};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    pub(super) fn select(&mut self) -> Parsed<SelectId> {
        let token = self.expect_kw(Kw::SELECT)?;
        let mut select = Select {
            distinct: false,
            distinct_on: List::default(),
            top: None,
            top_relative: false,
            top_tokens: None,
            top_at: token + 1,
            items: (0, 0),
            from: List::default(),
            filter: None,
            group: List::default(),
            grouped: false,
            rolled_up: false,
            having: None,
            windows: (0, 0),
            token,
        };
        self.quantifier(&mut select)?;
        let empty_list = self.tsql() && self.top(&mut select)?;
        let absent = empty_list || (self.postgres() && !select.distinct && self.ends_select_list());
        if !absent {
            select.items = self.items()?;
        }
        if self.kw() == Kw::INTO && !self.sqlite() {
            self.select_into()?;
        }
        if self.eat_kw(Kw::FROM) {
            select.from = self.table_references()?;
        }
        if self.eat_kw(Kw::WHERE) {
            select.filter = Some(self.expr()?);
        }
        self.group_by(&mut select)?;
        if self.eat_kw(Kw::HAVING) {
            select.having = Some(self.expr()?);
        }
        if self.kw() == Kw::WINDOW {
            select.windows = self.window_clause()?;
        }
        self.ast.selects.push(select);
        Ok(self.ast.selects.len() as SelectId - 1)
    }

    /// DISTINCT, ALL, and MySQL's modifiers.
    fn quantifier(&mut self, select: &mut Select) -> Parsed<()> {
        if self.mysql() {
            loop {
                match self.kw() {
                    Kw::DISTINCT | Kw::DISTINCTROW => select.distinct = true,
                    Kw::ALL
                    | Kw::HIGH_PRIORITY
                    | Kw::STRAIGHT_JOIN
                    | Kw::SQL_SMALL_RESULT
                    | Kw::SQL_BIG_RESULT
                    | Kw::SQL_BUFFER_RESULT
                    | Kw::SQL_CACHE
                    | Kw::SQL_NO_CACHE
                    | Kw::SQL_CALC_FOUND_ROWS => {}
                    _ => break,
                }
                self.bump();
            }
        } else if self.eat_kw(Kw::DISTINCT) {
            select.distinct = true;
            if self.postgres() && self.eat_kw(Kw::ON) {
                self.open()?;
                select.distinct_on = self.expr_list()?;
                self.close()?;
            }
        } else {
            self.eat_kw(Kw::ALL);
        }
        select.top_at = self.here();
        Ok(())
    }

    /// PostgreSQL allows an empty select list.
    fn ends_select_list(&self) -> bool {
        matches!(
            self.kw(),
            Kw::FROM
                | Kw::WHERE
                | Kw::GROUP
                | Kw::HAVING
                | Kw::UNION
                | Kw::INTERSECT
                | Kw::EXCEPT
                | Kw::ORDER
                | Kw::LIMIT
                | Kw::OFFSET
                | Kw::FETCH
                | Kw::FOR
                | Kw::WINDOW
                | Kw::INTO
        ) || matches!(self.kind(), Tok::End | Tok::RParen | Tok::Semi)
    }

    fn items(&mut self) -> Parsed<(u32, u32)> {
        let mark = self.scratch.items.len();
        loop {
            let item = self.item()?;
            self.scratch.items.push(item);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        let start = self.ast.items.len() as u32;
        self.ast.items.extend(self.scratch.items.drain(mark..));
        Ok((start, self.ast.items.len() as u32 - start))
    }

    fn item(&mut self) -> Parsed<Item> {
        let first = self.here();
        if self.kind() == Tok::Star {
            if self.mysql() && self.kind_before() == Tok::Comma {
                return self.refuse("`*` comes first in a select list");
            }
            self.bump();
            let expr = self.push(Expr::Star(None), first);
            return Ok(Item {
                expr,
                alias: None,
                tokens: (first, self.here()),
            });
        }
        if self.tsql() && self.kind_at(1) == Tok::Eq {
            if self.kind() == Tok::Param {
                self.bump();
                self.bump();
                self.not_read_only("it assigns a variable");
                let expr = self.expr()?;
                return Ok(Item {
                    expr,
                    alias: None,
                    tokens: (first, self.here()),
                });
            }
            if self.is_name(0, reserved::ALIAS) || self.kind() == Tok::Str {
                let alias = self.bump();
                self.bump();
                let start = self.here();
                let expr = self.expr()?;
                return Ok(Item {
                    expr,
                    alias: Some(alias),
                    tokens: (start, self.here()),
                });
            }
        }
        let expr = self.expr()?;
        let end = self.here();
        let starred = matches!(self.ast.expr(expr), Expr::Star(_));
        let alias = if starred && !self.postgres() {
            None
        } else {
            self.item_alias()?
        };
        Ok(Item {
            expr,
            alias,
            tokens: (first, end),
        })
    }

    fn item_alias(&mut self) -> Parsed<Option<u32>> {
        let string_allowed = !self.postgres();
        if self.eat_kw(Kw::AS) {
            if self.is_name(0, reserved::ALIAS) || (string_allowed && self.kind() == Tok::Str) {
                return Ok(Some(self.bump()));
            }
            return self.expected("an alias after AS");
        }
        if self.sqlite() && self.starts_window_clause() {
            return Ok(None);
        }
        if self.is_name(0, reserved::BARE_ALIAS) || (string_allowed && self.kind() == Tok::Str) {
            return Ok(Some(self.bump()));
        }
        Ok(None)
    }

    /// SELECT ... INTO: a new table, a file or variables. Never read-only.
    pub(super) fn select_into(&mut self) -> Parsed<()> {
        self.expect_kw(Kw::INTO)?;
        if self.mysql() {
            self.not_read_only("SELECT ... INTO writes a file or variables");
            return self.mysql_into();
        }
        self.not_read_only("SELECT ... INTO creates a table");
        if self.postgres() {
            self.eat_any(&[Kw::LOCAL, Kw::GLOBAL]);
            self.eat_any(&[Kw::TEMPORARY, Kw::TEMP, Kw::UNLOGGED]);
            self.eat_kw(Kw::TABLE);
        } else if self.kw() == Kw::UNLOGGED && self.is_name(1, reserved::TABLE) {
            self.object("only PostgreSQL has unlogged tables");
            self.bump();
        }
        self.qualified_name(reserved::TABLE, "a table")?;
        Ok(())
    }

    fn mysql_into(&mut self) -> Parsed<()> {
        if self.eat_any(&[Kw::OUTFILE, Kw::DUMPFILE]) {
            if self.kind() != Tok::Str {
                return self.expected("a file name");
            }
            self.bump();
            return self.file_format();
        }
        loop {
            if self.kind() == Tok::Param || self.is_name(0, reserved::COLUMN) {
                self.bump();
            } else {
                return self.expected("a variable");
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    fn file_format(&mut self) -> Parsed<()> {
        if self.eat_all(&[Kw::CHARACTER, Kw::SET]) || self.eat_kw(Kw::CHARSET) {
            self.charset()?;
        }
        const CLAUSES: [Kw; 5] = [Kw::TERMINATED, Kw::OPTIONALLY, Kw::ENCLOSED, Kw::ESCAPED, Kw::STARTING];
        while matches!(self.kw(), Kw::FIELDS | Kw::COLUMNS | Kw::LINES) {
            self.bump();
            if !CLAUSES.contains(&self.kw()) {
                return self.expected("TERMINATED, ENCLOSED, ESCAPED or STARTING");
            }
            while CLAUSES.contains(&self.kw()) {
                if self.eat_kw(Kw::OPTIONALLY) && self.kw() != Kw::ENCLOSED {
                    return self.expected("ENCLOSED");
                }
                self.bump();
                self.expect_kw(Kw::BY)?;
                if !matches!(self.kind(), Tok::Str | Tok::Bytes | Tok::Number) {
                    return self.expected("a string");
                }
                self.bump();
            }
        }
        Ok(())
    }

    fn group_by(&mut self, select: &mut Select) -> Parsed<()> {
        if !self.eat_kw(Kw::GROUP) {
            return Ok(());
        }
        self.expect_kw(Kw::BY)?;
        select.grouped = true;
        if (self.postgres() && matches!(self.kw(), Kw::ALL | Kw::DISTINCT)) || (self.tsql() && self.kw() == Kw::ALL) {
            self.bump();
        }
        let mark = self.scratch.ids.len();
        loop {
            self.grouping()?;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        select.group = self.list_from(mark);
        if (self.mysql() || self.tsql()) && self.kw() == Kw::WITH && matches!(self.kw_at(1), Kw::ROLLUP | Kw::CUBE) {
            self.at += 2;
            select.rolled_up = true;
        }
        Ok(())
    }

    /// An expression, or sets of them; their members land on the id stack.
    fn grouping(&mut self) -> Parsed<()> {
        if !self.sqlite() && !self.mysql() {
            if matches!(self.kw(), Kw::ROLLUP | Kw::CUBE) && self.kind_at(1) == Tok::LParen {
                self.at += 2;
                return self.grouping_members();
            }
            if self.kw() == Kw::GROUPING && self.kw_at(1) == Kw::SETS {
                self.at += 2;
                self.open()?;
                return self.grouping_members();
            }
            if self.kind() == Tok::LParen && self.kind_at(1) == Tok::RParen {
                self.at += 2;
                return Ok(());
            }
        }
        if self.mysql() && self.kw() == Kw::ROLLUP && self.kind_at(1) == Tok::LParen {
            self.object_at(self.here(), Servers::MariaDb, "MariaDB writes GROUP BY ... WITH ROLLUP");
        }
        let expr = self.expr()?;
        if let Expr::Row(list) = self.ast.expr(expr) {
            let members = self.ast.list(list).to_vec();
            self.scratch.ids.extend(members);
        } else {
            self.scratch.ids.push(expr);
        }
        if self.mysql() {
            self.eat_any(&[Kw::ASC, Kw::DESC]);
        }
        Ok(())
    }

    fn grouping_members(&mut self) -> Parsed<()> {
        self.enter()?;
        loop {
            self.grouping()?;
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        self.leave();
        Ok(())
    }

    /// Whether `WINDOW name AS (` stands here: WINDOW is also a plain name in most dialects.
    pub(super) fn starts_window_clause(&self) -> bool {
        self.kw() == Kw::WINDOW && self.kw_at(2) == Kw::AS && self.kind_at(3) == Tok::LParen
    }

    fn window_clause(&mut self) -> Parsed<(u32, u32)> {
        self.bump();
        let mark = self.scratch.windows.len();
        loop {
            let name = if self.sqlite() && self.kind() == Tok::Str {
                self.bump()
            } else {
                self.name_token(reserved::TABLE_ALIAS, "the name of a window")?
            };
            self.expect_kw(Kw::AS)?;
            self.open()?;
            let mut window = self.window_body()?;
            window.name = Some(name);
            self.scratch.windows.push(window);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        let start = self.ast.windows.len() as u32;
        self.ast.windows.extend(self.scratch.windows.drain(mark..));
        Ok((start, self.ast.windows.len() as u32 - start))
    }

    /// WHERE, where there is one.
    pub(super) fn optional_where(&mut self) -> Parsed<Option<ExprId>> {
        if self.eat_kw(Kw::WHERE) {
            Ok(Some(self.expr()?))
        } else {
            Ok(None)
        }
    }
}
