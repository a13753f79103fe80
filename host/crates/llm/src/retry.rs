//! When to try again.

use std::time::Duration;

use rand::Rng;

/// Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// Tries per provider, the first included.
    pub tries: u32,
    /// Upper bound of the first wait.
    pub base: Duration,
    /// Upper bound of any wait that the server did not ask for.
    pub cap: Duration,
    /// Longest wait that a server may ask for before the next provider is tried instead.
    pub patience: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 8,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            patience: Duration::from_secs(120),
        }
    }
}

impl RetryPolicy {
    /// How long to wait before try `next` (1 is the first repetition), or `None` when it is not worth waiting.
    pub fn wait(&self, next: u32, asked: Option<Duration>) -> Option<Duration> {
        if next >= self.tries || asked.is_some_and(|asked| asked > self.patience) {
            return None;
        }
        let bound = self.base.saturating_mul(1 << (next - 1).min(16)).min(self.cap);
        let jittered = bound.mul_f64(rand::rng().random_range(0.0..1.0));
        Some(asked.map_or(jittered, |asked| asked + jittered.min(Duration::from_millis(250))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_respect_what_the_server_asks() {
        let policy = RetryPolicy::default();
        for next in 1..policy.tries {
            let bound = policy.base.saturating_mul(1 << (next - 1)).min(policy.cap);
            assert!(policy.wait(next, None).unwrap() <= bound);
        }
        assert_eq!(policy.wait(policy.tries, None), None);
        assert!(policy.wait(1, Some(Duration::from_secs(3))).unwrap() >= Duration::from_secs(3));
        assert_eq!(policy.wait(1, Some(Duration::from_secs(3600))), None);
    }
}
