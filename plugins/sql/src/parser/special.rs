//! Functions and constants with a grammar of their own, other than JSON and XML.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, List, Literal};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// Units of MySQL's INTERVAL.
const MYSQL_UNITS: [Kw; 28] = [
    Kw::SQL_TSI_SECOND,
    Kw::SQL_TSI_MINUTE,
    Kw::SQL_TSI_HOUR,
    Kw::SQL_TSI_DAY,
    Kw::SQL_TSI_WEEK,
    Kw::SQL_TSI_MONTH,
    Kw::SQL_TSI_QUARTER,
    Kw::SQL_TSI_YEAR,
    Kw::MICROSECOND,
    Kw::SECOND,
    Kw::MINUTE,
    Kw::HOUR,
    Kw::DAY,
    Kw::WEEK,
    Kw::MONTH,
    Kw::QUARTER,
    Kw::YEAR,
    Kw::SECOND_MICROSECOND,
    Kw::MINUTE_MICROSECOND,
    Kw::MINUTE_SECOND,
    Kw::HOUR_MICROSECOND,
    Kw::HOUR_SECOND,
    Kw::HOUR_MINUTE,
    Kw::DAY_MICROSECOND,
    Kw::DAY_SECOND,
    Kw::DAY_MINUTE,
    Kw::DAY_HOUR,
    Kw::YEAR_MONTH,
];

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
            Kw::INTERVAL if mysql && (next != Tok::LParen || !self.is_interval_function()) => self.mysql_interval()?,
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

    fn starts_typed_literal(&self) -> bool {
        if self.kind_at(1) == Tok::Str {
            return reserved::allows(self.dialect, self.kw(), reserved::TYPE) || self.is_type_word();
        }
        match self.kw() {
            Kw::TIME | Kw::TIMESTAMP if matches!(self.kw_at(1), Kw::WITH | Kw::WITHOUT) => self.kw_at(2) == Kw::TIME,
            Kw::DOUBLE => self.kw_at(1) == Kw::PRECISION && self.kind_at(2) == Tok::Str,
            Kw::CHARACTER | Kw::CHAR | Kw::BIT if self.kw_at(1) == Kw::VARYING => self.kind_at(2) == Tok::Str,
            Kw::TIME | Kw::TIMESTAMP | Kw::INTERVAL | Kw::CHAR | Kw::VARCHAR | Kw::NUMERIC | Kw::DECIMAL | Kw::BIT => {
                self.kind_at(1) == Tok::LParen
                    && self.kind_at(2) == Tok::Number
                    && self.kind_at(3) == Tok::RParen
                    && (self.kind_at(4) == Tok::Str || matches!(self.kw_at(4), Kw::WITH | Kw::WITHOUT))
            }
            _ => false,
        }
    }

    fn is_type_word(&self) -> bool {
        matches!(
            self.kw(),
            Kw::BIGINT
                | Kw::BIT
                | Kw::BOOLEAN
                | Kw::CHAR
                | Kw::CHARACTER
                | Kw::DEC
                | Kw::DECIMAL
                | Kw::FLOAT
                | Kw::INT
                | Kw::INTEGER
                | Kw::INTERVAL
                | Kw::NCHAR
                | Kw::NUMERIC
                | Kw::REAL
                | Kw::SMALLINT
                | Kw::TIME
                | Kw::TIMESTAMP
                | Kw::VARCHAR
        )
    }

    /// CAST, TRY_CAST, TREAT: `(expr AS type)`.
    fn cast(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        self.expect_kw(Kw::AS)?;
        self.type_name()?;
        if self.tsql() && self.eat_kw(Kw::USING) {
            self.expr()?;
        }
        if self.mysql() && self.eat_all(&[Kw::AT, Kw::TIME, Kw::ZONE]) {
            self.expect(Tok::Str, "a time zone")?;
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    fn tsql_convert(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        self.type_name()?;
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    fn mysql_convert(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        if self.eat_kw(Kw::USING) {
            self.charset()?;
        } else {
            self.expect(Tok::Comma, "`,` or USING")?;
            self.type_name()?;
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    fn extract(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        if self.mysql() {
            self.unit()?;
        } else if self.kind() == Tok::Str || self.is_name(0, reserved::COLUMN) {
            self.bump();
        } else {
            return self.expected("a field");
        }
        self.expect_kw(Kw::FROM)?;
        let expr = self.expr()?;
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    fn unit(&mut self) -> Parsed<()> {
        if self.eat_any(&MYSQL_UNITS) {
            Ok(())
        } else {
            self.expected("a unit of time")
        }
    }

    fn position(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        let needle = self.expr_above(super::infix::LIKE_POWER)?;
        self.scratch.ids.push(needle);
        self.expect_kw(Kw::IN)?;
        let hay = self.expr()?;
        self.scratch.ids.push(hay);
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }

    /// `(x FROM a FOR b)`, `(x SIMILAR p ESCAPE e)` or ordinary arguments.
    fn substring(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        if self.kind() != Tok::RParen {
            // SIMILAR also is an infix operator, which must not take the pattern here.
            let text = self.expr_above(if self.postgres() { super::infix::LIKE_POWER } else { 0 })?;
            self.scratch.ids.push(text);
            self.substring_operands()?;
        }
        self.close()?;
        let args = self.list_from(mark);
        if self.mysql() && !(2..=3).contains(&args.len) {
            return self.refuse("a text, a place and perhaps a length are expected");
        }
        self.special_call(name, args)
    }

    /// `, b, c`, `FROM b FOR c` in either order, or `SIMILAR b ESCAPE c`.
    fn substring_operands(&mut self) -> Parsed<()> {
        if self.eat(Tok::Comma) {
            return self.expr_list_onto();
        }
        let words: &[Kw] = match self.kw() {
            Kw::FROM => &[Kw::FROM, Kw::FOR],
            Kw::FOR => &[Kw::FOR, Kw::FROM],
            Kw::SIMILAR => &[Kw::SIMILAR, Kw::ESCAPE],
            _ => return Ok(()),
        };
        let both = words[0] == Kw::SIMILAR;
        for (index, word) in words.iter().enumerate() {
            if self.kw() != *word && index > 0 && !both {
                return Ok(());
            }
            self.expect_kw(*word)?;
            let operand = self.expr()?;
            self.scratch.ids.push(operand);
        }
        Ok(())
    }

    fn overlay(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        let text = self.expr()?;
        self.scratch.ids.push(text);
        while matches!(self.kw(), Kw::PLACING | Kw::FROM | Kw::FOR) || self.kind() == Tok::Comma {
            self.bump();
            let operand = self.expr()?;
            self.scratch.ids.push(operand);
        }
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }

    fn trim(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let mark = self.scratch.ids.len();
        let sided = self.eat_any(&[Kw::LEADING, Kw::TRAILING, Kw::BOTH]);
        if !(sided && self.kw() == Kw::FROM) {
            self.trim_operands()?;
        }
        if self.mysql() && sided && self.kw() != Kw::FROM {
            return self.expected("FROM");
        }
        if self.eat_kw(Kw::FROM) {
            self.trim_operands()?;
        }
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }

    /// One operand in MySQL, several elsewhere.
    fn trim_operands(&mut self) -> Parsed<()> {
        if !self.mysql() {
            return self.expr_list_onto();
        }
        let operand = self.expr()?;
        self.scratch.ids.push(operand);
        Ok(())
    }

    fn normalize(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let expr = self.expr()?;
        if self.eat(Tok::Comma) && !self.eat_any(&[Kw::NFC, Kw::NFD, Kw::NFKC, Kw::NFKD]) {
            return self.expected("a normal form");
        }
        self.close()?;
        let args = self.one(expr);
        self.special_call(name, args)
    }

    fn collation_for(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.expect_kw(Kw::FOR)?;
        self.open()?;
        let value = self.expr()?;
        self.close()?;
        let args = self.one(value);
        self.special_call(name, args)
    }

    /// Whether INTERVAL here is MySQL's function, `INTERVAL(n, a, b)`: its parentheses hold a comma and no unit follows.
    fn is_interval_function(&self) -> bool {
        let (mut depth, mut ahead, mut commas) = (0usize, 1, false);
        loop {
            match self.kind_at(ahead) {
                Tok::LParen => depth += 1,
                Tok::RParen => {
                    depth -= 1;
                    if depth == 0 {
                        return commas && !MYSQL_UNITS.contains(&self.kw_at(ahead + 1));
                    }
                }
                Tok::Comma if depth == 1 => commas = true,
                Tok::End => return false,
                _ => {}
            }
            ahead += 1;
        }
    }

    /// `INTERVAL n unit`: the right side of a sum, the argument of a function, or followed by `+`.
    fn mysql_interval(&mut self) -> Parsed<ExprId> {
        let before = |back: usize| self.at.checked_sub(back).map_or(Tok::End, |at| self.tokens[at].kind);
        let argued = before(1) == Tok::Comma;
        let signed = matches!(before(1), Tok::Plus | Tok::Minus);
        let added = signed
            && matches!(
                before(2),
                Tok::Word | Tok::Quoted | Tok::Str | Tok::Bytes | Tok::Number | Tok::Param | Tok::RParen | Tok::RBrace
            );
        if signed && !added && matches!(before(2), Tok::Plus | Tok::Minus) {
            return self.expected("an expression");
        }
        let token = self.bump();
        let amount = self.expr()?;
        self.unit()?;
        if !argued && !added && self.kind() != Tok::Plus {
            return self.expected("`+` after the interval");
        }
        Ok(self.push(Expr::Unary(amount), token))
    }

    fn char_using(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let args = self.expr_list()?;
        if self.eat_kw(Kw::USING) {
            self.charset()?;
        }
        self.close()?;
        self.special_call(name, args)
    }

    fn weight_string(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let args = self.expr_list()?;
        if self.eat_kw(Kw::AS) {
            self.type_name()?;
        }
        self.close()?;
        self.special_call(name, args)
    }

    fn match_against(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        let mark = self.scratch.ids.len();
        let parens = self.eat(Tok::LParen);
        self.expr_list_onto()?;
        if parens {
            self.close()?;
        }
        self.expect_kw(Kw::AGAINST)?;
        self.open()?;
        let text = self.expr_above(super::infix::COMPARE_POWER)?;
        self.scratch.ids.push(text);
        let _ = self.eat_all(&[Kw::IN, Kw::BOOLEAN, Kw::MODE])
            || self.eat_all(&[Kw::IN, Kw::NATURAL, Kw::LANGUAGE, Kw::MODE]);
        self.eat_all(&[Kw::WITH, Kw::QUERY, Kw::EXPANSION]);
        self.close()?;
        let args = self.list_from(mark);
        self.special_call(name, args)
    }

    /// `VALUES(column)` and `DEFAULT(column)`.
    fn column_function(&mut self) -> Parsed<ExprId> {
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

    fn timestamp_arithmetic(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        self.unit()?;
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    fn date_arithmetic(&mut self) -> Parsed<ExprId> {
        let keyword = self.kw();
        let name = self.bump();
        let arguments = self.arguments()?;
        let interval = arguments.args.len == 2 && {
            let second = self.ast.list(arguments.args)[1];
            self.tokens[self.ast.exprs[second as usize].token as usize].kw == Kw::INTERVAL
        };
        let day_count = matches!(keyword, Kw::ADDDATE | Kw::SUBDATE) && arguments.args.len == 2;
        if !interval && !day_count {
            return self.expected("a date and an INTERVAL");
        }
        self.special_call(name, arguments.args)
    }

    fn get_format(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        if !self.eat_any(&[Kw::DATE, Kw::TIME, Kw::DATETIME, Kw::TIMESTAMP]) {
            return self.expected("DATE, TIME or DATETIME");
        }
        self.expect(Tok::Comma, "`,`")?;
        let args = self.expr_list()?;
        self.close()?;
        self.special_call(name, args)
    }

    fn binary(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let inner = self.expr_above(self.prefix_power(Tok::Minus))?;
        Ok(self.push(Expr::Unary(inner), token))
    }

    fn next_value(&mut self) -> Parsed<ExprId> {
        self.not_read_only("NEXT VALUE FOR advances a sequence");
        self.previous_value()
    }

    /// NEXT or PREVIOUS VALUE FOR a sequence.
    fn previous_value(&mut self) -> Parsed<ExprId> {
        let name = self.here();
        self.at += 3;
        let sequence = self.qualified_name(reserved::TABLE, "a sequence")?;
        if (sequence.last - sequence.first) % 2 == 1 {
            return self.refuse("only the name of a table may leave its schema out");
        }
        self.special_call(name, List::default())
    }

    /// `{d '...'}`, `{fn f(x)}` and the like.
    pub(super) fn odbc_escape(&mut self) -> Parsed<ExprId> {
        let token = self.bump();
        let expr = if self.eat_kw(Kw::FN) {
            self.expr()?
        } else {
            let word = self.name_token(reserved::ALIAS, "d, t, ts or fn")?;
            if !["d", "t", "ts", "guid"]
                .iter()
                .any(|known| self.text(word).eq_ignore_ascii_case(known))
                && !self.mysql()
            {
                return self.expected("d, t, ts or fn");
            }
            let value = self.expect(Tok::Str, "a string")?;
            self.push(Expr::Literal(Literal::String), value)
        };
        self.expect(Tok::RBrace, "`}`")?;
        Ok(self.push(Expr::Unary(expr), token))
    }
}
