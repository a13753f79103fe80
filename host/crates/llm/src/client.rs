//! Cache, budget, throttle, retries and the fallback chain around the providers.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::provider_state::ProviderState;
use crate::thinking::without_thinking;
use crate::{
    Amount, AnswerStore, Budget, BudgetCaps, ChatAnswer, ChatProvider, ChatRequest, LlmError, ProviderFault,
    ProviderSettings, RequestDigest, RetryPolicy, StoredAnswer, Turn, UsageReport, estimate_tokens,
};

/// Puts an [`LlmClient`] together.
pub struct LlmClientBuilder {
    run: String,
    store: AnswerStore,
    providers: Vec<Box<dyn ChatProvider>>,
    caps: BudgetCaps,
    stage_caps: BTreeMap<String, BudgetCaps>,
    retry: RetryPolicy,
    offline: bool,
    cancellation: CancellationToken,
}

impl LlmClientBuilder {
    /// A client for the run of this name over this store; providers are tried in the order given.
    pub fn new(run: &str, store: AnswerStore, providers: Vec<Box<dyn ChatProvider>>) -> Self {
        Self {
            run: run.to_owned(),
            store,
            providers,
            caps: BudgetCaps::default(),
            stage_caps: BTreeMap::new(),
            retry: RetryPolicy::default(),
            offline: false,
            cancellation: CancellationToken::new(),
        }
    }

    /// Caps of the run, and of single stages.
    pub fn budget(mut self, run: BudgetCaps, stages: BTreeMap<String, BudgetCaps>) -> Self {
        (self.caps, self.stage_caps) = (run, stages);
        self
    }

    /// How often and how patiently to try.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Answer from the store alone.
    pub fn offline(mut self, offline: bool) -> Self {
        self.offline = offline;
        self
    }

    /// Token that stops new requests; answers on their way are still stored.
    pub fn cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot say what the run has spent so far, [`LlmError::NoProvider`] without any provider.
    pub fn build(self) -> Result<LlmClient, LlmError> {
        if self.providers.is_empty() {
            return Err(LlmError::NoProvider);
        }
        let budget = Budget::new(self.caps, self.stage_caps);
        for line in self.store.spending(&self.run)? {
            let spent = Amount {
                tokens: line.input_tokens + line.output_tokens,
                cost: line.cost,
            };
            budget.restore(&line.stage, spent);
        }
        let providers = self.providers.into_iter().map(ProviderState::new).collect();
        let shared = Shared {
            run: self.run,
            store: self.store,
            providers,
            budget,
            retry: self.retry,
            offline: self.offline,
            in_flight: Mutex::default(),
            fallbacks: Mutex::default(),
        };
        Ok(LlmClient {
            shared: Arc::new(shared),
            cancellation: self.cancellation,
            cached: Arc::default(),
        })
    }
}

/// Answers chat requests. Clones share store, budget and throttles.
#[derive(Clone)]
pub struct LlmClient {
    shared: Arc<Shared>,
    cancellation: CancellationToken,
    cached: Arc<AtomicU64>,
}

/// What all clones have in common.
struct Shared {
    run: String,
    store: AnswerStore,
    providers: Vec<ProviderState>,
    budget: Budget,
    retry: RetryPolicy,
    offline: bool,
    in_flight: Mutex<HashMap<RequestDigest, Weak<tokio::sync::Mutex<()>>>>,
    /// Providers that answered in place of others, with what is to be said of it.
    fallbacks: Mutex<BTreeMap<String, String>>,
}

impl LlmClient {
    /// Settings of the providers, in the order they are tried.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderSettings> {
        self.shared.providers.iter().map(|state| state.provider.settings())
    }

    /// The same client for one piece of work: its own token stops it, and answers from the store are counted from zero.
    pub fn for_job(&self, cancellation: CancellationToken) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            cancellation,
            cached: Arc::default(),
        }
    }

    /// Answers one request, from the store or from the first provider that can.
    ///
    /// # Errors
    /// See [`LlmError`]; whatever was answered before stays stored.
    pub async fn chat(&self, request: &ChatRequest) -> Result<ChatAnswer, LlmError> {
        let digest = RequestDigest::of(request, self.shared.providers[0].provider.settings());
        // Two workers with the same question: the second waits and finds the answer stored.
        let turn = self.turn(&digest);
        let _mine = turn.lock().await;
        loop {
            if let Some(stored) = self.shared.store.get(&digest)? {
                self.cached.fetch_add(1, Ordering::Relaxed);
                return Ok(stored.answer);
            }
            if self.shared.offline {
                return Err(LlmError::OfflineMiss {
                    digest: digest.as_str().to_owned(),
                    stage: request.stage.clone(),
                    purpose: request.purpose.clone(),
                    cache: self.shared.store.path().to_owned(),
                });
            }
            if self.cancellation.is_cancelled() {
                return Err(self.cancelled(request));
            }
            match self.shared.store.lease(&digest)? {
                Turn::Ours => break,
                Turn::Answered => {}
                Turn::Theirs => self.unless_cancelled(request, tokio::time::sleep(LOOK_AGAIN)).await?,
            }
        }
        let answer = self.ask(request, &digest).await;
        if answer.is_err() {
            self.shared.store.release(&digest)?;
        }
        answer
    }

    /// Answers requests concurrently, as far as the throttles allow; answers come in the order of the requests.
    pub async fn chat_all(&self, requests: &[ChatRequest]) -> Vec<Result<ChatAnswer, LlmError>> {
        futures::stream::iter(requests)
            .map(|request| self.chat(request))
            .buffered(MAX_AT_ONCE)
            .collect()
            .await
    }

    /// What the run has spent, earlier processes included.
    ///
    /// # Errors
    /// [`LlmError::Cache`] when the store cannot be read.
    pub fn usage(&self) -> Result<UsageReport, LlmError> {
        Ok(UsageReport {
            lines: self.shared.store.spending(&self.shared.run)?,
            cached: self.cached.load(Ordering::Relaxed),
            fallbacks: self
                .shared
                .fallbacks
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .values()
                .cloned()
                .collect(),
        })
    }

    fn turn(&self, digest: &RequestDigest) -> Arc<tokio::sync::Mutex<()>> {
        let mut in_flight = self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = in_flight.get(digest).and_then(Weak::upgrade) {
            return turn;
        }
        in_flight.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        in_flight.insert(digest.clone(), Arc::downgrade(&turn));
        turn
    }

    /// Asks the providers in turn. One that failed a moment ago is left to rest as long as another can be asked, and one that denied the run is not
    /// asked again.
    async fn ask(&self, request: &ChatRequest, digest: &RequestDigest) -> Result<ChatAnswer, LlmError> {
        let mut faults = Vec::new();
        let mut any_passing = false;
        let (awake, resting): (Vec<_>, Vec<_>) = self.shared.providers.iter().partition(|state| !state.is_resting());
        for state in awake.into_iter().chain(resting) {
            if let Some(denial) = state.denial() {
                faults.push(denial);
                continue;
            }
            match self.ask_provider(state, request, digest).await? {
                Ok(answer) => {
                    state.wake();
                    self.notice_fallback(state, &faults);
                    return Ok(answer);
                }
                Err(fault) => {
                    match &fault {
                        ProviderFault::Passing { .. } => {
                            state.rest();
                            any_passing = true;
                        }
                        ProviderFault::Denied(reason) => state.deny(reason),
                        ProviderFault::Final(_) => {}
                    }
                    faults.push(fault.to_string());
                }
            }
        }
        let (purpose, faults) = (request.purpose.clone(), faults.join("; "));
        Err(if any_passing {
            LlmError::Unavailable { purpose, faults }
        } else {
            LlmError::Rejected { purpose, faults }
        })
    }

    /// Notes, once per provider, that it answers in place of one before it, and why.
    fn notice_fallback(&self, state: &ProviderState, faults: &[String]) {
        if faults.is_empty() {
            return;
        }
        let mut fallbacks = self.shared.fallbacks.lock().unwrap_or_else(PoisonError::into_inner);
        if !fallbacks.contains_key(state.name()) {
            let notice = format!("{} answers in place of others: {}", state.name(), faults.join("; "));
            tracing::warn!("{notice}");
            fallbacks.insert(state.name().to_owned(), notice);
        }
    }

    /// Asks one provider as often as the retry policy allows. The outer error ends the request, the inner one goes on to the next provider.
    async fn ask_provider(
        &self,
        state: &ProviderState,
        request: &ChatRequest,
        digest: &RequestDigest,
    ) -> Result<Result<ChatAnswer, ProviderFault>, LlmError> {
        let mut tries = 0;
        loop {
            let held = state.throttle.held_for();
            if held > self.shared.retry.patience {
                let asked = format!("{}: it asks to be left alone for {} s", state.name(), held.as_secs());
                return Ok(Err(ProviderFault::passing(asked)));
            }
            let fault = match self.ask_once(state, request, digest).await? {
                Ok(answer) => return Ok(Ok(answer)),
                Err(fault) => fault,
            };
            tries += 1;
            let ProviderFault::Passing { retry_after, .. } = &fault else {
                return Ok(Err(fault));
            };
            let Some(wait) = self.shared.retry.wait(tries, *retry_after) else {
                return Ok(Err(fault));
            };
            tracing::debug!(provider = state.name(), purpose = request.purpose, %fault, ?wait, "trying again");
            self.unless_cancelled(request, tokio::time::sleep(wait)).await?;
        }
    }

    async fn ask_once(
        &self,
        state: &ProviderState,
        request: &ChatRequest,
        digest: &RequestDigest,
    ) -> Result<Result<ChatAnswer, ProviderFault>, LlmError> {
        let settings = state.provider.settings();
        let wanted = state.expected(request);
        let reserve = async {
            let permit = state.throttle.acquire(wanted.tokens).await;
            let reservation = self
                .shared
                .budget
                .reserve(&request.stage, &request.purpose, wanted)
                .await?;
            Ok((permit, reservation))
        };
        let (permit, reservation) = self.unless_cancelled(request, reserve).await??;
        let outcome = tokio::select! {
            outcome = state.provider.complete(request, digest.as_str()) => outcome,
            // What was asked is paid for, so it is waited for, but not for ever.
            () = self.cancelled_since(GRACE) => return Err(self.cancelled(request)),
        };
        drop(permit);
        let answer = match outcome {
            Ok(answer) => counted(answer, request),
            Err(fault) => {
                state.failed(&fault);
                return Ok(Err(fault));
            }
        };
        state.answered(request, &answer);
        let (input, output) = (u64::from(answer.input_tokens), u64::from(answer.output_tokens));
        let cost = settings.cost(input, output);
        let stored = StoredAnswer {
            answer,
            provider: state.name().to_owned(),
            cost,
        };
        self.shared
            .store
            .put(&self.shared.run, digest, request, &settings.model, &stored)?;
        reservation.settle(Amount {
            tokens: input + output,
            cost,
        });
        Ok(Ok(stored.answer))
    }

    /// What `work` gives, unless the run is cancelled before.
    async fn unless_cancelled<T>(&self, request: &ChatRequest, work: impl Future<Output = T>) -> Result<T, LlmError> {
        tokio::select! {
            outcome = work => Ok(outcome),
            () = self.cancellation.cancelled() => Err(self.cancelled(request)),
        }
    }

    async fn cancelled_since(&self, grace: Duration) {
        self.cancellation.cancelled().await;
        tokio::time::sleep(grace).await;
    }

    fn cancelled(&self, request: &ChatRequest) -> LlmError {
        LlmError::Cancelled {
            purpose: request.purpose.clone(),
        }
    }
}

/// Requests of one batch looked at together; the throttles decide how many of them are really sent.
const MAX_AT_ONCE: usize = 256;
/// How long to wait before looking whether another process has its answer.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long answers on their way are waited for after the run was cancelled.
const GRACE: Duration = Duration::from_secs(10);

/// The answer as it is stored: without thinking, and with an estimate where the provider counted nothing, since budgets count on it.
fn counted(mut answer: ChatAnswer, request: &ChatRequest) -> ChatAnswer {
    if answer.input_tokens == 0 {
        answer.input_tokens = u32::try_from(prompt_tokens(request)).unwrap_or(u32::MAX);
    }
    if answer.output_tokens == 0 {
        answer.output_tokens = u32::try_from(estimate_tokens(&answer.content)).unwrap_or(u32::MAX);
    }
    answer.content = without_thinking(&answer.content).to_owned();
    answer
}

/// Tokens of a prompt by the rule of thumb.
pub(crate) fn prompt_tokens(request: &ChatRequest) -> u64 {
    request
        .messages
        .iter()
        .map(|message| estimate_tokens(&message.content) + 4)
        .sum()
}
