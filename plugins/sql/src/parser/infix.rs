//! Binding powers of the operators between operands, per dialect.
//!
//! PostgreSQL: table 4.2 of its documentation; SQLite: lang_expr.html; MySQL: "Operator Precedence"; T-SQL: "Operator precedence".

use super::Parser;
use crate::ast::BinaryOp;
use crate::keyword::Kw;
use crate::token::Tok;

/// What the tokens after an operand do to it.
pub(super) enum Step {
    /// A left-associative operator.
    Binary { op: BinaryOp, power: u8 },
    /// A right-associative operator.
    RightBinary { op: BinaryOp, power: u8 },
    /// An operator that does not associate.
    Chained { op: BinaryOp, power: u8 },
    /// Something with a grammar of its own: IS, IN, LIKE, BETWEEN, COLLATE, `::`, ...; `once` where it does not associate.
    Postfix { power: u8, once: bool },
}

impl Step {
    pub(super) fn power(&self) -> u8 {
        match self {
            Step::Binary { power, .. }
            | Step::RightBinary { power, .. }
            | Step::Chained { power, .. }
            | Step::Postfix { power, .. } => *power,
        }
    }
}

pub(super) const OR_POWER: u8 = 10;
pub(super) const XOR_POWER: u8 = 15;
pub(super) const AND_POWER: u8 = 20;
pub(super) const NOT_POWER: u8 = 30;
/// IS in PostgreSQL, every comparison elsewhere.
pub(super) const IS_POWER: u8 = 40;
pub(super) const COMPARE_POWER: u8 = 45;
pub(super) const LIKE_POWER: u8 = 50;
const BIT_OR_POWER: u8 = 60;
const BIT_AND_POWER: u8 = 62;
const SHIFT_POWER: u8 = 64;
const OPERATOR_POWER: u8 = 66;
pub(super) const ADD_POWER: u8 = 70;
const MULTIPLY_POWER: u8 = 80;
const POWER_POWER: u8 = 90;
const CONCAT_POWER: u8 = 92;
const ZONE_POWER: u8 = 94;
const COLLATE_POWER: u8 = 96;
const SIGN_POWER: u8 = 98;
const CAST_POWER: u8 = 110;

fn compare(kind: Tok) -> BinaryOp {
    BinaryOp::Compare(kind)
}

impl Parser<'_> {
    /// The operator here, if there is one.
    pub(super) fn infix(&self) -> Option<Step> {
        match self.kind() {
            Tok::Word => self.word_operator(),
            _ if self.postgres() => self.postgres_operator(),
            _ if self.sqlite() => self.sqlite_operator(),
            _ if self.mysql() => self.mysql_operator(),
            _ => self.tsql_operator(),
        }
    }

    fn word_operator(&self) -> Option<Step> {
        let binary = |op, power| Some(Step::Binary { op, power });
        let postfix = |power, once| Some(Step::Postfix { power, once });
        let (postgres, mysql) = (self.postgres(), self.mysql());
        if postgres && self.is_operator_label() {
            return None;
        }
        let (is, like) = if postgres {
            (IS_POWER, LIKE_POWER)
        } else {
            (COMPARE_POWER, COMPARE_POWER)
        };
        match self.kw() {
            Kw::AND => binary(BinaryOp::And, AND_POWER),
            Kw::OR => binary(BinaryOp::Or, OR_POWER),
            Kw::XOR if mysql => binary(BinaryOp::Or, XOR_POWER),
            Kw::IS => postfix(is, postgres),
            Kw::ISNULL | Kw::NOTNULL if postgres || self.sqlite() => postfix(is, postgres),
            Kw::NOT => {
                let null = self.kw_at(1) == Kw::NULL;
                (!null || self.sqlite()).then_some(Step::Postfix {
                    power: like,
                    once: postgres,
                })
            }
            Kw::IN | Kw::LIKE | Kw::BETWEEN => postfix(like, postgres),
            Kw::ILIKE | Kw::SIMILAR if postgres => postfix(like, true),
            Kw::GLOB | Kw::MATCH | Kw::REGEXP if self.sqlite() => postfix(like, false),
            Kw::REGEXP | Kw::RLIKE if mysql => postfix(like, false),
            Kw::SOUNDS if mysql && self.kw_at(1) == Kw::LIKE => postfix(like, false),
            Kw::MEMBER if mysql && self.kw_at(1) == Kw::OF => postfix(like, false),
            Kw::DIV | Kw::MOD if mysql => binary(BinaryOp::Other(Tok::Word), MULTIPLY_POWER),
            Kw::COLLATE => postfix(COLLATE_POWER, false),
            Kw::AT if !self.sqlite() && !mysql => {
                matches!(self.kw_at(1), Kw::TIME | Kw::LOCAL).then_some(Step::Postfix {
                    power: ZONE_POWER,
                    once: false,
                })
            }
            Kw::OPERATOR if postgres && self.kind_at(1) == Tok::LParen => postfix(OPERATOR_POWER, false),
            Kw::OVERLAPS if postgres => postfix(LIKE_POWER, true),
            Kw::OVERLAPS if self.tsql() && self.kind_at(1) == Tok::LParen => postfix(LIKE_POWER, false),
            _ => None,
        }
    }

    /// PostgreSQL: whether a word that is an operator elsewhere names the item before it, as in `SELECT a AND FROM t`.
    fn is_operator_label(&self) -> bool {
        let needs_operand = !matches!(self.kw(), Kw::ISNULL | Kw::NOTNULL);
        let ends_item = matches!(self.kind_at(1), Tok::End | Tok::Comma | Tok::RParen | Tok::Semi)
            || matches!(
                self.kw_at(1),
                Kw::FROM
                    | Kw::WHERE
                    | Kw::GROUP
                    | Kw::HAVING
                    | Kw::WINDOW
                    | Kw::UNION
                    | Kw::INTERSECT
                    | Kw::EXCEPT
                    | Kw::ORDER
                    | Kw::LIMIT
                    | Kw::OFFSET
                    | Kw::FETCH
            );
        needs_operand && ends_item
    }

    fn postgres_operator(&self) -> Option<Step> {
        let binary = |power| {
            Some(Step::Binary {
                op: BinaryOp::Other(self.kind()),
                power,
            })
        };
        match self.kind() {
            Tok::Eq | Tok::NotEq | Tok::Lt | Tok::LtEq | Tok::Gt | Tok::GtEq => Some(Step::Chained {
                op: compare(self.kind()),
                power: COMPARE_POWER,
            }),
            Tok::Plus | Tok::Minus => binary(ADD_POWER),
            Tok::Star | Tok::Slash | Tok::Percent => binary(MULTIPLY_POWER),
            Tok::Caret => binary(POWER_POWER),
            Tok::Concat | Tok::Arrow | Tok::LongArrow | Tok::Op => binary(OPERATOR_POWER),
            Tok::DoubleColon => Some(Step::Postfix {
                power: CAST_POWER,
                once: false,
            }),
            _ => None,
        }
    }

    fn sqlite_operator(&self) -> Option<Step> {
        let binary = |power| {
            Some(Step::Binary {
                op: BinaryOp::Other(self.kind()),
                power,
            })
        };
        match self.kind() {
            Tok::Eq | Tok::NotEq => Some(Step::Binary {
                op: compare(self.kind()),
                power: COMPARE_POWER,
            }),
            Tok::Lt | Tok::LtEq | Tok::Gt | Tok::GtEq => Some(Step::Binary {
                op: compare(self.kind()),
                power: LIKE_POWER,
            }),
            Tok::Amp | Tok::Pipe | Tok::ShiftLeft | Tok::ShiftRight => binary(BIT_OR_POWER),
            Tok::Plus | Tok::Minus => binary(ADD_POWER),
            Tok::Star | Tok::Slash | Tok::Percent => binary(MULTIPLY_POWER),
            Tok::Concat | Tok::Arrow | Tok::LongArrow => binary(CONCAT_POWER),
            _ => None,
        }
    }

    fn mysql_operator(&self) -> Option<Step> {
        let binary = |power| {
            Some(Step::Binary {
                op: BinaryOp::Other(self.kind()),
                power,
            })
        };
        match self.kind() {
            Tok::Eq | Tok::NullSafeEq | Tok::NotEq | Tok::Lt | Tok::LtEq | Tok::Gt | Tok::GtEq => Some(Step::Binary {
                op: compare(self.kind()),
                power: COMPARE_POWER,
            }),
            Tok::Concat => Some(Step::Binary {
                op: BinaryOp::Or,
                power: OR_POWER,
            }),
            Tok::AndAnd => Some(Step::Binary {
                op: BinaryOp::And,
                power: AND_POWER,
            }),
            Tok::Assign => Some(Step::RightBinary {
                op: BinaryOp::Other(Tok::Assign),
                power: 5,
            }),
            Tok::Pipe => binary(BIT_OR_POWER),
            Tok::Amp => binary(BIT_AND_POWER),
            Tok::ShiftLeft | Tok::ShiftRight => binary(SHIFT_POWER),
            Tok::Plus | Tok::Minus => binary(ADD_POWER),
            Tok::Star | Tok::Slash | Tok::Percent => binary(MULTIPLY_POWER),
            Tok::Caret => binary(POWER_POWER),
            Tok::Arrow | Tok::LongArrow => binary(CONCAT_POWER),
            _ => None,
        }
    }

    fn tsql_operator(&self) -> Option<Step> {
        let binary = |power| {
            Some(Step::Binary {
                op: BinaryOp::Other(self.kind()),
                power,
            })
        };
        match self.kind() {
            Tok::Eq | Tok::NotEq | Tok::Lt | Tok::LtEq | Tok::Gt | Tok::GtEq => Some(Step::Chained {
                op: compare(self.kind()),
                power: COMPARE_POWER,
            }),
            Tok::Plus | Tok::Minus | Tok::Amp | Tok::Pipe | Tok::Caret | Tok::Concat => binary(ADD_POWER),
            Tok::ShiftLeft | Tok::ShiftRight => binary(ADD_POWER),
            Tok::Star | Tok::Slash | Tok::Percent => binary(MULTIPLY_POWER),
            _ => None,
        }
    }

    /// How tightly a prefix operator holds its operand.
    pub(super) fn prefix_power(&self, kind: Tok) -> u8 {
        match kind {
            Tok::Op | Tok::Tilde | Tok::Arrow | Tok::LongArrow | Tok::Concat if self.postgres() => OPERATOR_POWER,
            _ if self.sqlite() => SIGN_POWER,
            _ => SIGN_POWER - 1,
        }
    }
}
