//! Statements: what a text holds.

use std::borrow::Cow;

use super::{Parsed, Parser};
use crate::ast::Name;
use crate::keyword::Kw;
use crate::names::unquote;
use crate::side_effects;
use crate::system_relations;
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

    /// Notes a call of a function that changes something or reaches outside the database.
    /// T-SQL: notes a relation or function of the server itself.
    pub(super) fn note_system_relation(&mut self, name: Name) {
        let parts: Vec<Cow<'_, str>> = (name.first..=name.last)
            .map(|token| unquote(self.dialect, self.text(token)))
            .collect();
        // `database..table` has two dots and no schema between them.
        let parts: Vec<&str> = parts
            .split(|part| part == ".")
            .map(|part| part.first().map_or("", |part| part))
            .collect();
        if let Some(what) = system_relations::refused(&parts) {
            let text = format!("{} {what}", parts.join("."));
            self.not_read_only(&text);
        }
    }

    pub(super) fn note_effects(&mut self, name: Name) {
        if self.reason.is_some() {
            return;
        }
        if self.tsql() && name.first != name.last {
            self.note_system_relation(name);
        }
        if let Some(what) = side_effects::of(self.dialect, self.text(name.last).trim_matches(['"', '`', '[', ']'])) {
            let text = format!("{}() {what}", self.text(name.last));
            self.not_read_only(&text);
        }
    }
}
