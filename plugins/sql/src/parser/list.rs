//! Stacks on which lists grow while nested queries build theirs.

use super::{Parsed, Parser};
use crate::ast::{Cte, ExprId, Item, List, Operand, Window};
use crate::token::Tok;

#[derive(Default)]
pub(super) struct Scratch {
    pub ids: Vec<u32>,
    pub items: Vec<Item>,
    pub ctes: Vec<Cte>,
    pub operands: Vec<Operand>,
    pub windows: Vec<Window>,
}

impl Parser<'_> {
    /// Turns what was pushed on the id stack since `mark` into a list of the tree.
    pub(super) fn list_from(&mut self, mark: usize) -> List {
        let start = self.ast.ids.len() as u32;
        self.ast.ids.extend(self.scratch.ids.drain(mark..));
        List {
            start,
            len: self.ast.ids.len() as u32 - start,
        }
    }

    /// One or more expressions with commas between.
    pub(super) fn expr_list(&mut self) -> Parsed<List> {
        let mark = self.scratch.ids.len();
        self.expr_list_onto()?;
        Ok(self.list_from(mark))
    }

    /// As [`expr_list`](Self::expr_list), left on the id stack.
    pub(super) fn expr_list_onto(&mut self) -> Parsed<()> {
        loop {
            let expr = self.expr()?;
            self.scratch.ids.push(expr);
            if !self.eat(Tok::Comma) {
                return Ok(());
            }
        }
    }

    pub(super) fn one(&mut self, expr: ExprId) -> List {
        let start = self.ast.ids.len() as u32;
        self.ast.ids.push(expr);
        List { start, len: 1 }
    }
}
