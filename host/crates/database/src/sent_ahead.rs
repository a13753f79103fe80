//! The statement that a session was sent while the one before it was answered.

use crate::Limits;
use crate::session_error::SessionError;

/// Longest statement that is sent ahead, in bytes: a server takes in so much even while it waits for its rows to be read.
const LONGEST: usize = 4 << 10;

/// The statement, and the limits it was sent under.
#[derive(Default)]
pub(crate) struct SentAhead(Option<(String, Limits)>);

impl SentAhead {
    /// Whether a statement may be sent ahead.
    pub(crate) fn takes(sql: &str) -> bool {
        sql.len() <= LONGEST
    }

    /// Notes that a statement was sent ahead.
    pub(crate) fn put(&mut self, sql: &str, limits: &Limits) {
        self.0 = Some((sql.to_owned(), *limits));
    }

    /// Whether one was sent whose answer was not asked for yet.
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Forgets it, and says whether there was one.
    pub(crate) fn forget(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Whether this statement was sent already. If another was, the session's answers are not those that are waited for.
    pub(crate) fn take<S>(&mut self, sql: &str, limits: &Limits) -> Result<bool, SessionError<S>> {
        match self.0.take() {
            Some((ahead, its_limits)) if ahead == sql && its_limits == *limits => Ok(true),
            Some(_) => Err(SessionError::Unusable("another statement was sent ahead".into())),
            None => Ok(false),
        }
    }
}
