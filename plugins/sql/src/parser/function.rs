//! Calls of ordinary functions: arguments, FILTER, WITHIN GROUP, OVER.

use super::{Parsed, Parser};
use crate::ast::{Call, Expr, ExprId, List, Literal, Name, Over, Servers};
use crate::functions;
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// What stands between the parentheses of a call.
#[derive(Default)]
pub(super) struct Arguments {
    pub args: List,
    pub order: List,
    pub star: bool,
    pub distinct: bool,
    /// SEPARATOR.
    pub separated: bool,
    /// LIMIT.
    pub limited: bool,
}

/// Functions that take WITHIN GROUP in MariaDB, where they also need OVER.
fn is_percentile(name: &str) -> bool {
    name.eq_ignore_ascii_case("percentile_cont") || name.eq_ignore_ascii_case("percentile_disc")
}

impl Parser<'_> {
    /// A call whose name was read, from the parenthesis on.
    pub(super) fn call(&mut self, name: Name) -> Parsed<ExprId> {
        let arguments = self.arguments()?;
        self.check_spacing(name, &arguments)?;
        self.check_argument_clauses(name, &arguments)?;
        let call = Call {
            name,
            args: arguments.args,
            star: arguments.star,
            distinct: arguments.distinct,
            order: arguments.order,
            filter: None,
            over: None,
            special: false,
        };
        self.finish_call(call)
    }

    /// A call with a grammar of its own, with the operands found in it.
    pub(super) fn special_call(&mut self, name: u32, args: List) -> Parsed<ExprId> {
        let call = Call {
            name: Name {
                first: name,
                last: name,
            },
            args,
            star: false,
            distinct: false,
            order: List::default(),
            filter: None,
            over: None,
            special: true,
        };
        self.finish_call(call)
    }

    /// MySQL takes a built-in aggregate for a stored function when a blank parts it from its parenthesis, and those know no `*`.
    fn check_spacing(&self, name: Name, arguments: &Arguments) -> Parsed<()> {
        let token = self.tokens[name.last as usize];
        let next = self.tokens[name.last as usize + 1];
        if self.mysql() && (arguments.star || arguments.distinct) && token.end != next.start {
            return self.refuse("MySQL allows no blank between this function and its parenthesis");
        }
        if self.mysql() && arguments.star && !self.text(name.last).eq_ignore_ascii_case("count") {
            return self.refuse("only COUNT takes `*`");
        }
        Ok(())
    }

    fn finish_call(&mut self, mut call: Call) -> Parsed<ExprId> {
        self.note_effects(call.name);
        let percentile = self.mysql() && is_percentile(self.text(call.name.last));
        if self.kw() == Kw::WITHIN && self.kw_at(1) == Kw::GROUP && (self.postgres() || self.tsql() || percentile) {
            if call.order.len > 0 {
                return self.refuse("an aggregate has one ORDER BY");
            }
            self.at += 2;
            self.open()?;
            call.order = self.order_by()?;
            self.close()?;
        }
        if self.kw() == Kw::FILTER && self.kind_at(1) == Tok::LParen && !self.mysql() {
            if self.tsql() {
                self.object("SQL Server has no FILTER: aggregate a CASE");
            }
            self.at += 2;
            self.expect_kw(Kw::WHERE)?;
            call.filter = Some(self.expr()?);
            self.close()?;
        }
        if !self.sqlite() && !self.postgres() {
            self.null_treatment()?;
        }
        if self.kw() == Kw::OVER && self.postgres() && call.order.len > 0 {
            self.object("PostgreSQL has no ORDER BY inside a window function: write it in OVER");
        }
        if self.kw() == Kw::OVER {
            call.over = self.over()?;
        }
        self.check_arity(&call)?;
        if self.mysql() {
            self.check_mysql_call(&call)?;
        }
        let index = self.ast.calls.len() as u32;
        self.ast.calls.push(call);
        Ok(self.push(Expr::Call(index), call.name.first))
    }

    /// MySQL's grammar knows which functions aggregate and which need a window.
    fn check_mysql_call(&self, call: &Call) -> Parsed<()> {
        let name = self.text(call.name.last);
        let windowed = call.over.is_some();
        let window_only = functions::is_window_only(name);
        let percentile = is_percentile(name) || name.eq_ignore_ascii_case("median");
        if (window_only || percentile) && !windowed {
            return self.expected("OVER");
        }
        if percentile && call.args.len != 1 {
            return self.refuse("this function takes one value");
        }
        let aggregates = functions::is_aggregate(self.dialect, name, 1);
        if windowed && !window_only && !aggregates {
            return self.refuse("this function has no OVER");
        }
        if call.distinct && !aggregates {
            return self.refuse("only an aggregate takes DISTINCT");
        }
        Ok(())
    }

    /// RESPECT or IGNORE NULLS, FROM FIRST.
    fn null_treatment(&mut self) -> Parsed<()> {
        if matches!(self.kw(), Kw::IGNORE | Kw::RESPECT) && self.kw_at(1) == Kw::NULLS {
            if self.mysql() {
                self.object_at(
                    self.here(),
                    Servers::MariaDb,
                    "MariaDB has neither IGNORE NULLS nor RESPECT NULLS",
                );
            }
            self.at += 2;
        }
        Ok(())
    }

    /// OVER and a window; nothing when OVER turns out to be an alias.
    fn over(&mut self) -> Parsed<Option<Over>> {
        if self.kind_at(1) == Tok::LParen {
            self.at += 2;
            let window = self.window_body()?;
            self.ast.windows.push(window);
            return Ok(Some(Over::Inline(self.ast.windows.len() as u32 - 1)));
        }
        if self.is_name(1, reserved::TABLE_ALIAS) && !self.ends_item(1) {
            self.bump();
            return Ok(Some(Over::Named(self.bump())));
        }
        Ok(None)
    }

    fn ends_item(&self, ahead: usize) -> bool {
        self.sqlite() && self.kw_at(ahead) == Kw::FROM
    }

    /// `( ... )` of an ordinary call.
    pub(super) fn arguments(&mut self) -> Parsed<Arguments> {
        self.open()?;
        let mut found = Arguments::default();
        if self.eat(Tok::RParen) {
            return Ok(found);
        }
        if self.kind() == Tok::Star && matches!(self.kind_at(1), Tok::RParen) {
            self.at += 2;
            found.star = true;
            return Ok(found);
        }
        match self.kw() {
            Kw::DISTINCT => {
                self.bump();
                found.distinct = true;
            }
            Kw::ALL if !self.sqlite() || self.kind_at(1) != Tok::RParen => {
                self.bump();
            }
            _ => {}
        }
        let mark = self.scratch.ids.len();
        self.enter()?;
        loop {
            let argument = self.argument()?;
            self.scratch.ids.push(argument);
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.leave();
        found.args = self.list_from(mark);
        if self.kw() == Kw::ORDER && (self.postgres() || self.mysql()) {
            found.order = self.order_by()?;
        }
        if self.mysql() {
            found.separated = self.separator()?;
            found.limited = self.argument_limit()?;
        } else if self.tsql() {
            self.null_treatment()?;
        }
        self.close()?;
        Ok(found)
    }

    /// SEPARATOR 'text' of GROUP_CONCAT.
    fn separator(&mut self) -> Parsed<bool> {
        if !self.eat_kw(Kw::SEPARATOR) {
            return Ok(false);
        }
        if self.kind() != Tok::Str && self.kind() != Tok::Bytes {
            return self.expected("a string after SEPARATOR");
        }
        self.bump();
        Ok(true)
    }

    /// MariaDB's LIMIT inside GROUP_CONCAT and JSON_ARRAYAGG.
    fn argument_limit(&mut self) -> Parsed<bool> {
        if !self.eat_kw(Kw::LIMIT) {
            return Ok(false);
        }
        self.primary()?;
        if self.eat(Tok::Comma) || self.eat_kw(Kw::OFFSET) {
            self.primary()?;
        }
        Ok(true)
    }

    /// MySQL: ORDER BY, SEPARATOR and LIMIT between the parentheses of a function that knows none.
    fn check_argument_clauses(&self, name: Name, arguments: &Arguments) -> Parsed<()> {
        let function = self.text(name.last);
        let concatenates = function.eq_ignore_ascii_case("group_concat");
        let collects = concatenates || function.eq_ignore_ascii_case("json_arrayagg");
        let refused = (arguments.separated && !concatenates)
            || ((arguments.limited || arguments.order.len > 0) && !collects)
            || (name.first != name.last && arguments.order.len > 0);
        if self.mysql() && refused {
            return self.refuse("only GROUP_CONCAT has ORDER BY, SEPARATOR and LIMIT between its parentheses");
        }
        Ok(())
    }

    fn argument(&mut self) -> Parsed<ExprId> {
        if self.postgres() {
            self.eat_kw(Kw::VARIADIC);
            let named = matches!(self.kind_at(1), Tok::FatArrow | Tok::Assign);
            if named && self.is_name(0, reserved::TYPE) {
                self.bump();
                let token = self.bump();
                let value = self.expr()?;
                return Ok(self.push(Expr::Named(value), token));
            }
        }
        if self.starts_query() && (self.postgres() || self.sqlite()) {
            return self.refuse("a query as an argument needs parentheses of its own");
        }
        if self.tsql() && self.kw() == Kw::DEFAULT {
            return Ok(self.literal_keyword(Literal::Keyword));
        }
        if self.tsql() && self.kind() == Tok::Star && matches!(self.kind_at(1), Tok::Comma | Tok::RParen) {
            // The columns that CONTAINS and its kin search.
            let token = self.bump();
            return Ok(self.push(Expr::Star(None), token));
        }
        let expr = self.expr()?;
        let alone_star = matches!(self.ast.expr(expr), Expr::Star(_)) && !self.postgres();
        if alone_star && !self.mysql() && !self.tsql() {
            self.expected("an expression")
        } else {
            Ok(expr)
        }
    }
}
