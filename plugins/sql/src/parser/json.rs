//! SQL/JSON and SQL/XML functions, whose arguments have keywords among them.

use super::{Parsed, Parser};
use crate::ast::{ExprId, List, Servers};
use crate::keyword::Kw;
use crate::reserved;
use crate::token::Tok;

/// Whether a function takes `key: value`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairs {
    Refused,
    Allowed,
    Required,
}

impl Parser<'_> {
    pub(super) fn json_or_xml(&mut self) -> Parsed<Option<ExprId>> {
        if self.kind_at(1) == Tok::LParen && self.mysql() && self.kw() == Kw::JSON_VALUE {
            return self.mysql_json_value().map(Some);
        }
        if self.kind_at(1) != Tok::LParen || self.sqlite() || self.mysql() {
            return Ok(None);
        }
        let name = self.here();
        let args = match self.kw() {
            Kw::JSON_VALUE | Kw::JSON_QUERY | Kw::JSON_EXISTS if self.postgres() => {
                self.at += 2;
                let args = self.json_arguments(Pairs::Refused)?;
                if args.len != 2 {
                    return self.refuse("a value and a path are expected");
                }
                args
            }
            Kw::JSON_OBJECT | Kw::JSON_OBJECTAGG => {
                self.at += 2;
                self.json_arguments(if self.tsql() { Pairs::Required } else { Pairs::Allowed })?
            }
            Kw::JSON_ARRAYAGG => {
                self.at += 2;
                let args = self.json_arguments(Pairs::Refused)?;
                if args.len == 0 {
                    return self.expected("a value");
                }
                args
            }
            Kw::JSON_ARRAY
            | Kw::JSON
            | Kw::JSON_SCALAR
            | Kw::JSON_SERIALIZE
            | Kw::JSON_VALUE
            | Kw::JSON_QUERY
            | Kw::JSON_EXISTS => {
                self.at += 2;
                self.json_arguments(Pairs::Refused)?
            }
            Kw::XMLELEMENT
            | Kw::XMLFOREST
            | Kw::XMLPARSE
            | Kw::XMLPI
            | Kw::XMLROOT
            | Kw::XMLSERIALIZE
            | Kw::XMLEXISTS
                if self.postgres() =>
            {
                self.xml_function()?
            }
            _ => return Ok(None),
        };
        self.close()?;
        self.special_call(name, args).map(Some)
    }

    /// `JSON_VALUE(document, path [RETURNING type] [... ON EMPTY] [... ON ERROR])`; MariaDB has the two arguments alone.
    fn mysql_json_value(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let args = self.expr_list()?;
        if args.len != 2 {
            return self.refuse("a value and a path are expected");
        }
        if self.kind() != Tok::RParen {
            let message = "MariaDB's JSON_VALUE takes a document and a path only";
            self.object_at(self.here(), Servers::MariaDb, message);
        }
        if self.eat_kw(Kw::RETURNING) {
            self.type_name()?;
        }
        for outcome in [Kw::EMPTY, Kw::ERROR] {
            if matches!(self.kw(), Kw::NULL | Kw::ERROR) && self.kw_at(1) == Kw::ON && self.kw_at(2) == outcome {
                self.at += 3;
            } else if self.kw() == Kw::DEFAULT {
                self.bump();
                self.primary()?;
                self.expect_kw(Kw::ON)?;
                self.expect_kw(outcome)?;
            }
        }
        self.close()?;
        self.special_call(name, args)
    }

    /// Values or `key: value` pairs, and the clauses between them.
    fn json_arguments(&mut self, pairs: Pairs) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        self.json_clauses()?;
        if self.kind() == Tok::RParen {
            return Ok(self.list_from(mark));
        }
        if self.starts_query() {
            let inner = self.paren_content()?;
            self.scratch.ids.push(inner);
            self.json_clauses()?;
            return Ok(self.list_from(mark));
        }
        loop {
            let key = self.expr()?;
            self.scratch.ids.push(key);
            self.json_format()?;
            let colon = self.here();
            let paired =
                pairs != Pairs::Refused && (self.eat(Tok::Colon) || (self.postgres() && self.eat_kw(Kw::VALUE)));
            if paired && self.postgres() {
                let message = "JSON_OBJECT with `:` or VALUE came with PostgreSQL 16: use json_build_object";
                self.object_at(colon, Servers::PostgresBefore(16), message);
            }
            if pairs == Pairs::Required && !paired {
                return self.expected("`:` and a value");
            }
            if paired {
                let value = self.expr()?;
                self.scratch.ids.push(value);
                self.json_format()?;
            }
            if !self.eat(Tok::Comma) {
                break;
            }
        }
        self.json_clauses()?;
        Ok(self.list_from(mark))
    }

    fn json_format(&mut self) -> Parsed<()> {
        if self.kw() == Kw::FORMAT && self.kw_at(1) == Kw::JSON {
            self.at += 2;
            if self.eat_kw(Kw::ENCODING) {
                self.name_token(reserved::COLUMN, "an encoding")?;
            }
        }
        Ok(())
    }

    /// ON NULL, UNIQUE KEYS, RETURNING, PASSING, wrappers and what to do on errors, in any order.
    pub(super) fn json_clauses(&mut self) -> Parsed<()> {
        loop {
            match self.kw() {
                Kw::ORDER => {
                    self.order_by()?;
                }
                Kw::ABSENT => self.on_outcome(1, &[Kw::NULL])?,
                Kw::NULL if self.kw_at(1) == Kw::ON => self.on_outcome(1, &[Kw::NULL, Kw::EMPTY, Kw::ERROR])?,
                Kw::ERROR | Kw::TRUE | Kw::FALSE | Kw::UNKNOWN if self.kw_at(1) == Kw::ON => {
                    self.on_outcome(1, &[Kw::EMPTY, Kw::ERROR])?;
                }
                Kw::EMPTY => {
                    let words = if matches!(self.kw_at(1), Kw::ARRAY | Kw::OBJECT) {
                        2
                    } else {
                        1
                    };
                    self.on_outcome(words, &[Kw::EMPTY, Kw::ERROR])?;
                }
                Kw::DEFAULT => {
                    self.bump();
                    self.expr()?;
                    self.on_outcome(0, &[Kw::EMPTY, Kw::ERROR])?;
                }
                Kw::WITH | Kw::WITHOUT => self.keys_or_wrapper()?,
                Kw::KEEP | Kw::OMIT => {
                    self.bump();
                    self.expect_kw(Kw::QUOTES)?;
                    if self.eat_kw(Kw::ON) {
                        self.bump();
                        self.bump();
                    }
                }
                Kw::RETURNING => {
                    self.bump();
                    self.type_name()?;
                    self.json_format()?;
                }
                Kw::PASSING => self.passing()?,
                _ => return Ok(()),
            }
        }
    }

    fn on_outcome(&mut self, words: usize, outcomes: &[Kw]) -> Parsed<()> {
        self.at += words;
        self.expect_kw(Kw::ON)?;
        if self.eat_any(outcomes) {
            Ok(())
        } else {
            self.expected("EMPTY, ERROR or NULL after ON")
        }
    }

    fn keys_or_wrapper(&mut self) -> Parsed<()> {
        self.bump();
        if self.eat_kw(Kw::UNIQUE) {
            self.eat_kw(Kw::KEYS);
            return Ok(());
        }
        self.eat_any(&[Kw::CONDITIONAL, Kw::UNCONDITIONAL]);
        self.eat_kw(Kw::ARRAY);
        self.expect_kw(Kw::WRAPPER)?;
        Ok(())
    }

    fn passing(&mut self) -> Parsed<()> {
        self.bump();
        loop {
            self.expr()?;
            self.expect_kw(Kw::AS)?;
            self.name_token(reserved::ALIAS, "a name")?;
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    fn xml_function(&mut self) -> Parsed<List> {
        let function = self.kw();
        self.at += 2;
        let mark = self.scratch.ids.len();
        match function {
            Kw::XMLELEMENT | Kw::XMLPI => {
                self.expect_kw(Kw::NAME)?;
                self.name_token(reserved::ALIAS, "a name")?;
                if self.eat(Tok::Comma) {
                    if self.eat_kw(Kw::XMLATTRIBUTES) {
                        self.open()?;
                        self.named_values()?;
                        self.close()?;
                        if self.eat(Tok::Comma) {
                            self.expr_list_onto()?;
                        }
                    } else {
                        self.expr_list_onto()?;
                    }
                }
            }
            Kw::XMLFOREST => self.named_values()?,
            Kw::XMLPARSE | Kw::XMLSERIALIZE => {
                if !self.eat_any(&[Kw::DOCUMENT, Kw::CONTENT]) {
                    return self.expected("DOCUMENT or CONTENT");
                }
                let value = self.expr()?;
                self.scratch.ids.push(value);
                if function == Kw::XMLSERIALIZE {
                    self.expect_kw(Kw::AS)?;
                    self.type_name()?;
                    let _ = self.eat_kw(Kw::INDENT) || self.eat_all(&[Kw::NO, Kw::INDENT]);
                }
                let _ = self.eat_all(&[Kw::PRESERVE, Kw::WHITESPACE]) || self.eat_all(&[Kw::STRIP, Kw::WHITESPACE]);
            }
            Kw::XMLROOT => self.xml_root()?,
            _ => {
                let path = self.expr_above(super::infix::LIKE_POWER)?;
                self.scratch.ids.push(path);
                self.expect_kw(Kw::PASSING)?;
                self.xml_passing()?;
            }
        }
        Ok(self.list_from(mark))
    }

    /// The document of XMLEXISTS and XMLTABLE, BY REF or not.
    pub(super) fn xml_passing(&mut self) -> Parsed<()> {
        let _ = self.eat_all(&[Kw::BY, Kw::REF]) || self.eat_all(&[Kw::BY, Kw::VALUE]);
        let document = self.expr()?;
        self.scratch.ids.push(document);
        let _ = self.eat_all(&[Kw::BY, Kw::REF]) || self.eat_all(&[Kw::BY, Kw::VALUE]);
        Ok(())
    }

    fn xml_root(&mut self) -> Parsed<()> {
        let value = self.expr()?;
        self.scratch.ids.push(value);
        self.expect(Tok::Comma, "`,`")?;
        self.expect_kw(Kw::VERSION)?;
        if !self.eat_all(&[Kw::NO, Kw::VALUE]) {
            let version = self.expr()?;
            self.scratch.ids.push(version);
        }
        if self.eat(Tok::Comma) {
            self.expect_kw(Kw::STANDALONE)?;
            if !self.eat_all(&[Kw::NO, Kw::VALUE]) && !self.eat_any(&[Kw::YES, Kw::NO]) {
                return self.expected("YES or NO");
            }
        }
        Ok(())
    }

    fn named_values(&mut self) -> Parsed<()> {
        loop {
            let value = self.expr()?;
            self.scratch.ids.push(value);
            if self.eat_kw(Kw::AS) {
                self.name_token(reserved::ALIAS, "a name")?;
            }
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }
}
