//! INSERT, UPDATE, DELETE and MERGE inside or after a WITH: read to the end, so that a broken one is called broken, and never read-only.

use super::{Parsed, Parser};
use crate::ast::Body;
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// Whether a statement that changes data and may have a WITH clause begins here.
    pub(super) fn starts_modification(&self) -> bool {
        match self.kw() {
            Kw::UPDATE | Kw::DELETE => true,
            Kw::INSERT => !self.mysql(),
            Kw::MERGE => self.postgres() || self.tsql(),
            Kw::REPLACE => self.sqlite(),
            _ => false,
        }
    }

    pub(super) fn modification(&mut self) -> Parsed<u32> {
        let (keyword, name) = (self.kw(), self.kw().name());
        self.not_read_only(&format!("{name} changes data"));
        self.bump();
        match keyword {
            Kw::INSERT | Kw::REPLACE => self.insert()?,
            Kw::UPDATE => self.update()?,
            Kw::DELETE => self.delete()?,
            _ => self.merge()?,
        }
        self.ast.bodies.push(Body::Modify);
        Ok(self.ast.bodies.len() as u32 - 1)
    }

    fn insert(&mut self) -> Parsed<()> {
        if self.sqlite() && self.eat_kw(Kw::OR) {
            self.bump();
        }
        self.row_limit()?;
        if !self.eat_kw(Kw::INTO) && !self.tsql() {
            return self.expected("INTO");
        }
        self.target_name()?;
        if self.eat_kw(Kw::AS) {
            self.name_token(reserved::TABLE_ALIAS, "an alias")?;
        }
        if self.kind() == Tok::LParen && !matches!(self.kw_at(1), Kw::SELECT | Kw::WITH) {
            self.name_list()?;
        }
        self.output_clause()?;
        if !self.eat_all(&[Kw::DEFAULT, Kw::VALUES]) {
            if self.kw() == Kw::VALUES {
                self.values()?;
            } else {
                self.query()?;
            }
        }
        while self.eat_kw(Kw::ON) {
            self.on_conflict()?;
        }
        self.returning()
    }

    /// `CONFLICT [target] DO NOTHING` or `DO UPDATE SET ...`, after ON.
    fn on_conflict(&mut self) -> Parsed<()> {
        self.expect_kw(Kw::CONFLICT)?;
        if self.eat(Tok::LParen) {
            loop {
                self.expr()?;
                self.eat_any(&[Kw::ASC, Kw::DESC]);
                if !self.eat(Tok::Comma) {
                    break;
                }
            }
            self.close()?;
            self.optional_where()?;
        } else if self.postgres() && self.eat_kw(Kw::ON) {
            self.expect_kw(Kw::CONSTRAINT)?;
            self.name_token(reserved::COLUMN, "a constraint")?;
        }
        self.expect_kw(Kw::DO)?;
        if self.eat_kw(Kw::NOTHING) {
            return Ok(());
        }
        self.expect_kw(Kw::UPDATE)?;
        self.expect_kw(Kw::SET)?;
        self.assignments()?;
        self.optional_where()?;
        Ok(())
    }

    fn update(&mut self) -> Parsed<()> {
        self.row_limit()?;
        if self.mysql() {
            self.table_references()?;
        } else {
            self.target_table()?;
        }
        self.expect_kw(Kw::SET)?;
        self.assignments()?;
        self.output_clause()?;
        if !self.mysql() && self.eat_kw(Kw::FROM) {
            self.table_references()?;
        }
        self.optional_where()?;
        self.returning()
    }

    fn assignments(&mut self) -> Parsed<()> {
        let role = if self.postgres() {
            reserved::COLUMN
        } else {
            reserved::ALIAS
        };
        loop {
            if self.kind() == Tok::LParen {
                self.name_list()?;
            } else if self.sqlite() {
                self.name_token(reserved::ALIAS, "a column")?;
            } else if !(self.tsql() && self.eat(Tok::Param)) {
                self.qualified_name(role, "a column")?;
            }
            self.expect(Tok::Eq, "`=`")?;
            if !self.eat_kw(Kw::DEFAULT) {
                self.expr()?;
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    fn delete(&mut self) -> Parsed<()> {
        self.row_limit()?;
        if self.mysql() && self.kw() != Kw::FROM {
            self.table_references()?;
            self.expect_kw(Kw::FROM)?;
            self.table_references()?;
        } else {
            if !self.eat_kw(Kw::FROM) && !self.tsql() {
                return self.expected("FROM");
            }
            self.target_table()?;
        }
        self.output_clause()?;
        let sources = match self.kw() {
            Kw::FROM => self.tsql(),
            Kw::USING => self.postgres() || self.mysql(),
            _ => false,
        };
        if sources {
            self.bump();
            self.table_references()?;
        }
        self.optional_where()?;
        self.returning()
    }

    /// MERGE with what to do on each kind of match.
    fn merge(&mut self) -> Parsed<()> {
        self.row_limit()?;
        if !self.eat_kw(Kw::INTO) && !self.tsql() {
            return self.expected("INTO");
        }
        self.target_table()?;
        self.expect_kw(Kw::USING)?;
        self.joined_table()?;
        self.expect_kw(Kw::ON)?;
        self.expr()?;
        if self.kw() != Kw::WHEN {
            return self.expected("WHEN");
        }
        while self.eat_kw(Kw::WHEN) {
            self.merge_arm()?;
        }
        self.output_clause()?;
        self.returning()?;
        if self.tsql() { self.option_clause() } else { Ok(()) }
    }

    /// `[NOT] MATCHED [BY ...] [AND condition] THEN action`.
    fn merge_arm(&mut self) -> Parsed<()> {
        self.eat_kw(Kw::NOT);
        self.expect_kw(Kw::MATCHED)?;
        if self.eat_kw(Kw::BY) && !self.eat_any(&[Kw::TARGET, Kw::SOURCE]) {
            return self.expected("TARGET or SOURCE");
        }
        if self.eat_kw(Kw::AND) {
            self.expr()?;
        }
        self.expect_kw(Kw::THEN)?;
        if self.eat_kw(Kw::DELETE) || (self.postgres() && self.eat_all(&[Kw::DO, Kw::NOTHING])) {
            return Ok(());
        }
        if self.eat_kw(Kw::UPDATE) {
            self.expect_kw(Kw::SET)?;
            return self.assignments();
        }
        self.expect_kw(Kw::INSERT)?;
        if self.kind() == Tok::LParen {
            self.name_list()?;
        }
        if self.eat_all(&[Kw::DEFAULT, Kw::VALUES]) {
            return Ok(());
        }
        if self.kw() != Kw::VALUES {
            return self.expected("VALUES");
        }
        self.values()?;
        Ok(())
    }

    /// T-SQL's TOP before the table of a modification.
    fn row_limit(&mut self) -> Parsed<()> {
        if self.tsql() && self.eat_kw(Kw::TOP) {
            self.primary()?;
            self.eat_kw(Kw::PERCENT);
        }
        Ok(())
    }

    /// The table that changes, with its alias; SET and USING are none.
    fn target_table(&mut self) -> Parsed<()> {
        if self.postgres() {
            self.eat_kw(Kw::ONLY);
        }
        self.target_name()?;
        self.table_modifiers_after_alias(None)?;
        let aliased = self.eat_kw(Kw::AS);
        if aliased || (!matches!(self.kw(), Kw::SET | Kw::USING) && self.is_name(0, reserved::TABLE_ALIAS)) {
            self.name_token(reserved::TABLE_ALIAS, "an alias")?;
        }
        Ok(())
    }

    fn target_name(&mut self) -> Parsed<()> {
        if !(self.tsql() && self.eat(Tok::Param)) {
            self.qualified_name(reserved::TABLE, "a table")?;
        }
        Ok(())
    }

    /// T-SQL's OUTPUT.
    fn output_clause(&mut self) -> Parsed<()> {
        if !self.tsql() || self.kw() != Kw::OUTPUT {
            return Ok(());
        }
        self.bump();
        self.outputs()?;
        if self.eat_kw(Kw::INTO) {
            self.target_name()?;
            if self.kind() == Tok::LParen {
                self.name_list()?;
            }
        }
        Ok(())
    }

    fn returning(&mut self) -> Parsed<()> {
        if !self.tsql() && self.eat_kw(Kw::RETURNING) {
            self.outputs()
        } else {
            Ok(())
        }
    }

    fn outputs(&mut self) -> Parsed<()> {
        loop {
            if !self.eat(Tok::Star) {
                self.expr()?;
                if self.eat_kw(Kw::AS) || self.is_name(0, reserved::BARE_ALIAS) {
                    self.name_token(reserved::ALIAS, "an alias")?;
                }
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }
}
