//! Continuous batching: between two steps rows join, leave, and give way to each other.

use std::collections::VecDeque;

use nl2sql_model::tokenizer::TextTokenizer;

use crate::error::{InferenceError, Result};
use crate::sequence::{Extension, Sequence};
use crate::{Advance, Completion, Engine, GenerationRequest, TokenLogprobs};

/// Limits of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    /// Sequences advanced together.
    pub(crate) rows: usize,
    /// Tokens of prompts read between two steps of the running answers, so that a long prompt does not stall them.
    pub(crate) prefill: usize,
}

/// What happened to a request in a step.
#[derive(Debug)]
pub(crate) enum Change {
    /// Its answer grew by a token.
    Token {
        token: u32,
        /// Text that became certain, which may belong to earlier tokens too.
        text: String,
        logprobs: Option<TokenLogprobs>,
    },
    /// Text that had been kept back became certain as the answer ended.
    Text(String),
    /// Its answer is complete.
    Finished(Completion),
    /// It failed; others go on.
    Failed(InferenceError),
}

/// Requests under way on one engine, each known by its caller's key.
pub(crate) struct Batch<Row> {
    limits: BatchLimits,
    waiting: VecDeque<(u64, Sequence)>,
    /// Rows whose prompt is not read to its end; only the first advances, so that the next can begin with what it read.
    prefilling: Option<Prefill<Row>>,
    /// Rows that answer, in the order in which they were admitted.
    answering: Vec<Answering<Row>>,
    /// Nobody is admitted between an eviction and the next row that leaves; else the evicted would push others out.
    crowded: bool,
    /// Rows that had to give their memory to others.
    evictions: u64,
}

struct Prefill<Row> {
    key: u64,
    sequence: Sequence,
    row: Row,
    tokens: Vec<u32>,
    read: usize,
}

struct Answering<Row> {
    key: u64,
    sequence: Sequence,
    row: Row,
}

impl<Row> Batch<Row> {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        let limits = BatchLimits {
            rows: limits.rows.max(1),
            prefill: limits.prefill.max(1),
        };
        Self {
            limits,
            waiting: VecDeque::new(),
            prefilling: None,
            answering: Vec::new(),
            crowded: false,
            evictions: 0,
        }
    }

    pub(crate) fn add(&mut self, key: u64, request: GenerationRequest) {
        self.waiting.push_back((key, Sequence::new(request)));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running() == 0
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn running(&self) -> usize {
        self.answering.len() + usize::from(self.prefilling.is_some())
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Drops the requests whose keys are not `wanted` any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(u64) -> bool) {
        let before = self.running();
        self.waiting.retain(|(key, _)| wanted(*key));
        self.answering.retain(|row| wanted(row.key));
        if self.prefilling.as_ref().is_some_and(|row| !wanted(row.key)) {
            self.prefilling = None;
        }
        self.crowded &= self.running() == before;
    }

    /// Reads some of the waiting prompts, and extends every answer by a token.
    ///
    /// # Errors
    /// When the engine fails; every request is lost then.
    pub(crate) fn step<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        tokenizer: Option<&TextTokenizer>,
        told: &mut dyn FnMut(u64, Change),
    ) -> Result<()> {
        self.read_prompts(engine, tokenizer, told)?;
        self.make_room(engine);
        self.extend_answers(engine, tokenizer, told)
    }

    fn read_prompts<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        tokenizer: Option<&TextTokenizer>,
        told: &mut dyn FnMut(u64, Change),
    ) -> Result<()> {
        let mut budget = self.limits.prefill;
        while budget > 0 {
            let Some(mut prefill) = self.prefilling.take().or_else(|| self.admit(engine)) else {
                return Ok(());
            };
            let end = prefill.tokens.len().min(prefill.read + budget);
            if !engine.reserve(&mut prefill.row, end - prefill.read) {
                let alone = self.answering.is_empty();
                self.prefilling = Some(prefill);
                // Running answers will leave room when they end.
                return if alone {
                    Err(InferenceError::OutOfMemory)
                } else {
                    Ok(())
                };
            }
            let last = end == prefill.tokens.len();
            let mut logits = engine.advance(&mut [Advance {
                tokens: &prefill.tokens[prefill.read..end],
                row: &mut prefill.row,
                wants_logits: last,
            }])?;
            budget -= end - prefill.read;
            prefill.read = end;
            if !last {
                self.prefilling = Some(prefill);
                return Ok(());
            }
            if prefill.sequence.generated.is_empty() {
                engine.remember(&prefill.sequence.request.prompt, &mut prefill.row);
            }
            let row = Answering {
                key: prefill.key,
                sequence: prefill.sequence,
                row: prefill.row,
            };
            self.answering.extend(extended(row, &mut logits, tokenizer, told));
        }
        Ok(())
    }

    /// The next waiting request, opened.
    fn admit<E: Engine<Row = Row>>(&mut self, engine: &mut E) -> Option<Prefill<Row>> {
        if self.crowded || self.running() >= self.limits.rows {
            return None;
        }
        let (key, mut sequence) = self.waiting.pop_front()?;
        let tokens = sequence.tokens();
        let (row, read) = engine.open(&tokens, sequence.request.adapter);
        sequence.reused.get_or_insert(read);
        Some(Prefill {
            key,
            sequence,
            row,
            tokens,
            read,
        })
    }

    /// Makes sure that every answer has room for its next token; where there is none, those that came last wait again, and their answers
    /// continue later as if nothing had happened.
    fn make_room<E: Engine<Row = Row>>(&mut self, engine: &mut E) {
        let mut place = 0;
        while place < self.answering.len() {
            if engine.reserve(&mut self.answering[place].row, 1) {
                place += 1;
                continue;
            }
            let evicted = match self.prefilling.take() {
                Some(prefill) => (prefill.key, prefill.sequence),
                // The first answer always has room: requests that do not fit alone are refused.
                None => match self.answering.pop() {
                    Some(row) => (row.key, row.sequence),
                    None => return,
                },
            };
            self.waiting.push_front(evicted);
            self.evictions += 1;
            self.crowded = !self.answering.is_empty();
        }
    }

    fn extend_answers<E: Engine<Row = Row>>(
        &mut self,
        engine: &mut E,
        tokenizer: Option<&TextTokenizer>,
        told: &mut dyn FnMut(u64, Change),
    ) -> Result<()> {
        if self.answering.is_empty() {
            return Ok(());
        }
        // Rows of one adapter lie side by side, so that its factors are read once.
        let mut order: Vec<&mut Answering<Row>> = self.answering.iter_mut().collect();
        order.sort_by_key(|row| row.sequence.request.adapter);
        let mut batch: Vec<Advance<'_, Row>> = Vec::with_capacity(order.len());
        let mut keys = Vec::with_capacity(order.len());
        for Answering { key, sequence, row } in order {
            keys.push(*key);
            batch.push(Advance {
                tokens: &sequence.generated[sequence.generated.len() - 1..],
                row,
                wants_logits: true,
            });
        }
        let mut logits = engine.advance(&mut batch)?;
        let mut of_row: Vec<(u64, &mut [f32])> = keys.into_iter().zip(logits.chunks_mut(engine.vocab_size())).collect();
        let before = self.answering.len();
        let mut kept = Vec::with_capacity(before);
        for row in std::mem::take(&mut self.answering) {
            if let Some((_, logits)) = of_row.iter_mut().find(|(key, _)| *key == row.key) {
                kept.extend(extended(row, logits, tokenizer, told));
            }
        }
        self.crowded &= kept.len() == before;
        self.answering = kept;
        Ok(())
    }
}

/// The row with its next token, unless its answer is complete.
fn extended<Row>(
    mut row: Answering<Row>,
    logits: &mut [f32],
    tokenizer: Option<&TextTokenizer>,
    told: &mut dyn FnMut(u64, Change),
) -> Option<Answering<Row>> {
    let Extension {
        token,
        text,
        logprobs,
        finish,
    } = match row.sequence.extend(logits, tokenizer) {
        Ok(extension) => extension,
        Err(error) => {
            told(row.key, Change::Failed(error));
            return None;
        }
    };
    match token {
        Some(token) => told(row.key, Change::Token { token, text, logprobs }),
        None if !text.is_empty() => told(row.key, Change::Text(text)),
        None => {}
    }
    let Some(finish) = finish else {
        return Some(row);
    };
    told(row.key, Change::Finished(row.sequence.complete(finish)));
    None
}
