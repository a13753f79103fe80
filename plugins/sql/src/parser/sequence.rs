//! Values of sequences.

use super::{Parsed, Parser};
use crate::ast::{ExprId, List};
use crate::reserved;

impl Parser<'_> {
    pub(super) fn next_value(&mut self) -> Parsed<ExprId> {
        self.not_read_only("NEXT VALUE FOR advances a sequence");
        self.previous_value()
    }

    /// NEXT or PREVIOUS VALUE FOR a sequence.
    pub(super) fn previous_value(&mut self) -> Parsed<ExprId> {
        let name = self.here();
        self.at += 3;
        let sequence = self.qualified_name(reserved::TABLE, "a sequence")?;
        if (sequence.last - sequence.first) % 2 == 1 {
            return self.refuse("only the name of a table may leave its schema out");
        }
        self.special_call(name, List::default())
    }
}
