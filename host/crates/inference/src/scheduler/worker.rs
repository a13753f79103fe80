//! The thread that has the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;

use nl2sql_model::tokenizer::TextTokenizer;
use tokio::sync::mpsc::UnboundedSender;

use super::{GenerationEvent, Message, SchedulerOptions, SharedFigures};
use crate::batch::{Batch, BatchLimits, Change};
use crate::{AdapterId, Engine, GenerationRequest, InferenceError};

/// A request's listener.
struct Listener {
    events: UnboundedSender<GenerationEvent>,
    adapter: Option<AdapterId>,
}

/// Takes messages between steps, and steps while there is anything to do.
pub(super) struct Worker<E: Engine> {
    engine: E,
    tokenizer: Option<TextTokenizer>,
    batch: Batch<E::Row>,
    listeners: BTreeMap<u64, Listener>,
    next_key: u64,
    next_adapter: u64,
    attached: BTreeSet<AdapterId>,
    /// Adapters that go when the last request that names them is done.
    leaving: BTreeSet<AdapterId>,
    waiting: Arc<AtomicUsize>,
    /// Waiting requests, as far as `waiting` was told.
    counted: usize,
    figures: Arc<SharedFigures>,
}

impl<E: Engine> Worker<E> {
    pub(super) fn new(
        engine: E,
        tokenizer: Option<TextTokenizer>,
        options: SchedulerOptions,
        waiting: Arc<AtomicUsize>,
        figures: Arc<SharedFigures>,
    ) -> Self {
        Self {
            engine,
            tokenizer,
            batch: Batch::new(BatchLimits {
                rows: options.rows_at_once,
                prefill: options.prefill_tokens,
            }),
            listeners: BTreeMap::new(),
            next_key: 0,
            next_adapter: 1,
            attached: BTreeSet::new(),
            leaving: BTreeSet::new(),
            waiting,
            counted: 0,
            figures,
        }
    }

    /// Serves until nobody can send any more and nothing is left to do.
    pub(super) fn serve(mut self, messages: &Receiver<Message>) {
        loop {
            if self.batch.is_idle() {
                match messages.recv() {
                    Ok(message) => self.take(message),
                    Err(_) => return,
                }
            }
            while let Ok(message) = messages.try_recv() {
                self.take(message);
            }
            self.drop_cancelled();
            self.step();
            self.detach_unused();
            self.write_figures();
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Submit { request, events } => self.admit(request, events),
            Message::Attach { decoder, config, reply } => {
                let id = AdapterId(self.next_adapter);
                self.next_adapter += 1;
                let outcome = self.engine.attach(id, &decoder, &config).map(|()| {
                    self.attached.insert(id);
                    id
                });
                // Whoever does not wait for it does not use it.
                if reply.send(outcome).is_err() {
                    self.leaving.insert(id);
                }
            }
            Message::Detach(id) => {
                self.attached.remove(&id);
                self.leaving.insert(id);
            }
        }
    }

    fn admit(&mut self, request: GenerationRequest, events: UnboundedSender<GenerationEvent>) {
        let adapter = request.adapter;
        if let Some(AdapterId(number)) = adapter.filter(|id| !self.attached.contains(id)) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let error = InferenceError::Request {
                number: 1,
                reason: format!("adapter {number} is not attached"),
                help: "Attach it first.".to_owned(),
            };
            // A listener that is gone does not miss it.
            let _ = events.send(GenerationEvent::Failed(Arc::new(error)));
            return;
        }
        let key = self.next_key;
        self.next_key += 1;
        self.counted += 1;
        self.listeners.insert(key, Listener { events, adapter });
        self.batch.add(key, request);
    }

    fn drop_cancelled(&mut self) {
        let before = self.listeners.len();
        self.listeners.retain(|_, listener| !listener.events.is_closed());
        if self.listeners.len() < before {
            let listeners = &self.listeners;
            self.batch.retain(|key| listeners.contains_key(&key));
        }
    }

    fn step(&mut self) {
        let (listeners, figures) = (&mut self.listeners, &self.figures);
        let outcome = self
            .batch
            .step(&mut self.engine, self.tokenizer.as_ref(), &mut |key, change| {
                let event = match change {
                    Change::Token { token, text, logprobs } => {
                        figures.generated_tokens.fetch_add(1, Ordering::Relaxed);
                        GenerationEvent::Token { token, text, logprobs }
                    }
                    Change::Text(text) => GenerationEvent::Text(text),
                    Change::Failed(error) => GenerationEvent::Failed(Arc::new(error)),
                    Change::Finished(completion) => {
                        let (all, reused) = (completion.prompt_tokens, completion.reused_tokens);
                        figures.prompt_tokens.fetch_add(all as u64, Ordering::Relaxed);
                        figures.reused_tokens.fetch_add(reused as u64, Ordering::Relaxed);
                        GenerationEvent::Finished(completion)
                    }
                };
                let last = matches!(event, GenerationEvent::Finished(_) | GenerationEvent::Failed(_));
                if let Some(listener) = listeners.get(&key) {
                    // Those that are gone are dropped before the next step.
                    let _ = listener.events.send(event);
                }
                if last {
                    listeners.remove(&key);
                }
            });
        if let Err(error) = outcome {
            self.fail_all(Arc::new(error));
        }
    }

    /// An engine that failed has nothing to continue from.
    fn fail_all(&mut self, error: Arc<InferenceError>) {
        for listener in std::mem::take(&mut self.listeners).into_values() {
            let _ = listener.events.send(GenerationEvent::Failed(error.clone()));
        }
        self.batch.retain(|_| false);
    }

    fn detach_unused(&mut self) {
        let (listeners, engine) = (&self.listeners, &mut self.engine);
        self.leaving.retain(|id| {
            let used = listeners.values().any(|listener| listener.adapter == Some(*id));
            if !used {
                engine.detach(*id);
            }
            used
        });
    }

    fn write_figures(&mut self) {
        let waiting = self.batch.waiting();
        // Callers add to the count at the same time.
        match waiting.checked_sub(self.counted) {
            Some(more) => self.waiting.fetch_add(more, Ordering::Relaxed),
            None => self.waiting.fetch_sub(self.counted - waiting, Ordering::Relaxed),
        };
        self.counted = waiting;
        let figures = &self.figures;
        figures.running.store(self.batch.running() as u64, Ordering::Relaxed);
        figures.evictions.store(self.batch.evictions(), Ordering::Relaxed);
        let in_use = self.engine.memory_in_use() * 1e6;
        figures.memory_in_use.store(in_use as u64, Ordering::Relaxed);
    }
}
