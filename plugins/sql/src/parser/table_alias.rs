//! Aliases of what stands in FROM, and the columns they list.

use super::{Parsed, Parser};
use crate::ast::{Alias, List};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// `[AS] name [(columns)]`.
    pub(super) fn table_alias(&mut self) -> Parsed<Alias> {
        self.alias(false)
    }

    /// The alias of a function; PostgreSQL takes column definitions with types there, even without a name before them.
    pub(super) fn function_alias(&mut self) -> Parsed<Alias> {
        if self.postgres() && self.kw() == Kw::AS && self.kind_at(1) == Tok::LParen {
            self.bump();
            let mark = self.scratch.ids.len();
            self.column_definitions()?;
            return Ok(Alias {
                name: None,
                columns: self.list_from(mark),
            });
        }
        self.alias(self.postgres())
    }

    fn alias(&mut self, definitions_allowed: bool) -> Parsed<Alias> {
        let keyword = self.eat_kw(Kw::AS);
        let string = self.kind() == Tok::Str && self.sqlite();
        let role = if keyword && self.sqlite() {
            reserved::ALIAS
        } else {
            reserved::TABLE_ALIAS
        };
        if !string && !self.is_name(0, role) || (!keyword && self.is_clause_word()) {
            return if keyword {
                self.expected("an alias after AS")
            } else {
                Ok(Alias::default())
            };
        }
        let name = Some(self.bump());
        let takes_columns = !self.sqlite() && self.kind() == Tok::LParen && !self.is_legacy_hint();
        if !takes_columns {
            return Ok(Alias {
                name,
                columns: List::default(),
            });
        }
        let mark = self.scratch.ids.len();
        if definitions_allowed && !matches!(self.kind_at(2), Tok::Comma | Tok::RParen) {
            self.column_definitions()?;
            let columns = self.list_from(mark);
            return Ok(Alias { name, columns });
        }
        let columns = self.name_list()?;
        Ok(Alias { name, columns })
    }

    /// Words that are no keyword anywhere else, yet begin a clause after a table.
    fn is_clause_word(&self) -> bool {
        match self.kw() {
            Kw::APPLY => self.tsql(),
            Kw::USING => self.tsql() && self.kind_at(1) == Tok::LParen,
            Kw::WINDOW => !self.postgres() && self.starts_window_clause(),
            Kw::SET => self.postgres() && self.kind_at(2) == Tok::Eq,
            _ => false,
        }
    }

    /// `(name type [COLLATE c], ...)`; the names land on the id stack.
    pub(super) fn column_definitions(&mut self) -> Parsed<()> {
        self.open()?;
        loop {
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
            self.type_name()?;
            if self.eat_kw(Kw::COLLATE) {
                self.qualified_name(reserved::COLUMN, "a collation")?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(())
    }
}
