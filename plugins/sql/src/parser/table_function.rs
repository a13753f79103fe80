//! Functions in FROM.

use super::{Parsed, Parser};
use crate::ast::{Expr, List, Name, Servers, TableId, TableRef};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// A function in FROM, its name read.
    pub(super) fn table_function(&mut self, token: u32, name: Name) -> Parsed<TableId> {
        let call = self.call(name)?;
        if let Expr::Call(index) = self.ast.expr(call)
            && self.ast.calls[index as usize].over.is_some()
        {
            return self.refuse("a function in FROM has no OVER");
        }
        let calls = self.one(call);
        let declared = if self.tsql() && self.kw() == Kw::WITH && self.kind_at(1) == Tok::LParen {
            self.openjson_columns()?
        } else {
            List::default()
        };
        self.function_table(token, calls, declared)
    }

    /// The node of calls that are read, with what follows them.
    pub(super) fn function_table(&mut self, token: u32, calls: List, declared: List) -> Parsed<TableId> {
        let returns_record = self.postgres()
            && self.ast.list(calls).iter().any(|call| match self.ast.expr(*call) {
                Expr::Call(call) => {
                    let name = self.text(self.ast.calls[call as usize].name.last);
                    [
                        "json_to_record",
                        "jsonb_to_record",
                        "json_to_recordset",
                        "jsonb_to_recordset",
                    ]
                    .iter()
                    .any(|function| function.eq_ignore_ascii_case(name))
                }
                _ => false,
            });
        let ordinality = self.postgres() && self.eat_all(&[Kw::WITH, Kw::ORDINALITY]);
        let alias = self.function_alias()?;
        if returns_record && alias.columns.len == 0 {
            self.object_at(
                token,
                Servers::All,
                "this function needs a list of columns with types: AS x(a int, b text)",
            );
        }
        Ok(self.table_node(
            TableRef::Function {
                calls,
                declared,
                ordinality,
                lateral: false,
                alias,
            },
            token,
        ))
    }

    /// PostgreSQL's ROWS FROM: several functions side by side.
    pub(super) fn rows_from(&mut self, token: u32) -> Parsed<TableId> {
        self.at += 2;
        self.open()?;
        let mark = self.scratch.ids.len();
        loop {
            let call = self.primary()?;
            if !matches!(self.ast.expr(call), Expr::Call(_)) {
                return self.expected("a function");
            }
            self.scratch.ids.push(call);
            if self.eat_kw(Kw::AS) {
                let columns = self.scratch.ids.len();
                self.column_definitions()?;
                self.scratch.ids.truncate(columns);
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        let calls = self.list_from(mark);
        self.function_table(token, calls, List::default())
    }

    /// Whether a function with a grammar of its own, or a constant that may stand for one, begins here.
    pub(super) fn is_special_function(&self) -> bool {
        let called = self.kind_at(1) == Tok::LParen;
        let special = match self.kw() {
            Kw::XMLTABLE | Kw::SUBSTRING | Kw::TRIM | Kw::POSITION | Kw::OVERLAY | Kw::CAST | Kw::EXTRACT => {
                self.postgres()
            }
            Kw::JSON_TABLE => self.postgres() || self.mysql(),
            _ => false,
        };
        let value = self.postgres()
            && matches!(
                self.kw(),
                Kw::CURRENT_DATE
                    | Kw::CURRENT_TIMESTAMP
                    | Kw::CURRENT_TIME
                    | Kw::CURRENT_USER
                    | Kw::SESSION_USER
                    | Kw::USER
            );
        (called && special) || value
    }

    pub(super) fn special_table_function(&mut self, token: u32) -> Parsed<TableId> {
        match self.kw() {
            Kw::JSON_TABLE | Kw::XMLTABLE => self.document_table(token),
            _ => {
                let call = self.primary()?;
                let calls = self.one(call);
                self.function_table(token, calls, List::default())
            }
        }
    }
}
