//! What one statement may cost.

use std::time::Duration;

/// Limits of one statement. A statement over its time ends with [`QueryError::Timeout`](crate::QueryError::Timeout); a result over its
/// rows or bytes is cut and marked [`truncated`](nl2sql_catalog::ResultSet::truncated).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time in milliseconds, enforced by the server and, half a second later, by the client.
    pub timeout_ms: u64,
    /// Rows kept.
    pub max_rows: usize,
    /// Bytes of values kept, summed over all rows.
    pub max_bytes: usize,
}

impl Default for Limits {
    /// Ten seconds, 10,000 rows, 16 MiB.
    fn default() -> Self {
        Self {
            timeout_ms: 10_000,
            max_rows: 10_000,
            max_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// The server's share of the time.
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.max(1))
    }

    /// How long the client waits before it cancels by itself.
    pub fn client_timeout(&self) -> Duration {
        self.timeout() + Duration::from_millis(500)
    }

    /// Limits of a catalog query: a minute at least, every row, up to 1 GiB.
    pub(crate) fn of_catalog(&self) -> Self {
        Self {
            timeout_ms: self.timeout_ms.max(60_000),
            max_rows: usize::MAX,
            max_bytes: 1 << 30,
        }
    }

    /// The same limits with another row cap.
    pub fn with_max_rows(self, max_rows: usize) -> Self {
        Self { max_rows, ..self }
    }

    /// The same limits with another time limit.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self {
            timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            ..self
        }
    }
}
