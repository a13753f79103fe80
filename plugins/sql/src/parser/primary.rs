//! Operands: constants, names, parentheses, CASE, EXISTS, arrays and rows.

use super::{Parsed, Parser, collation};
use crate::ast::{Expr, ExprId, List, Literal, Servers};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// Whether a number is written in another base than ten, or with underscores between its digits.
fn is_modern_number(text: &str) -> bool {
    let base = text.as_bytes().get(1).copied().unwrap_or_default();
    text.contains('_') || (text.starts_with('0') && base.is_ascii_alphabetic() && !base.eq_ignore_ascii_case(&b'e'))
}

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Parsed<ExprId> {
        let token = self.here();
        match self.kind() {
            Tok::Number => {
                if self.postgres() && is_modern_number(self.text(token)) {
                    let message = "numbers in other bases or with underscores came with PostgreSQL 16";
                    self.object_at(token, Servers::PostgresBefore(16), message);
                }
                self.bump();
                Ok(self.push(Expr::Literal(Literal::Number), token))
            }
            Tok::Str if self.sqlite() && self.kind_at(1) == Tok::Dot => self.name_or_call(),
            Tok::Str => self.string_literal(),
            Tok::Bytes => {
                self.bump();
                Ok(self.push(Expr::Literal(Literal::Bytes), token))
            }
            Tok::Param => self.parameter(),
            Tok::LParen => {
                let inner = self.parenthesised()?;
                self.fields(inner)
            }
            Tok::LBrace if self.mysql() || self.tsql() => self.odbc_escape(),
            Tok::Quoted => self.name_or_call(),
            // MySQL reads `.t.a` as `t.a`.
            Tok::Dot if self.is_leading_dot() && self.kind_at(2) == Tok::Dot => {
                self.bump();
                self.name_or_call()
            }
            Tok::Word => match self.keyword_operand()? {
                Some(expr) if self.tsql() => self.fields(expr),
                Some(expr) => Ok(expr),
                None => self.name_or_call(),
            },
            _ => self.expected("an expression"),
        }
    }

    fn parameter(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let scoped = self.mysql() && self.text(token).starts_with("@@");
        if scoped && self.kind() == Tok::Dot {
            self.bump();
            if !self.is_field(0) {
                return self.expected("the name of a variable");
            }
            self.bump();
        } else if scoped
            && ["@@session", "@@global", "@@local"]
                .iter()
                .any(|scope| scope.eq_ignore_ascii_case(self.text(token)))
        {
            return self.expected("`.` and the name of a variable");
        } else if self.postgres() && self.text(token).starts_with('$') {
            self.object_at(
                token,
                Servers::All,
                "a statement here has no parameters: there is no value for this one",
            );
        }
        let param = self.push(Expr::Param, token);
        self.fields(param)
    }

    fn string_literal(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        if self.mysql() {
            while self.kind() == Tok::Str {
                self.bump();
            }
        }
        self.unicode_escape(token)?;
        Ok(self.push(Expr::Literal(Literal::String), token))
    }

    /// UESCAPE 'c' after a `U&` string or name.
    fn unicode_escape(&mut self, token: u32) -> Parsed<()> {
        if self.postgres() && self.kw() == Kw::UESCAPE && self.text(token).as_bytes().get(1) == Some(&b'&') {
            self.bump();
            self.expect(Tok::Str, "the escape character")?;
        }
        Ok(())
    }

    pub(super) fn literal_keyword(&mut self, literal: Literal) -> ExprId {
        let token = self.bump();
        self.push(Expr::Literal(literal), token)
    }

    /// `( ... )`: a query, a row or an expression.
    fn parenthesised(&mut self) -> Parsed<ExprId> {
        let token = self.open()?;
        let first = self.paren_content()?;
        if self.kind() != Tok::Comma || self.is_bare_query(first) {
            self.close()?;
            return Ok(first);
        }
        let mark = self.scratch.ids.len();
        self.scratch.ids.push(first);
        while self.eat(Tok::Comma) {
            let expr = self.expr()?;
            self.scratch.ids.push(expr);
        }
        self.close()?;
        let list = self.list_from(mark);
        Ok(self.push(Expr::Row(list), token))
    }

    /// What follows an opening parenthesis: an [`Expr::Subquery`] when it is a query, set operations over parenthesised ones included.
    pub(super) fn paren_content(&mut self) -> Parsed<ExprId> {
        let token = self.here();
        if self.starts_query() {
            let query = self.query()?;
            return Ok(self.push(Expr::Subquery(query), token));
        }
        let first = self.expr()?;
        if let Expr::Subquery(inner) = self.ast.expr(first)
            && self.continues_query()
        {
            let query = self.query_after(inner)?;
            return Ok(self.push(Expr::Subquery(query), token));
        }
        Ok(first)
    }

    /// Whether an expression is a query without parentheses of its own, which fills those around it.
    pub(super) fn is_bare_query(&self, expr: ExprId) -> bool {
        let node = &self.ast.exprs[expr as usize];
        matches!(node.kind, Expr::Subquery(_)) && self.tokens[node.token as usize].kind != Tok::LParen
    }

    /// `.field`, `.*`, `.method(...)` and subscripts after something that is no plain name.
    pub(super) fn fields(&mut self, mut expr: ExprId) -> Parsed<ExprId> {
        loop {
            if self.kind() == Tok::LBracket && self.postgres() {
                expr = self.subscript(expr)?;
                continue;
            }
            if self.kind() != Tok::Dot || !(self.postgres() || self.tsql()) {
                return Ok(expr);
            }
            let token = self.bump();
            if self.postgres() && self.eat(Tok::Star) {
                return Ok(self.push(Expr::Star(None), token));
            }
            if !self.is_field(0) {
                return self.expected("a field");
            }
            self.bump();
            if self.tsql() && self.kind() == Tok::LParen {
                self.arguments()?;
            }
            expr = self.push(Expr::Field(expr), token);
        }
    }

    /// Constants and forms that a keyword begins.
    fn keyword_operand(&mut self) -> Parsed<Option<ExprId>> {
        let called = self.kind_at(1) == Tok::LParen;
        let dotted = self.kind_at(1) == Tok::Dot;
        if dotted {
            return Ok(None);
        }
        let expr = match self.kw() {
            Kw::NONE if !called => {
                if self.postgres() && self.kind_at(1) == Tok::Str {
                    return self.typed_literal().map(Some);
                }
                return self.charset_introducer();
            }
            Kw::NULL => self.literal_keyword(Literal::Null),
            Kw::TRUE | Kw::FALSE if !self.tsql() && !called => self.literal_keyword(Literal::Boolean),
            Kw::CASE => self.case()?,
            Kw::EXISTS if called || !self.postgres() => self.exists()?,
            Kw::CURRENT_DATE | Kw::CURRENT_TIME | Kw::CURRENT_TIMESTAMP => self.clock()?,
            Kw::LOCALTIME | Kw::LOCALTIMESTAMP if self.postgres() || self.mysql() => self.clock()?,
            Kw::UTC_DATE | Kw::UTC_TIME | Kw::UTC_TIMESTAMP if self.mysql() => self.clock()?,
            Kw::CURRENT_USER
            | Kw::SESSION_USER
            | Kw::USER
            | Kw::CURRENT_ROLE
            | Kw::CURRENT_CATALOG
            | Kw::SYSTEM_USER
                if self.postgres() && self.is_reserved_value() =>
            {
                self.literal_keyword(Literal::Keyword)
            }
            Kw::CURRENT_SCHEMA if self.postgres() && !called => self.literal_keyword(Literal::Keyword),
            Kw::CURRENT_USER | Kw::SESSION_USER | Kw::USER | Kw::SYSTEM_USER if self.tsql() && !called => {
                self.literal_keyword(Literal::Keyword)
            }
            Kw::CURRENT_USER | Kw::CURRENT_ROLE if self.mysql() => self.clock()?,
            Kw::ARRAY if self.postgres() => self.array()?,
            Kw::ROW if called && (self.postgres() || self.mysql()) => self.row()?,
            _ => return self.special_form(),
        };
        Ok(Some(expr))
    }

    /// PostgreSQL: the words of this kind that are reserved.
    fn is_reserved_value(&self) -> bool {
        !reserved::allows(self.dialect, self.kw(), reserved::TABLE_ALIAS) || self.kw() == Kw::SYSTEM_USER
    }

    /// CURRENT_TIMESTAMP and its kin, with perhaps a precision.
    fn clock(&mut self) -> Parsed<ExprId> {
        let keyword = self.kw();
        let expr = self.literal_keyword(Literal::Keyword);
        let precise = !self.postgres() || !matches!(keyword, Kw::CURRENT_DATE);
        if precise && !self.sqlite() && !self.tsql() && self.kind() == Tok::LParen {
            self.bump();
            if self.kind() == Tok::Number {
                self.bump();
            } else if self.postgres() {
                return self.expected("a precision");
            }
            self.close()?;
        }
        Ok(expr)
    }

    fn exists(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        self.open()?;
        let inner = self.paren_content()?;
        let Expr::Subquery(query) = self.ast.expr(inner) else {
            return self.expected("a query after EXISTS");
        };
        self.close()?;
        Ok(self.push(Expr::Exists(query), token))
    }

    fn case(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let operand = if self.kw() == Kw::WHEN {
            None
        } else {
            Some(self.expr()?)
        };
        let mark = self.scratch.ids.len();
        if self.kw() != Kw::WHEN {
            return self.expected("WHEN");
        }
        while self.eat_kw(Kw::WHEN) {
            let condition = self.expr()?;
            self.scratch.ids.push(condition);
            self.expect_kw(Kw::THEN)?;
            let value = self.expr()?;
            self.scratch.ids.push(value);
        }
        if self.eat_kw(Kw::ELSE) {
            let value = self.expr()?;
            self.scratch.ids.push(value);
        }
        self.expect_kw(Kw::END)?;
        let arms = self.list_from(mark);
        Ok(self.push(Expr::Case { operand, arms }, token))
    }

    fn array(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        if self.eat(Tok::LParen) {
            let inner = self.paren_content()?;
            let Expr::Subquery(query) = self.ast.expr(inner) else {
                return self.expected("a query after ARRAY(");
            };
            self.close()?;
            return Ok(self.push(Expr::ArrayQuery(query), token));
        }
        self.array_elements(token)
    }

    /// `[...]`, where an element may be such a list again.
    fn array_elements(&mut self, token: u32) -> Parsed<ExprId> {
        self.expect(Tok::LBracket, "`[` or `(` after ARRAY")?;
        self.enter()?;
        let mark = self.scratch.ids.len();
        while self.kind() != Tok::RBracket {
            let element = if self.kind() == Tok::LBracket {
                self.array_elements(self.here())?
            } else {
                self.expr()?
            };
            self.scratch.ids.push(element);
            if !self.eat(Tok::Comma) {
                break;
            }
            if self.kind() == Tok::RBracket {
                return self.expected("an expression");
            }
        }
        self.expect(Tok::RBracket, "`]`")?;
        self.leave();
        let list = self.list_from(mark);
        let is_cast = matches!(self.kind(), Tok::DoubleColon | Tok::Comma | Tok::RBracket) || self.kw() == Kw::AS;
        if list.len == 0 && !is_cast {
            self.object_at(token, Servers::All, "an empty array needs a type: ARRAY[]::int[]");
        }
        Ok(self.push(Expr::Array(list), token))
    }

    fn row(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        self.open()?;
        let list = if self.kind() == Tok::RParen {
            List::default()
        } else {
            self.expr_list()?
        };
        self.close()?;
        Ok(self.push(Expr::Row(list), token))
    }

    /// MySQL's `_utf8mb4'text'`.
    fn charset_introducer(&mut self) -> Parsed<Option<ExprId>> {
        let charset = self.text(self.here()).strip_prefix('_');
        let introduces = self.mysql()
            && matches!(self.kind_at(1), Tok::Str | Tok::Bytes | Tok::Number)
            && charset.is_some_and(|name| self.touches(1) || collation::is_charset(name));
        // A hexadecimal or binary number is a string of bytes after a character set.
        let digits = self.text((self.at + 1).min(self.tokens.len() - 1) as u32);
        let is_plain_number = self.kind_at(1) == Tok::Number && !digits.starts_with("0x") && !digits.starts_with("0b");
        if !introduces || is_plain_number {
            return Ok(None);
        }
        self.bump();
        if self.kind() != Tok::Str {
            return Ok(Some(self.literal_keyword(Literal::Bytes)));
        }
        self.string_literal().map(Some)
    }

    /// A column, a qualified star or an ordinary call.
    fn name_or_call(&mut self) -> Parsed<ExprId> {
        let single = !matches!(self.kind_at(1), Tok::Dot);
        let called = self.kind_at(1) == Tok::LParen;
        let role = match (single, called) {
            (true, true) => reserved::FUNCTION,
            (false, _) if self.postgres() => reserved::TABLE_ALIAS,
            _ => reserved::COLUMN,
        };
        // SQLite takes a string for a name where only a name can stand, as before a dot.
        if !self.is_name(0, role) && self.kind() != Tok::Str {
            return self.expected("an expression");
        }
        let token = self.bump();
        self.unicode_escape(token)?;
        let name = self.name_tail(token)?;
        if self.has_too_many_parts(name, 3) {
            return self.refuse("the name has too many parts");
        }
        if (name.last - name.first) % 2 == 1 {
            return self.refuse("only the name of a table may leave its schema out");
        }
        if self.kind() == Tok::Dot {
            self.bump();
            self.expect(Tok::Star, "a name after the dot")?;
            if self.sqlite() && name.first != name.last {
                return self.refuse("SQLite takes no schema before `table.*`");
            }
            if !self.postgres() && self.infix().is_some() {
                return self.refuse("`*` stands for columns, not for a value");
            }
            return Ok(self.push(Expr::Star(Some(name)), token));
        }
        if self.tsql() && self.kind() == Tok::DoubleColon {
            self.bump();
            self.name_token(reserved::ALIAS, "a method")?;
            if self.kind() != Tok::LParen {
                return Ok(self.push(Expr::Literal(Literal::Keyword), token));
            }
            let call = self.call(name)?;
            return self.fields(call);
        }
        if self.kind() == Tok::LParen {
            if self.sqlite() && name.first != name.last {
                return self.refuse("SQLite takes no schema before a function");
            }
            let call = self.call(name)?;
            if self.postgres() && self.kind() == Tok::Str && self.may_be_type(call) {
                // A type with arguments before a constant, `numeric_like(3) '1'`.
                self.bump();
                return Ok(self.push(Expr::Literal(Literal::String), token));
            }
            return if self.tsql() { self.fields(call) } else { Ok(call) };
        }
        if self.postgres() && self.kind() == Tok::Str && token != name.last {
            self.bump();
            return Ok(self.push(Expr::Literal(Literal::String), token));
        }
        let column = self.push(Expr::Column(name), token);
        if self.postgres() {
            self.fields(column)
        } else {
            Ok(column)
        }
    }

    /// Whether a call could as well be the name of a type with its arguments.
    fn may_be_type(&self, call: ExprId) -> bool {
        let Expr::Call(call) = self.ast.expr(call) else {
            return false;
        };
        let call = &self.ast.calls[call as usize];
        call.args.len > 0 && !call.distinct && call.over.is_none() && call.filter.is_none()
    }
}
