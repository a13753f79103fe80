//! What goes wrong, and when.

use std::time::Duration;

use crate::tokens::SqlError;

/// The `when` of faults at the first exchange.
pub const PRELOGIN: &str = "(first exchange)";
/// The `when` of faults at the login.
pub const LOGIN: &str = "(login)";

/// One thing that goes wrong with one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The connection closes before any answer.
    Drop,
    /// The connection closes in the middle of the result, after so many rows.
    DropAfterRows(usize),
    /// The connection is reset.
    Reset,
    /// No answer; an attention is acknowledged.
    Stall,
    /// No answer, not even to an attention.
    Deaf,
    /// An answer that is no token stream.
    Garbage,
    /// A pause before each packet of the answer.
    Slow(Duration),
    /// The server refuses.
    Error(SqlError),
    /// The server answers as it should, after saying something.
    Info(String),
}

/// A fault and the requests it befalls.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) fault: Fault,
    /// Part of the request's text, without regard to case.
    pub(crate) when: String,
    /// Requests it still befalls.
    pub(crate) times: usize,
}

/// Takes the fault that befalls a request of this text.
pub(crate) fn take(plan: &mut [Planned], text: &str) -> Option<Fault> {
    let text = text.to_lowercase();
    let planned = plan
        .iter_mut()
        .find(|planned| planned.times > 0 && text.contains(&planned.when.to_lowercase()))?;
    planned.times -= 1;
    Some(planned.fault.clone())
}
