//! JSON_TABLE and XMLTABLE: rows out of a document.

use super::{Parsed, Parser};
use crate::ast::TableId;
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// JSON_TABLE and XMLTABLE.
    pub(super) fn document_table(&mut self, token: u32) -> Parsed<TableId> {
        let xml = self.kw() == Kw::XMLTABLE;
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        if xml {
            if self.eat_kw(Kw::XMLNAMESPACES) {
                self.open()?;
                while self.kind() != Tok::RParen {
                    self.eat_kw(Kw::DEFAULT);
                    self.expr()?;
                    if self.eat_kw(Kw::AS) {
                        self.name_token(reserved::ALIAS, "a name")?;
                    }
                    if !self.eat(Tok::Comma) {
                        break;
                    }
                }
                self.close()?;
                self.expect(Tok::Comma, "`,`")?;
            }
            let path = self.expr()?;
            self.scratch.ids.push(path);
            self.expect_kw(Kw::PASSING)?;
            self.xml_passing()?;
        } else {
            self.expr_list_onto()?;
            if self.eat_kw(Kw::AS) {
                self.name_token(reserved::ALIAS, "a name")?;
            }
            self.json_clauses()?;
        }
        let args = self.list_from(mark);
        self.expect_kw(Kw::COLUMNS)?;
        let columns = self.scratch.ids.len();
        if xml {
            self.xml_columns()?
        } else {
            self.json_columns()?
        };
        let declared = self.list_from(columns);
        self.json_clauses()?;
        self.close()?;
        let call = self.special_call(name, args)?;
        let calls = self.one(call);
        self.function_table(token, calls, declared)
    }

    fn xml_columns(&mut self) -> Parsed<()> {
        loop {
            let column = self.name_token(reserved::COLUMN, "a column name")?;
            self.scratch.ids.push(column);
            if !self.eat_all(&[Kw::FOR, Kw::ORDINALITY]) {
                self.type_name()?;
                loop {
                    if matches!(self.kw(), Kw::PATH | Kw::DEFAULT) {
                        self.bump();
                        self.expr_above(super::infix::IS_POWER)?;
                    } else if !self.eat_all(&[Kw::NOT, Kw::NULL]) && !self.eat_kw(Kw::NULL) {
                        break;
                    }
                }
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    fn json_columns(&mut self) -> Parsed<()> {
        self.enter()?;
        self.open()?;
        loop {
            if self.kw() == Kw::NESTED {
                self.bump();
                self.eat_kw(Kw::PATH);
                self.expect(Tok::Str, "a path")?;
                if self.eat_kw(Kw::AS) {
                    self.name_token(reserved::ALIAS, "a name")?;
                }
                self.expect_kw(Kw::COLUMNS)?;
                self.json_columns()?;
            } else {
                self.json_column()?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        self.leave();
        Ok(())
    }

    fn json_column(&mut self) -> Parsed<()> {
        let column = self.name_token(reserved::COLUMN, "a column name")?;
        self.scratch.ids.push(column);
        if self.eat_all(&[Kw::FOR, Kw::ORDINALITY]) {
            return Ok(());
        }
        if self.mysql() {
            self.column_type()?
        } else {
            self.type_name()?
        };
        self.eat_all(&[Kw::FORMAT, Kw::JSON]);
        self.eat_kw(Kw::EXISTS);
        if self.eat_kw(Kw::PATH) {
            self.expect(Tok::Str, "a path")?;
        } else if self.mysql() {
            return self.expected("PATH");
        }
        self.json_clauses()
    }

    /// A column type of MySQL, which knows more than CAST does.
    fn column_type(&mut self) -> Parsed<()> {
        if self.kind() != Tok::Word {
            return self.expected("a type");
        }
        self.bump();
        if self.eat(Tok::LParen) {
            self.expr_list()?;
            self.close()?;
        }
        while self.eat_any(&[Kw::UNSIGNED, Kw::SIGNED, Kw::ZEROFILL]) {}
        if self.eat_all(&[Kw::CHARACTER, Kw::SET]) || self.eat_kw(Kw::CHARSET) {
            self.charset()?;
        }
        if self.eat_kw(Kw::COLLATE) {
            self.charset()?;
        }
        Ok(())
    }
}
