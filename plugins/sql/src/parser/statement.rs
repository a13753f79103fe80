//! Statements: what a text holds, and the forms that modify data.

use super::{Parsed, Parser};
use crate::ast::{Body, Name};
use crate::keyword::Kw;
use crate::reserved;
use crate::side_effects;
use crate::token::Tok;

impl Parser<'_> {
    /// Every statement of the text; the first is the one that is analysed.
    pub(super) fn statements(&mut self) -> Parsed<()> {
        while self.eat(Tok::Semi) {}
        if self.kind() == Tok::End {
            return self.refuse("there is no statement");
        }
        if !self.starts_query() && self.kind() != Tok::LParen {
            self.ast.leading = Some(self.kw());
            return self.refuse("only SELECT, WITH and VALUES are queries");
        }
        if self.sqlite() && self.kind() == Tok::LParen {
            return self.expected("SELECT");
        }
        let root = self.query()?;
        self.ast.root = Some(root);
        loop {
            if self.kind() == Tok::End {
                return Ok(());
            }
            self.expect(Tok::Semi, "the end of the statement")?;
            while self.eat(Tok::Semi) {}
            if self.kind() != Tok::End {
                self.not_read_only("there is more than one statement");
                self.further_statement()?;
            }
        }
    }

    /// A statement after the first: parsed when it is a query, else looked at for its parentheses.
    fn further_statement(&mut self) -> Parsed<()> {
        if self.starts_query() || self.kind() == Tok::LParen {
            self.query()?;
            return Ok(());
        }
        const VERBS: [Kw; 28] = [
            Kw::INSERT,
            Kw::UPDATE,
            Kw::DELETE,
            Kw::MERGE,
            Kw::REPLACE,
            Kw::CREATE,
            Kw::ALTER,
            Kw::DROP,
            Kw::TRUNCATE,
            Kw::GRANT,
            Kw::REVOKE,
            Kw::BEGIN,
            Kw::COMMIT,
            Kw::ROLLBACK,
            Kw::SAVEPOINT,
            Kw::SET,
            Kw::EXPLAIN,
            Kw::PRAGMA,
            Kw::ANALYZE,
            Kw::CALL,
            Kw::EXEC,
            Kw::EXECUTE,
            Kw::DECLARE,
            Kw::SHOW,
            Kw::COPY,
            Kw::COMMENT,
            Kw::USE,
            Kw::PRINT,
        ];
        if !VERBS.contains(&self.kw()) {
            return self.expected("a statement");
        }
        self.skip_balanced()
    }

    /// Skips to a semicolon, an unmatched parenthesis or the end.
    pub(super) fn skip_balanced(&mut self) -> Parsed<()> {
        let mut depth = 0usize;
        loop {
            match self.kind() {
                Tok::LParen => depth += 1,
                Tok::RParen if depth == 0 => return Ok(()),
                Tok::RParen => depth -= 1,
                Tok::Semi if depth == 0 => return Ok(()),
                Tok::End if depth == 0 => return Ok(()),
                Tok::End => return self.expected("`)`"),
                _ => {}
            }
            self.bump();
        }
    }

    pub(super) fn starts_modification(&self) -> bool {
        matches!(self.kw(), Kw::INSERT | Kw::UPDATE | Kw::DELETE | Kw::MERGE)
            || (self.kw() == Kw::REPLACE && self.sqlite())
    }

    /// INSERT, UPDATE, DELETE or MERGE inside or after a WITH.
    pub(super) fn modification(&mut self) -> Parsed<u32> {
        let (keyword, name) = (self.kw(), self.kw().name());
        self.not_read_only(&format!("{name} changes data"));
        self.bump();
        match keyword {
            Kw::INSERT | Kw::REPLACE => self.insert()?,
            Kw::UPDATE => self.update()?,
            Kw::DELETE => self.delete()?,
            _ => self.skip_balanced()?,
        }
        self.ast.bodies.push(Body::Modify);
        Ok(self.ast.bodies.len() as u32 - 1)
    }

    fn insert(&mut self) -> Parsed<()> {
        if self.sqlite() && self.eat_kw(Kw::OR) {
            self.bump();
        }
        if !self.eat_kw(Kw::INTO) && !self.tsql() && !self.mysql() {
            return self.expected("INTO");
        }
        self.qualified_name(reserved::TABLE, "a table")?;
        if self.eat_kw(Kw::AS) {
            self.name_token(reserved::TABLE_ALIAS, "an alias")?;
        }
        if self.kind() == Tok::LParen && !matches!(self.kw_at(1), Kw::SELECT | Kw::WITH) {
            self.name_list()?;
        }
        if self.tsql() && self.kw() == Kw::OUTPUT {
            self.bump();
            self.outputs()?;
        }
        if !self.eat_all(&[Kw::DEFAULT, Kw::VALUES]) {
            if self.kw() == Kw::VALUES {
                self.values()?;
            } else {
                self.query()?;
            }
        }
        if self.kw() == Kw::ON {
            while !matches!(self.kw(), Kw::RETURNING) && !matches!(self.kind(), Tok::End | Tok::Semi | Tok::RParen) {
                if self.eat(Tok::LParen) {
                    self.skip_balanced()?;
                    self.close()?;
                } else {
                    self.bump();
                }
            }
        }
        self.returning()
    }

    fn update(&mut self) -> Parsed<()> {
        self.eat_kw(Kw::ONLY);
        self.joined_table()?;
        self.expect_kw(Kw::SET)?;
        loop {
            if self.kind() == Tok::LParen {
                self.name_list()?;
            } else {
                self.qualified_name(reserved::ALIAS, "a column")?;
            }
            self.expect(Tok::Eq, "`=`")?;
            if !self.eat_kw(Kw::DEFAULT) {
                self.expr()?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        if self.eat_kw(Kw::FROM) {
            self.table_references()?;
        }
        self.optional_where()?;
        self.returning()
    }

    fn delete(&mut self) -> Parsed<()> {
        if !self.eat_kw(Kw::FROM) && !self.tsql() && !self.mysql() {
            return self.expected("FROM");
        }
        self.joined_table()?;
        if self.eat_any(&[Kw::USING, Kw::FROM]) {
            self.table_references()?;
        }
        self.optional_where()?;
        self.returning()
    }

    fn returning(&mut self) -> Parsed<()> {
        if self.eat_kw(Kw::RETURNING) {
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

    /// Notes a call of a function that changes something or reaches outside the database.
    pub(super) fn note_effects(&mut self, name: Name) {
        if self.reason.is_some() {
            return;
        }
        if let Some(what) = side_effects::of(self.dialect, self.text(name.last).trim_matches(['"', '`', '[', ']'])) {
            let text = format!("{}() {what}", self.text(name.last));
            self.not_read_only(&text);
        }
    }
}
