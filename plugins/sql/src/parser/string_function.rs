//! String functions with keywords among their arguments.

use super::{Parsed, Parser};
use crate::ast::ExprId;
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    pub(super) fn position(&mut self) -> Parsed<ExprId> {
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
    pub(super) fn substring(&mut self) -> Parsed<ExprId> {
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

    pub(super) fn overlay(&mut self) -> Parsed<ExprId> {
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

    pub(super) fn trim(&mut self) -> Parsed<ExprId> {
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

    pub(super) fn normalize(&mut self) -> Parsed<ExprId> {
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

    pub(super) fn collation_for(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.expect_kw(Kw::FOR)?;
        self.open()?;
        let value = self.expr()?;
        self.close()?;
        let args = self.one(value);
        self.special_call(name, args)
    }

    pub(super) fn char_using(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let args = self.expr_list()?;
        if self.eat_kw(Kw::USING) {
            self.charset()?;
        }
        self.close()?;
        self.special_call(name, args)
    }

    pub(super) fn weight_string(&mut self) -> Parsed<ExprId> {
        let name = self.bump();
        self.open()?;
        let args = self.expr_list()?;
        if self.eat_kw(Kw::AS) {
            self.type_name()?;
        }
        self.close()?;
        self.special_call(name, args)
    }
}
