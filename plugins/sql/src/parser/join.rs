//! Joins.

use super::{Parsed, Parser};
use crate::ast::{JoinOn, List, TableId, TableNode, TableRef};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// How many tokens ahead the conditions of nested joins are looked for.
const MAX_CONDITION_DISTANCE: usize = 4_096;

/// A join operator.
struct Join {
    outer: bool,
    natural: bool,
    /// CROSS JOIN and APPLY take no condition.
    bare: bool,
    apply: bool,
}

impl Parser<'_> {
    /// Table references with commas between.
    pub(super) fn table_references(&mut self) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        loop {
            let mut table = self.joined_table()?;
            if self.sqlite() && self.scratch.ids.len() > mark && matches!(self.kw(), Kw::ON | Kw::USING) {
                table = self.comma_join(table)?;
            }
            self.scratch.ids.push(table);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        Ok(self.list_from(mark))
    }

    /// SQLite's `a, b ON condition`: the comma is a join operator like any other. The left side is taken off the id stack.
    fn comma_join(&mut self, right: TableId) -> Parsed<TableId> {
        let token = self.here();
        let join = Join {
            outer: false,
            natural: false,
            bare: false,
            apply: false,
        };
        let on = self.join_condition(&join)?;
        let left = self.scratch.ids.pop().unwrap_or(right);
        let joined = self.join(token, left, right, false, on);
        self.joins(joined)
    }

    /// A table with the joins that follow it.
    pub(super) fn joined_table(&mut self) -> Parsed<TableId> {
        self.enter()?;
        let left = self.table_factor()?;
        let table = self.joins(left)?;
        self.leave();
        Ok(table)
    }

    fn joins(&mut self, mut left: TableId) -> Parsed<TableId> {
        // Conditions still owed to joins that were opened before: `a JOIN b JOIN c ON x ON y`.
        loop {
            let token = self.here();
            let Some(join) = self.join_operator()? else {
                return Ok(left);
            };
            let mut right = self.table_factor()?;
            if join.apply {
                self.make_lateral(right);
                left = self.join(token, left, right, join.outer, JoinOn::Nothing);
                continue;
            }
            if !join.bare && !join.natural && self.opens_nested_join() {
                right = self.nested_joins(right)?;
            }
            let on = self.join_condition(&join)?;
            left = self.join(token, left, right, join.outer, on);
        }
    }

    /// What stands after APPLY sees what stands before it.
    fn make_lateral(&mut self, table: TableId) {
        match &mut self.ast.tables[table as usize].kind {
            TableRef::Derived { lateral, .. } | TableRef::Function { lateral, .. } => *lateral = true,
            _ => {}
        }
    }

    fn join(&mut self, token: u32, left: TableId, right: TableId, outer: bool, on: JoinOn) -> TableId {
        self.ast.tables.push(TableNode {
            kind: TableRef::Join { left, right, outer, on },
            token,
        });
        self.ast.tables.len() as TableId - 1
    }

    /// In SQLite and MySQL a join without a condition is complete; elsewhere the next join belongs to the right side.
    fn opens_nested_join(&self) -> bool {
        !self.sqlite() && !self.mysql() && self.at_join_operator()
            || (self.mysql() && self.at_join_operator() && self.condition_is_owed())
    }

    fn at_join_operator(&self) -> bool {
        match self.kw() {
            Kw::JOIN | Kw::INNER | Kw::CROSS | Kw::NATURAL => true,
            Kw::LEFT | Kw::RIGHT | Kw::FULL => {
                matches!(self.kw_at(1), Kw::JOIN | Kw::OUTER | Kw::LOOP | Kw::HASH | Kw::MERGE)
            }
            Kw::STRAIGHT_JOIN => self.mysql(),
            _ => false,
        }
    }

    /// MySQL: whether two conditions follow one another later, so that this join is nested.
    fn condition_is_owed(&self) -> bool {
        let (mut depth, mut joins, mut conditions) = (0usize, 1i32, 0i32);
        for ahead in 0..MAX_CONDITION_DISTANCE {
            match (self.kind_at(ahead), self.kw_at(ahead)) {
                (Tok::LParen, _) => depth += 1,
                (Tok::RParen, _) if depth == 0 => return false,
                (Tok::RParen, _) => depth -= 1,
                (Tok::End | Tok::Semi, _) => return false,
                (_, Kw::WHERE | Kw::GROUP | Kw::ORDER | Kw::UNION) if depth == 0 => return false,
                (_, Kw::JOIN | Kw::STRAIGHT_JOIN) if depth == 0 => {
                    joins += 1;
                    conditions = 0;
                }
                (_, Kw::ON | Kw::USING) if depth == 0 => {
                    conditions += 1;
                    if conditions > 1 && joins > 1 {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn nested_joins(&mut self, mut left: TableId) -> Parsed<TableId> {
        self.enter()?;
        while self.at_join_operator() {
            let token = self.here();
            let Some(join) = self.join_operator()? else { break };
            let mut right = self.table_factor()?;
            if !join.bare && !join.natural && self.opens_nested_join() {
                right = self.nested_joins(right)?;
            }
            let on = self.join_condition(&join)?;
            left = self.join(token, left, right, join.outer, on);
        }
        self.leave();
        Ok(left)
    }

    fn join_operator(&mut self) -> Parsed<Option<Join>> {
        let mut join = Join {
            outer: false,
            natural: false,
            bare: false,
            apply: false,
        };
        if self.mysql() && self.eat_kw(Kw::STRAIGHT_JOIN) {
            return Ok(Some(join));
        }
        if self.tsql() && matches!(self.kw(), Kw::CROSS | Kw::OUTER) && self.kw_at(1) == Kw::APPLY {
            join.outer = self.kw() == Kw::OUTER;
            join.apply = true;
            self.at += 2;
            return Ok(Some(join));
        }
        if self.sqlite() {
            return self.sqlite_join_operator();
        }
        let started = self.at;
        join.natural = !self.tsql() && self.eat_kw(Kw::NATURAL);
        match self.kw() {
            Kw::LEFT | Kw::RIGHT | Kw::FULL => {
                if self.mysql() && self.kw() == Kw::FULL {
                    return Ok(None);
                }
                self.bump();
                self.eat_kw(Kw::OUTER);
                join.outer = true;
            }
            Kw::INNER => {
                self.bump();
            }
            Kw::CROSS if !join.natural => {
                self.bump();
                join.bare = !self.mysql();
            }
            _ => {}
        }
        if self.tsql() {
            self.eat_any(&[Kw::LOOP, Kw::HASH, Kw::MERGE, Kw::REMOTE]);
        }
        if self.kw() == Kw::JOIN {
            self.bump();
            return Ok(Some(join));
        }
        if self.at == started {
            Ok(None)
        } else {
            self.expected("JOIN")
        }
    }

    /// SQLite takes up to three words in any order, unless they contradict each other.
    fn sqlite_join_operator(&mut self) -> Parsed<Option<Join>> {
        const WORDS: [Kw; 7] = [
            Kw::NATURAL,
            Kw::LEFT,
            Kw::RIGHT,
            Kw::FULL,
            Kw::OUTER,
            Kw::INNER,
            Kw::CROSS,
        ];
        let started = self.at;
        while self.at - started < 3 && self.eat_any(&WORDS) {}
        if self.kw() != Kw::JOIN {
            return if self.at == started {
                Ok(None)
            } else {
                self.expected("JOIN")
            };
        }
        let words = &self.tokens[started..self.at];
        let has = |kw: Kw| words.iter().any(|token| token.kw == kw);
        let sided = has(Kw::LEFT) || has(Kw::RIGHT) || has(Kw::FULL);
        let inner = has(Kw::INNER) || has(Kw::CROSS);
        if (sided && inner) || (has(Kw::OUTER) && !sided) {
            return self.refuse("these words name no kind of join");
        }
        let natural = has(Kw::NATURAL);
        self.bump();
        Ok(Some(Join {
            outer: sided,
            natural,
            bare: false,
            apply: false,
        }))
    }

    fn join_condition(&mut self, join: &Join) -> Parsed<JoinOn> {
        if join.natural {
            if self.sqlite() && self.kw() == Kw::ON {
                self.object("a NATURAL join has no ON");
                self.bump();
                self.expr()?;
            }
            return Ok(JoinOn::Natural);
        }
        if join.bare {
            return Ok(JoinOn::Nothing);
        }
        if self.eat_kw(Kw::ON) {
            return Ok(JoinOn::Condition(self.expr()?));
        }
        if self.kw() == Kw::USING && self.kind_at(1) == Tok::LParen {
            if self.tsql() {
                self.object("SQL Server has no USING: write the condition after ON");
            }
            self.bump();
            let columns = self.name_list()?;
            let alias = if self.postgres() && self.eat_kw(Kw::AS) {
                Some(self.name_token(reserved::TABLE_ALIAS, "an alias")?)
            } else {
                None
            };
            return Ok(JoinOn::Using(columns, alias));
        }
        // MySQL wants a condition for outer joins only, SQLite never.
        if self.sqlite() || (self.mysql() && !join.outer) {
            return Ok(JoinOn::Nothing);
        }
        self.expected("ON or USING")
    }
}
