//! How far several answers to one question agree.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Statements behind an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Statements that were written.
    pub written: u32,
    /// Of these, statements that ran.
    pub ran: u32,
    /// Of these, statements with the result of the answer.
    pub agreed: u32,
}

impl Agreement {
    /// The share of the statements that have the result of the answer; none where it stands alone.
    pub fn confidence(self) -> Option<f64> {
        (self.written > 1).then(|| f64::from(self.agreed) / f64::from(self.written))
    }
}
