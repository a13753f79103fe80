//! Type names, and constants written after one.

use super::{Parsed, Parser};
use crate::ast::{Expr, ExprId, Literal, Servers};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

impl Parser<'_> {
    /// The type of a cast or of a declared column.
    pub(super) fn type_name(&mut self) -> Parsed<()> {
        match self.dialect {
            crate::dialect::Dialect::Sqlite => self.sqlite_type(),
            crate::dialect::Dialect::Postgres => self.postgres_type(),
            crate::dialect::Dialect::Mysql => self.mysql_type(),
            crate::dialect::Dialect::Tsql => self.tsql_type(),
        }
    }

    /// `(n)` or `(n, m)`, where there is one.
    fn type_arguments(&mut self) -> Parsed<()> {
        if !self.eat(Tok::LParen) {
            return Ok(());
        }
        loop {
            self.eat(Tok::Minus);
            let word = !self.mysql() && self.is_name(0, reserved::COLUMN);
            if !word && !matches!(self.kind(), Tok::Number | Tok::Str) {
                return self.expected("a type argument");
            }
            self.bump();
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.close()?;
        Ok(())
    }

    /// Any words, perhaps none, and perhaps numbers in parentheses.
    fn sqlite_type(&mut self) -> Parsed<()> {
        let start = self.at;
        while self.is_name(0, reserved::BARE_ALIAS) || self.kind() == Tok::Str {
            self.bump();
        }
        if self.at == start {
            return Ok(());
        }
        self.type_arguments()
    }

    /// `(n)` with a whole number, where there is one.
    fn type_length(&mut self) -> Parsed<()> {
        if self.eat(Tok::LParen) {
            let length = self.expect(Tok::Number, "a length")?;
            if !self.text(length).bytes().all(|byte| byte.is_ascii_digit()) {
                return self.refuse("the length of a type is a whole number");
            }
            self.close()?;
        }
        Ok(())
    }

    fn postgres_type(&mut self) -> Parsed<()> {
        self.eat_kw(Kw::SETOF);
        match self.kw() {
            Kw::DOUBLE if self.kw_at(1) == Kw::PRECISION => self.at += 2,
            Kw::BIT => {
                self.bump();
                self.eat_kw(Kw::VARYING);
                self.type_arguments()?;
            }
            Kw::CHARACTER | Kw::CHAR | Kw::NCHAR => {
                self.bump();
                self.eat_kw(Kw::VARYING);
                self.type_length()?;
            }
            Kw::NATIONAL => {
                self.bump();
                if !self.eat_any(&[Kw::CHARACTER, Kw::CHAR]) {
                    return self.expected("CHARACTER");
                }
                self.eat_kw(Kw::VARYING);
                self.type_length()?;
            }
            Kw::TIME | Kw::TIMESTAMP => {
                self.bump();
                self.type_length()?;
                self.time_zone();
            }
            Kw::INTERVAL => {
                self.bump();
                self.type_length()?;
                self.interval_fields()?;
            }
            Kw::BIGINT | Kw::BOOLEAN | Kw::INT | Kw::INTEGER | Kw::REAL | Kw::SMALLINT => {
                self.bump();
            }
            Kw::FLOAT | Kw::VARCHAR => {
                self.bump();
                self.type_length()?;
            }
            Kw::DEC | Kw::DECIMAL | Kw::NUMERIC => {
                self.bump();
                self.type_arguments()?;
            }
            _ => {
                self.qualified_name(reserved::TYPE, "a type")?;
                self.type_arguments()?;
            }
        }
        self.array_bounds()
    }

    pub(super) fn time_zone(&mut self) {
        let zoned =
            matches!(self.kw(), Kw::WITH | Kw::WITHOUT) && self.kw_at(1) == Kw::TIME && self.kw_at(2) == Kw::ZONE;
        if zoned {
            self.at += 3;
        }
    }

    fn array_bounds(&mut self) -> Parsed<()> {
        if self.eat_kw(Kw::ARRAY) {
            if self.eat(Tok::LBracket) {
                self.expect(Tok::Number, "a number")?;
                self.expect(Tok::RBracket, "`]`")?;
            }
            return Ok(());
        }
        while self.kind() == Tok::LBracket && matches!(self.kind_at(1), Tok::RBracket | Tok::Number) {
            self.bump();
            self.eat(Tok::Number);
            self.expect(Tok::RBracket, "`]`")?;
        }
        Ok(())
    }

    /// YEAR, DAY TO SECOND(3), ... after an interval.
    pub(super) fn interval_fields(&mut self) -> Parsed<()> {
        const FIELDS: [Kw; 6] = [Kw::YEAR, Kw::MONTH, Kw::DAY, Kw::HOUR, Kw::MINUTE, Kw::SECOND];
        if !self.eat_any(&FIELDS) {
            return Ok(());
        }
        if self.kw() == Kw::TO {
            self.bump();
            if !self.eat_any(&FIELDS) {
                return self.expected("an interval field");
            }
        }
        self.type_arguments()
    }

    fn mysql_type(&mut self) -> Parsed<()> {
        match self.kw() {
            Kw::CHAR | Kw::CHARACTER | Kw::VARCHAR | Kw::NCHAR => {
                self.bump();
                self.type_arguments()?;
                if self.eat_all(&[Kw::CHARACTER, Kw::SET]) || self.eat_any(&[Kw::CHARSET]) {
                    return self.charset();
                }
                if self.kw() == Kw::CHAR && self.kw_at(1) == Kw::SET {
                    self.at += 2;
                    return self.charset();
                }
                self.eat_any(&[Kw::ASCII, Kw::UNICODE, Kw::BINARY]);
            }
            Kw::SIGNED | Kw::UNSIGNED => {
                self.bump();
                self.eat_any(&[Kw::INTEGER, Kw::INT]);
            }
            Kw::DOUBLE => {
                self.bump();
                self.eat_kw(Kw::PRECISION);
                self.type_arguments()?;
            }
            Kw::INTERVAL => {
                self.bump();
                self.bump();
                self.type_arguments()?;
            }
            Kw::BINARY
            | Kw::DATE
            | Kw::DATETIME
            | Kw::TIME
            | Kw::DECIMAL
            | Kw::DEC
            | Kw::INT
            | Kw::INTEGER
            | Kw::FLOAT
            | Kw::REAL
            | Kw::YEAR
            | Kw::JSON
            | Kw::NUMERIC => {
                let digits = self.here() + 2;
                if matches!(self.kw(), Kw::DATETIME | Kw::TIME)
                    && self.kind_at(1) == Tok::LParen
                    && self.kind_at(2) == Tok::Number
                    && self.text(digits).parse().is_ok_and(|digits: u32| digits > 6)
                {
                    self.object_at(digits, Servers::All, "fractions of seconds have at most 6 digits");
                }
                if matches!(self.kw(), Kw::YEAR | Kw::JSON) {
                    self.object_at(self.here(), Servers::MariaDb, "MariaDB's CAST does not know this type");
                }
                self.bump();
                self.type_arguments()?;
            }
            _ if self.is_spatial_or_other_cast_type() => {
                self.bump();
                self.type_arguments()?;
            }
            _ => return self.expected("a type that CAST knows"),
        }
        self.eat_kw(Kw::ARRAY);
        Ok(())
    }

    fn is_spatial_or_other_cast_type(&self) -> bool {
        const TYPES: [&str; 12] = [
            "point",
            "linestring",
            "polygon",
            "multipoint",
            "multilinestring",
            "multipolygon",
            "geometrycollection",
            "geometry",
            "inet4",
            "inet6",
            "uuid",
            "fixed",
        ];
        self.kind() == Tok::Word
            && TYPES
                .iter()
                .any(|name| self.text(self.here()).eq_ignore_ascii_case(name))
    }

    pub(super) fn charset(&mut self) -> Parsed<()> {
        let named = self.is_name(0, reserved::COLUMN) || self.kind() == Tok::Str || self.kw() == Kw::BINARY;
        if !named {
            return self.expected("a character set");
        }
        self.bump();
        Ok(())
    }

    fn tsql_type(&mut self) -> Parsed<()> {
        if self.kw() == Kw::DOUBLE {
            self.bump();
            self.eat_kw(Kw::PRECISION);
            return Ok(());
        }
        if self.eat_kw(Kw::NATIONAL) && !matches!(self.kw(), Kw::CHARACTER | Kw::CHAR) {
            return self.expected("CHARACTER");
        }
        self.qualified_name(reserved::ALIAS, "a type")?;
        self.eat_kw(Kw::VARYING);
        self.type_arguments()
    }

    /// A type followed by a string, as PostgreSQL writes constants of any type.
    pub(super) fn typed_literal(&mut self) -> Parsed<ExprId> {
        let token = self.here();
        self.postgres_type()?;
        self.expect(Tok::Str, "a string after the type")?;
        if self.tokens[token as usize].kw == Kw::INTERVAL {
            self.interval_fields()?;
        }
        Ok(self.push(Expr::Literal(Literal::String), token))
    }

    /// Whether a type with a string after it begins here.
    pub(super) fn starts_typed_literal(&self) -> bool {
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
}
