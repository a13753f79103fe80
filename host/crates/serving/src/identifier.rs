//! Names that no two answers share, and the time they are given.

use std::time::{SystemTime, UNIX_EPOCH};

/// A name that begins with `prefix`.
pub(crate) fn unique(prefix: &str) -> String {
    format!("{prefix}{:032x}", rand::random::<u128>())
}

/// Seconds since 1970-01-01 UTC.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
