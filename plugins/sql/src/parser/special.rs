//! Which function or constant with a grammar of its own a keyword begins.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, Literal, Servers};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// The form the keyword here begins; nothing when it is an ordinary name.
    pub(super) fn special_form(&mut self) -> Parsed<Option<ExprId>> {
        let next = self.kind_at(1);
        let called = next == Tok::LParen;
        let (postgres, mysql, tsql) = (self.postgres(), self.mysql(), self.tsql());
        let expr = match self.kw() {
            Kw::CAST if called => self.cast()?,
            Kw::TRY_CAST | Kw::PARSE | Kw::TRY_PARSE if called && tsql => self.cast()?,
            Kw::CONVERT | Kw::TRY_CONVERT if called && tsql => self.tsql_convert()?,
            Kw::CONVERT if called && mysql => self.mysql_convert()?,
            Kw::EXTRACT if called && (postgres || mysql) => self.extract()?,
            Kw::POSITION if called && (postgres || mysql) => self.position()?,
            Kw::SUBSTRING | Kw::SUBSTR if called && (mysql || (postgres && self.kw() == Kw::SUBSTRING)) => {
                self.substring()?
            }
            Kw::OVERLAY if called && postgres => self.overlay()?,
            Kw::TRIM if called && !self.sqlite() => self.trim()?,
            Kw::NORMALIZE if called && postgres => self.normalize()?,
            Kw::TREAT if called && postgres => self.cast()?,
            Kw::COLLATION if postgres && self.kw_at(1) == Kw::FOR => self.collation_for()?,
            Kw::GROUPING if called && (postgres || mysql) => return Ok(None),
            Kw::INTERVAL if mysql && (next != Tok::LParen || !self.is_interval_function()) => {
                self.leading_interval()?
            }
            Kw::CHAR if called && mysql => self.char_using()?,
            Kw::WEIGHT_STRING if called && mysql => self.weight_string()?,
            Kw::MATCH if mysql => self.match_against()?,
            Kw::VALUES | Kw::DEFAULT if called && mysql => self.column_function()?,
            Kw::DEFAULT if !self.sqlite() && !mysql => return Ok(None),
            Kw::TIMESTAMPADD | Kw::TIMESTAMPDIFF if called && mysql => self.timestamp_arithmetic()?,
            Kw::ADDDATE | Kw::SUBDATE | Kw::DATE_ADD | Kw::DATE_SUB if called && mysql => self.date_arithmetic()?,
            Kw::GET_FORMAT if called && mysql => self.get_format()?,
            Kw::BINARY if mysql && !matches!(next, Tok::Dot) => self.binary()?,
            Kw::DATE | Kw::TIME | Kw::TIMESTAMP if mysql && next == Tok::Str => {
                self.bump();
                self.literal_keyword(Literal::String)
            }
            Kw::NEXT if self.kw_at(1) == Kw::VALUE && self.kw_at(2) == Kw::FOR => self.next_value()?,
            Kw::PREVIOUS if mysql && self.kw_at(1) == Kw::VALUE && self.kw_at(2) == Kw::FOR => self.previous_value()?,
            Kw::RAISE if self.sqlite() => return self.refuse("RAISE belongs in a trigger"),
            _ if postgres => return self.postgres_form(),
            _ => return self.json_or_xml(),
        };
        Ok(Some(expr))
    }

    /// Constants that a type name begins, and forms of XML and JSON.
    fn postgres_form(&mut self) -> Parsed<Option<ExprId>> {
        if self.starts_typed_literal() {
            return self.typed_literal().map(Some);
        }
        self.json_or_xml()
    }

    /// `VALUES(column)` and `DEFAULT(column)`.
    fn column_function(&mut self) -> Parsed<ExprId> {
        if self.kw() == Kw::VALUES {
            self.object_at(
                self.here(),
                Servers::MariaDb,
                "MariaDB has VALUES(column) in INSERT only",
            );
        }
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        if !matches!(self.ast.expr(expr), Expr::Column(_)) {
            return self.expected("a column");
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }
}
