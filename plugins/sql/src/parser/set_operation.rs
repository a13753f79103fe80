//! Set operations: UNION, INTERSECT and EXCEPT, and what stands between them.

use super::{Parsed, Parser};
use crate::ast::{Body, Operand, Servers, SetOp};
use crate::keyword::Kw;
use crate::token::Tok;

impl Parser<'_> {
    /// Operands joined by UNION and EXCEPT; in SQLite INTERSECT ranks with them.
    pub(super) fn set_operations(&mut self, first: Option<u32>) -> Parsed<u32> {
        if self.sqlite() {
            return self.operand_chain(first, &[Kw::UNION, Kw::EXCEPT, Kw::INTERSECT], Self::operand);
        }
        let left = self.intersections(first)?;
        self.operand_chain(Some(left), &[Kw::UNION, Kw::EXCEPT], |parser| {
            parser.intersections(None)
        })
    }

    fn intersections(&mut self, first: Option<u32>) -> Parsed<u32> {
        self.operand_chain(first, &[Kw::INTERSECT], Self::operand)
    }

    fn operand_chain(
        &mut self,
        first: Option<u32>,
        operators: &[Kw],
        operand: impl Fn(&mut Self) -> Parsed<u32>,
    ) -> Parsed<u32> {
        let first = match first {
            Some(body) => body,
            None => operand(self)?,
        };
        if !self.is_set_operator(operators) {
            return Ok(first);
        }
        let mark = self.scratch.operands.len();
        self.scratch.operands.push(Operand {
            op: self.set_operator(),
            body: first,
        });
        while self.is_set_operator(operators) {
            let op = self.set_operator();
            self.bump();
            let all = self.eat_kw(Kw::ALL);
            if all && (self.tsql() || self.sqlite()) && op != SetOp::Union {
                return self.refuse("only UNION can have ALL here");
            }
            if !all && !self.sqlite() && !self.tsql() {
                self.eat_kw(Kw::DISTINCT);
            }
            let body = operand(self)?;
            self.scratch.operands.push(Operand { op, body });
        }
        self.scratch.operands[mark].op = self.scratch.operands[mark + 1].op;
        let start = self.ast.operands.len() as u32;
        self.ast.operands.extend(self.scratch.operands.drain(mark..));
        let count = self.ast.operands.len() as u32 - start;
        Ok(self.body(Body::Compound(start, count)))
    }

    fn is_set_operator(&self, operators: &[Kw]) -> bool {
        operators.contains(&self.kw())
    }

    fn set_operator(&self) -> SetOp {
        match self.kw() {
            Kw::INTERSECT => SetOp::Intersect,
            Kw::EXCEPT => SetOp::Except,
            _ => SetOp::Union,
        }
    }

    fn operand(&mut self) -> Parsed<u32> {
        match self.kw() {
            Kw::SELECT => {
                let select = self.select()?;
                Ok(self.body(Body::Select(select)))
            }
            Kw::VALUES if self.starts_query() => {
                if self.mysql() && self.kw_at(1) == Kw::ROW {
                    self.object_at(self.here(), Servers::MariaDb, "MariaDB writes VALUES without ROW");
                }
                let rows = self.values()?;
                Ok(self.body(Body::Values(rows)))
            }
            Kw::TABLE if self.starts_query() => {
                if self.mysql() {
                    self.object_at(
                        self.here(),
                        Servers::MariaDb,
                        "MariaDB has no TABLE statement: SELECT * FROM it",
                    );
                }
                self.bump();
                let table = self.plain_table()?;
                Ok(self.body(Body::Table(table)))
            }
            _ if self.kind() == Tok::LParen && !self.sqlite() => {
                self.bump();
                if !self.starts_query() && self.kind() != Tok::LParen {
                    return self.expected("a query");
                }
                let query = self.query()?;
                self.close()?;
                Ok(self.body(Body::Paren(query)))
            }
            _ => self.expected("SELECT"),
        }
    }
}
