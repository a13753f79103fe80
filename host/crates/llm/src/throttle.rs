//! How many requests may be in flight and how fast they may start.
//!
//! Concurrency follows additive increase, multiplicative decrease (Chiu and Jain, 1989): one more per round of good answers, half when the
//! provider says it has too much to do. Rates are token buckets over one minute.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::RateLimits;

/// One provider's throttle.
#[derive(Debug)]
pub struct Throttle {
    limits: RateLimits,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: u32,
    window: f64,
    not_before: Instant,
    halved: Option<Instant>,
    requests: Bucket,
    tokens: Bucket,
}

/// Time within which reports of overload count as one.
const ONE_OVERLOAD: Duration = Duration::from_millis(500);

#[derive(Debug)]
struct Bucket {
    per_minute: f64,
    level: f64,
    filled: Instant,
}

impl Bucket {
    fn new(per_minute: u32, now: Instant) -> Self {
        Self {
            per_minute: f64::from(per_minute),
            level: f64::from(per_minute),
            filled: now,
        }
    }

    /// Time until `amount` can be taken. An amount larger than the bucket waits for a full one.
    fn wait(&mut self, amount: f64, now: Instant) -> Duration {
        if self.per_minute == 0.0 {
            return Duration::ZERO;
        }
        let elapsed = now.duration_since(self.filled).as_secs_f64();
        self.level = (self.level + elapsed * self.per_minute / 60.0).min(self.per_minute);
        self.filled = now;
        let missing = amount.min(self.per_minute) - self.level;
        Duration::from_secs_f64((missing * 60.0 / self.per_minute).max(0.0))
    }
}

/// Leave to send one request; dropping it gives the place back.
#[derive(Debug)]
pub struct Permit<'a> {
    throttle: &'a Throttle,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.throttle.lock().in_flight -= 1;
        self.throttle.freed.notify_waiters();
    }
}

impl Throttle {
    /// A throttle that starts at the full concurrency.
    pub fn new(limits: RateLimits) -> Self {
        let now = Instant::now();
        let state = State {
            in_flight: 0,
            window: f64::from(limits.concurrency.max(1)),
            not_before: now,
            halved: None,
            requests: Bucket::new(limits.requests_per_minute, now),
            tokens: Bucket::new(limits.tokens_per_minute, now),
        };
        Self {
            limits,
            state: Mutex::new(state),
            freed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request of about `tokens` tokens may start.
    pub async fn acquire(&self, tokens: u64) -> Permit<'_> {
        loop {
            let freed = self.freed.notified();
            match self.try_acquire(tokens as f64) {
                Ok(()) => return Permit { throttle: self },
                Err(Some(wait)) => tokio::time::sleep(wait).await,
                Err(None) => freed.await,
            }
        }
    }

    /// Takes a place, or says how long to wait (`None`: until a place is freed).
    fn try_acquire(&self, tokens: f64) -> Result<(), Option<Duration>> {
        let mut state = self.lock();
        let now = Instant::now();
        if state.not_before > now {
            return Err(Some(state.not_before - now));
        }
        if f64::from(state.in_flight) >= state.window.floor().max(1.0) {
            return Err(None);
        }
        let wait = state.requests.wait(1.0, now).max(state.tokens.wait(tokens, now));
        if !wait.is_zero() {
            return Err(Some(wait));
        }
        state.requests.level -= 1.0;
        state.tokens.level -= tokens;
        state.in_flight += 1;
        Ok(())
    }

    /// A good answer: the window grows by one per window of answers.
    pub fn succeeded(&self) {
        let mut state = self.lock();
        state.window = (state.window + 1.0 / state.window).min(f64::from(self.limits.concurrency.max(1)));
    }

    /// The provider has too much to do: half as many at once, and nothing before it said. Requests that were on their way together
    /// tell of one overload, so the window halves once for all of them.
    pub fn overloaded(&self, retry_after: Option<Duration>) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.halved.is_none_or(|last| now.duration_since(last) >= ONE_OVERLOAD) {
            state.window = (state.window / 2.0).max(1.0);
            state.halved = Some(now);
        }
        if let Some(wait) = retry_after {
            state.not_before = state.not_before.max(now + wait);
        }
    }

    /// How long the provider asked to be left alone, from now.
    pub fn held_for(&self) -> Duration {
        self.lock().not_before.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_window_halves_on_overload_and_grows_back_by_one_a_round() {
        let throttle = Throttle::new(RateLimits {
            concurrency: 8,
            ..RateLimits::default()
        });
        for _ in 0..3 {
            throttle.overloaded(None);
        }
        assert_eq!(
            throttle.lock().window.floor() as u32,
            4,
            "one overload, told of three times"
        );
        for _ in 0..5 {
            throttle.succeeded();
        }
        assert_eq!(throttle.lock().window.floor() as u32, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_holds_every_request_back() {
        let throttle = Throttle::new(RateLimits::default());
        throttle.overloaded(Some(Duration::from_secs(7)));
        let start = Instant::now();
        drop(throttle.acquire(1).await);
        assert!(start.elapsed() >= Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn rates_are_kept_per_minute() {
        let throttle = Throttle::new(RateLimits {
            concurrency: 100,
            requests_per_minute: 60,
            tokens_per_minute: 0,
        });
        let start = Instant::now();
        for _ in 0..90 {
            drop(throttle.acquire(1).await);
        }
        let elapsed = start.elapsed().as_secs_f64();
        assert!((29.0..32.0).contains(&elapsed), "{elapsed}");
    }
}
