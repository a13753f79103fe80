//! When a running statement must stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Virtual machine steps between two looks at the clock: some ten microseconds.
const STEPS_BETWEEN_CHECKS: i32 = 2_000;

/// The deadline of what runs on one connection.
#[derive(Debug)]
pub(super) struct Watch {
    epoch: Instant,
    /// Nanoseconds after `epoch`; `u64::MAX` while nothing runs.
    deadline: AtomicU64,
    cancelled: AtomicBool,
}

impl Watch {
    /// A watch over `connection` that lets everything run until it is started.
    pub(super) fn over(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let watch = Arc::new(Self {
            epoch: Instant::now(),
            deadline: AtomicU64::new(u64::MAX),
            cancelled: AtomicBool::new(false),
        });
        let seen = Arc::clone(&watch);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(move || seen.is_over()))?;
        Ok(watch)
    }

    pub(super) fn start(&self, limit: Duration) {
        self.cancelled.store(false, Ordering::Relaxed);
        let deadline = self.epoch.elapsed().saturating_add(limit).as_nanos();
        self.deadline
            .store(u64::try_from(deadline).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }

    /// Ends the running statement at the next check.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
            || self.epoch.elapsed().as_nanos() > u128::from(self.deadline.load(Ordering::Relaxed))
    }
}
