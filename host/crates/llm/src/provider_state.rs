//! One provider of the chain, with what is learned about it as it is asked.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::prompt_tokens;
use crate::throttle::Throttle;
use crate::{Amount, ChatAnswer, ChatProvider, ChatRequest, ProviderFault};

/// How long a provider that failed is passed over while there are others.
const REST: Duration = Duration::from_secs(30);
/// Prompts shorter than this, in tokens, say little about how a provider counts.
const TELLING: u64 = 50;

/// A provider with its throttle and its history.
pub struct ProviderState {
    pub provider: Box<dyn ChatProvider>,
    pub throttle: Throttle,
    learned: Mutex<Learned>,
}

struct Learned {
    /// The largest ratio of the tokens the provider counted in a prompt to those of the rule of thumb.
    counts_more: f64,
    rests_until: Option<Instant>,
    /// Why it answers nothing in this run.
    denial: Option<String>,
}

impl ProviderState {
    pub fn new(provider: Box<dyn ChatProvider>) -> Self {
        let learned = Learned {
            counts_more: 1.0,
            rests_until: None,
            denial: None,
        };
        Self {
            throttle: Throttle::new(provider.settings().rate),
            provider,
            learned: Mutex::new(learned),
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn name(&self) -> &str {
        self.provider.name()
    }

    /// The most that a request is expected to need here.
    pub fn expected(&self, request: &ChatRequest) -> Amount {
        let settings = self.provider.settings();
        let input = (prompt_tokens(request) as f64 * self.learned().counts_more).ceil() as u64;
        let output = u64::from(request.max_tokens.unwrap_or(settings.max_tokens));
        Amount {
            tokens: input + output,
            cost: settings.cost(input, output),
        }
    }

    /// Learns from a good answer.
    pub fn answered(&self, request: &ChatRequest, answer: &ChatAnswer) {
        self.throttle.succeeded();
        let guessed = prompt_tokens(request);
        if guessed >= TELLING {
            let mut learned = self.learned();
            learned.counts_more = learned.counts_more.max(f64::from(answer.input_tokens) / guessed as f64);
        }
    }

    /// Learns from a fault.
    pub fn failed(&self, fault: &ProviderFault) {
        if let ProviderFault::Passing {
            overloaded: true,
            retry_after,
            ..
        } = fault
        {
            self.throttle.overloaded(*retry_after);
        }
    }

    /// Leaves the provider out from here on.
    pub fn deny(&self, reason: &str) {
        self.learned().denial = Some(reason.to_owned());
    }

    /// Why the provider is left out.
    pub fn denial(&self) -> Option<String> {
        self.learned().denial.clone()
    }

    pub fn rest(&self) {
        self.learned().rests_until = Some(Instant::now() + REST);
    }

    pub fn wake(&self) {
        self.learned().rests_until = None;
    }

    pub fn is_resting(&self) -> bool {
        self.learned().rests_until.is_some_and(|until| until > Instant::now())
    }
}
