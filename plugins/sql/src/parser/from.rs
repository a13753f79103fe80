//! Table references: which kind stands here, and tables by name.

use super::{Parsed, Parser};
use crate::ast::{Alias, List, Name, Servers, TableId, TableNode, TableRef};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    pub(super) fn table_node(&mut self, kind: TableRef, token: u32) -> TableId {
        self.ast.tables.push(TableNode { kind, token });
        self.ast.tables.len() as TableId - 1
    }

    /// The table or table-valued function after SQLite's `expr IN`.
    pub(super) fn in_table(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let first = if self.kind() == Tok::Str {
            self.bump()
        } else {
            self.name_token(reserved::TABLE, "a table")?
        };
        let name = self.name_tail(first)?;
        let alias = Alias::default();
        if self.kind() == Tok::LParen {
            let call = self.call(name)?;
            let (calls, declared) = (self.one(call), List::default());
            let kind = TableRef::Function {
                calls,
                declared,
                ordinality: false,
                lateral: false,
                alias,
            };
            return Ok(self.table_node(kind, token));
        }
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    pub(super) fn plain_table(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let name = self.qualified_name(reserved::TABLE, "a table")?;
        if self.postgres() {
            self.eat(Tok::Star);
        }
        Ok(self.table_node(
            TableRef::Table {
                name,
                alias: Alias::default(),
            },
            token,
        ))
    }

    /// One table reference without the joins after it.
    pub(super) fn table_factor(&mut self) -> Parsed<TableId> {
        let token = self.here();
        let lateral = (self.postgres() || self.mysql()) && self.kw() == Kw::LATERAL && {
            if self.mysql() {
                self.object_at(token, Servers::MariaDb, "MariaDB has no LATERAL");
            }
            self.bump();
            true
        };
        let table = match self.kind() {
            Tok::LParen => self.parenthesised_table(token, lateral)?,
            Tok::LBrace if self.mysql() || self.tsql() => self.odbc_join()?,
            Tok::Param if self.tsql() => self.variable_table(token)?,
            _ if self.postgres() && self.kw() == Kw::ROWS && self.kw_at(1) == Kw::FROM => self.rows_from(token)?,
            _ if self.postgres() && self.kw() == Kw::ONLY => self.only_table(token)?,
            _ if self.is_special_function() => self.special_table_function(token)?,
            _ => self.named_table(token, lateral)?,
        };
        if self.tsql() && matches!(self.kw(), Kw::PIVOT | Kw::UNPIVOT) {
            self.pivots(table)
        } else {
            Ok(table)
        }
    }

    fn named_table(&mut self, token: u32, lateral: bool) -> Parsed<TableId> {
        if self.is_leading_dot() {
            self.bump();
        }
        if self.mysql() && self.kw() == Kw::DUAL {
            return self.dual();
        }
        let called = self.kind_at(1) == Tok::LParen;
        let role = if called { reserved::FUNCTION } else { reserved::TABLE };
        let first = if self.sqlite() && self.kind() == Tok::Str {
            self.bump()
        } else {
            self.name_token(role, "a table")?
        };
        let name = self.name_tail(first)?;
        if self.has_too_many_parts(name, 2) {
            return self.refuse("the name has too many parts");
        }
        let parts = &self.tokens[name.first as usize..name.last as usize];
        if self.tsql() && parts.iter().filter(|token| token.kind == Tok::Dot).count() >= 3 {
            self.not_read_only("a name of four parts leads to another server");
        }
        if self.tsql() {
            self.note_system_relation(name);
        }
        if self.kind() == Tok::LParen && !self.is_legacy_hint() && !self.mysql() {
            return self.table_function(token, name);
        }
        if lateral {
            return self.expected("a subquery or function after LATERAL");
        }
        self.table_modifiers_before_alias()?;
        let alias = self.table_alias()?;
        if (self.mysql() || self.tsql()) && alias.columns.len > 0 {
            return self.refuse("the alias of a table takes no column list");
        }
        self.table_modifiers_after_alias(Some(name))?;
        let alias = self.late_alias(alias)?;
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    /// MySQL's DUAL: no table, so that it has neither alias nor joins.
    fn dual(&mut self) -> Parsed<TableId> {
        let token = self.bump();
        let name = Name {
            first: token,
            last: token,
        };
        if self.is_name(0, reserved::TABLE_ALIAS) || matches!(self.kind(), Tok::Comma) || self.kw() == Kw::AS {
            return self.refuse("DUAL is no table: it has no alias and joins nothing");
        }
        let alias = Alias::default();
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }

    /// T-SQL allows the alias after a FOR SYSTEM_TIME or TABLESAMPLE clause.
    fn late_alias(&mut self, alias: Alias) -> Parsed<Alias> {
        if self.tsql() && alias.name.is_none() {
            self.table_alias()
        } else {
            Ok(alias)
        }
    }

    fn only_table(&mut self, token: u32) -> Parsed<TableId> {
        self.bump();
        let parens = self.eat(Tok::LParen);
        let name = self.qualified_name(reserved::TABLE, "a table")?;
        if parens {
            self.close()?;
        }
        let alias = self.table_alias()?;
        Ok(self.table_node(TableRef::Table { name, alias }, token))
    }
}
