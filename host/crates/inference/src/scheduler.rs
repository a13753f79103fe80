//! An engine on a thread of its own, which any number of callers give requests to at any time.

mod worker;

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{AdapterConfig, Decoder};
use tokio::sync::{mpsc as channel, oneshot};

use self::worker::Worker;
use crate::error::{InferenceError, Result};
use crate::request_check::check_request;
use crate::{AdapterId, Completion, Engine, GenerationRequest, TokenLogprobs};

/// Tokens of prompts that are read between two steps of running answers.
pub(crate) const DEFAULT_PREFILL: usize = 512;

/// Limits of a scheduler.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerOptions {
    /// Sequences advanced together.
    pub rows_at_once: usize,
    /// Requests that may wait; one more is refused.
    pub max_waiting: usize,
    /// Tokens of prompts that are read between two steps of running answers.
    pub prefill_tokens: usize,
}

impl Default for SchedulerOptions {
    fn default() -> Self {
        Self {
            rows_at_once: 16,
            max_waiting: usize::MAX,
            prefill_tokens: DEFAULT_PREFILL,
        }
    }
}

/// What happens to a request.
#[derive(Debug)]
pub enum GenerationEvent {
    /// The answer grew by a token.
    Token {
        /// The token.
        token: u32,
        /// Text that became certain; it may belong to earlier tokens too, and may be empty.
        text: String,
        /// How likely the token was, where the request asks for that.
        logprobs: Option<TokenLogprobs>,
    },
    /// Text that had been kept back became certain.
    Text(String),
    /// The answer is complete; nothing follows.
    Finished(Completion),
    /// The request failed; nothing follows.
    Failed(Arc<InferenceError>),
}

/// An answer under way. Dropping it cancels the request.
#[derive(Debug)]
pub struct Generation {
    events: channel::UnboundedReceiver<GenerationEvent>,
}

impl Generation {
    /// What happens next; `None` after the end.
    pub async fn next(&mut self) -> Option<GenerationEvent> {
        self.events.recv().await
    }

    /// As [`Generation::next`], on a thread that may block.
    pub fn next_blocking(&mut self) -> Option<GenerationEvent> {
        self.events.blocking_recv()
    }

    /// Waits for the whole answer.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn completion(mut self) -> Result<Completion, Arc<InferenceError>> {
        while let Some(event) = self.next().await {
            if let Some(outcome) = outcome_of(event) {
                return outcome;
            }
        }
        Err(Arc::new(InferenceError::Stopped))
    }

    /// As [`Generation::completion`], on a thread that may block.
    ///
    /// # Errors
    /// When the request fails.
    pub fn completion_blocking(mut self) -> Result<Completion, Arc<InferenceError>> {
        while let Some(event) = self.next_blocking() {
            if let Some(outcome) = outcome_of(event) {
                return outcome;
            }
        }
        Err(Arc::new(InferenceError::Stopped))
    }
}

fn outcome_of(event: GenerationEvent) -> Option<Result<Completion, Arc<InferenceError>>> {
    match event {
        GenerationEvent::Finished(completion) => Some(Ok(completion)),
        GenerationEvent::Failed(error) => Some(Err(error)),
        GenerationEvent::Token { .. } | GenerationEvent::Text(_) => None,
    }
}

/// Figures of a scheduler, for monitoring.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SchedulerFigures {
    /// Requests that are answered at the moment.
    pub running: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// Tokens of prompts of all admitted requests.
    pub prompt_tokens: u64,
    /// Of these, tokens that an earlier prompt had left behind.
    pub reused_tokens: u64,
    /// Tokens of answers.
    pub generated_tokens: u64,
    /// Rows that had to give their memory to others.
    pub evictions: u64,
    /// Share of the memory for keys and values that is in use, in millionths.
    pub memory_in_use: u64,
}

/// The same, as the thread writes them.
#[derive(Debug, Default)]
struct SharedFigures {
    running: AtomicU64,
    prompt_tokens: AtomicU64,
    reused_tokens: AtomicU64,
    generated_tokens: AtomicU64,
    evictions: AtomicU64,
    memory_in_use: AtomicU64,
}

enum Message {
    Submit {
        request: GenerationRequest,
        events: channel::UnboundedSender<GenerationEvent>,
    },
    Attach {
        decoder: Box<Decoder>,
        config: Box<AdapterConfig>,
        reply: oneshot::Sender<Result<AdapterId>>,
    },
    Detach(AdapterId),
}

/// Gives requests to an engine. Clones share it; its thread ends when the last one is gone and all answers are complete.
#[derive(Clone)]
pub struct Scheduler {
    messages: mpsc::Sender<Message>,
    max_waiting: usize,
    /// Requests that are not running yet.
    waiting: Arc<AtomicUsize>,
    figures: Arc<SharedFigures>,
    vocab: usize,
    capacity: usize,
    has_tokenizer: bool,
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("figures", &self.figures())
            .finish_non_exhaustive()
    }
}

impl Scheduler {
    /// Starts the engine's thread. Without a tokenizer answers have no text, and stop texts are refused.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<E>(engine: E, tokenizer: Option<TextTokenizer>, options: SchedulerOptions) -> std::io::Result<Self>
    where
        E: Engine + Send + 'static,
        E::Row: 'static,
    {
        let (messages, received) = mpsc::channel();
        let scheduler = Self {
            messages,
            max_waiting: options.max_waiting,
            waiting: Arc::default(),
            figures: Arc::default(),
            vocab: engine.vocab_size(),
            capacity: engine.capacity(),
            has_tokenizer: tokenizer.is_some(),
        };
        let (waiting, figures) = (scheduler.waiting.clone(), scheduler.figures.clone());
        std::thread::Builder::new()
            .name("nl2sql-inference".to_owned())
            .spawn(move || Worker::new(engine, tokenizer, options, waiting, figures).serve(&received))?;
        Ok(scheduler)
    }

    /// Submits a request. It begins as soon as a row is free.
    ///
    /// # Errors
    /// When the request is impossible, or too many are waiting.
    pub fn submit(&self, request: GenerationRequest) -> Result<Generation> {
        check_request(0, &request, self.vocab, self.capacity, self.has_tokenizer)?;
        let counted = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < self.max_waiting).then_some(waiting + 1)
            });
        if let Err(waiting) = counted {
            return Err(InferenceError::QueueFull { waiting });
        }
        let (sender, events) = channel::unbounded_channel();
        let message = Message::Submit {
            request,
            events: sender,
        };
        self.messages.send(message).map_err(|_| InferenceError::Stopped)?;
        Ok(Generation { events })
    }

    /// Adds an adapter: the factors of a decoder that was laid over the engine's model.
    ///
    /// # Errors
    /// When the engine has no adapters.
    pub async fn attach(&self, decoder: Decoder, config: AdapterConfig) -> Result<AdapterId> {
        let (reply, attached) = oneshot::channel();
        let message = Message::Attach {
            decoder: Box::new(decoder),
            config: Box::new(config),
            reply,
        };
        self.messages.send(message).map_err(|_| InferenceError::Stopped)?;
        attached.await.map_err(|_| InferenceError::Stopped)?
    }

    /// Removes an adapter. Requests that were submitted before keep it to their end.
    pub fn detach(&self, adapter: AdapterId) {
        // A thread that has ended has no adapters.
        let _ = self.messages.send(Message::Detach(adapter));
    }

    /// Positions that a single request can have.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Figures of this moment.
    pub fn figures(&self) -> SchedulerFigures {
        let read = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        SchedulerFigures {
            running: read(&self.figures.running),
            waiting: self.waiting.load(Ordering::Relaxed) as u64,
            prompt_tokens: read(&self.figures.prompt_tokens),
            reused_tokens: read(&self.figures.reused_tokens),
            generated_tokens: read(&self.figures.generated_tokens),
            evictions: read(&self.figures.evictions),
            memory_in_use: read(&self.figures.memory_in_use),
        }
    }
}
