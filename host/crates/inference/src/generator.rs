//! Continuous batching: rows leave when they are done, waiting requests take their place.

use std::collections::VecDeque;

use crate::error::{InferenceError, Result};
use crate::sampler::Sampler;
use crate::stop::{cut_at_stop, safe_length};
use crate::{Advance, Completion, Engine, Finish, GenerationRequest};
use nl2sql_model::tokenizer::TextTokenizer;

/// What happens while requests are served; requests are numbered in the order given.
#[derive(Debug)]
pub enum Progress<'a> {
    /// More of an answer's text is certain.
    Text {
        /// Number of the request.
        request: usize,
        /// The new text.
        text: &'a str,
    },
    /// An answer is complete.
    Finished {
        /// Number of the request.
        request: usize,
        /// The answer.
        completion: &'a Completion,
    },
}

/// Serves generation requests on an engine.
#[derive(Debug)]
pub struct Generator<E: Engine> {
    engine: E,
    tokenizer: Option<TextTokenizer>,
    rows_at_once: usize,
}

struct ActiveRow<Row> {
    number: usize,
    request: GenerationRequest,
    state: Row,
    sampler: Sampler,
    generated: Vec<u32>,
    shown: usize,
    reused: usize,
}

impl<E: Engine> Generator<E> {
    /// A generator that advances at most `rows_at_once` sequences together. Without a tokenizer answers have no
    /// text, and stop texts are refused.
    pub fn new(engine: E, tokenizer: Option<TextTokenizer>, rows_at_once: usize) -> Self {
        Self {
            engine,
            tokenizer,
            rows_at_once: rows_at_once.max(1),
        }
    }

    /// Serves all requests; answers come back in the order of the requests.
    ///
    /// # Errors
    /// When a request is impossible (empty prompt, unknown token, stop texts without a tokenizer) or the engine
    /// fails.
    pub fn generate(&mut self, requests: Vec<GenerationRequest>) -> Result<Vec<Completion>> {
        self.generate_with(requests, &mut |_| {})
    }

    /// As [`Generator::generate`], telling of text and finished answers as they come.
    ///
    /// # Errors
    /// As [`Generator::generate`].
    pub fn generate_with(
        &mut self,
        requests: Vec<GenerationRequest>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Completion>> {
        for (number, request) in requests.iter().enumerate() {
            self.check(number, request)?;
        }
        let mut completions: Vec<Option<Completion>> = requests.iter().map(|_| None).collect();
        let mut waiting: VecDeque<_> = requests.into_iter().enumerate().collect();
        let mut active: Vec<ActiveRow<E::Row>> = Vec::new();
        while !waiting.is_empty() || !active.is_empty() {
            while active.len() < self.rows_at_once
                && let Some((number, request)) = waiting.pop_front()
            {
                let mut row = self.admit(number, request);
                let mut logits = self.prefill(&mut row)?;
                match self.extend(&mut row, &mut logits, progress)? {
                    Some(completion) => finish(number, completion, &mut completions, progress),
                    None => active.push(row),
                }
            }
            let logits = self.step(&mut active)?;
            let mut kept = Vec::with_capacity(active.len());
            for (mut row, mut logits) in active.into_iter().zip(logits) {
                match self.extend(&mut row, &mut logits, progress)? {
                    Some(completion) => finish(row.number, completion, &mut completions, progress),
                    None => kept.push(row),
                }
            }
            active = kept;
        }
        Ok(completions.into_iter().flatten().collect())
    }

    fn check(&self, number: usize, request: &GenerationRequest) -> Result<()> {
        let refuse = |reason: String, help: &str| {
            Err(InferenceError::Request {
                number: number + 1,
                reason,
                help: help.to_owned(),
            })
        };
        if request.prompt.is_empty() {
            return refuse("the prompt is empty".to_owned(), "Give at least one token.");
        }
        let vocab = self.engine.vocab_size();
        if let Some(token) = request.prompt.iter().find(|token| **token as usize >= vocab) {
            return refuse(
                format!("token {token} is outside of the vocabulary of {vocab}"),
                "The tokenizer belongs to another model.",
            );
        }
        if self.tokenizer.is_none() && !request.stop_texts.is_empty() {
            return refuse(
                "stop texts need a tokenizer".to_owned(),
                "Use stop tokens, or give a tokenizer.",
            );
        }
        Ok(())
    }

    fn admit(&mut self, number: usize, request: GenerationRequest) -> ActiveRow<E::Row> {
        let (state, reused) = self.engine.open(&request.prompt);
        ActiveRow {
            number,
            sampler: Sampler::new(request.sampling),
            state,
            request,
            generated: Vec::new(),
            shown: 0,
            reused,
        }
    }

    fn prefill(&mut self, row: &mut ActiveRow<E::Row>) -> Result<Vec<f32>> {
        let logits = self.engine.advance(&mut [Advance {
            tokens: &row.request.prompt[row.reused..],
            row: &mut row.state,
        }])?;
        self.engine.remember(&row.request.prompt, &mut row.state);
        Ok(logits)
    }

    /// Feeds every row its last token; one vector of logits per row.
    fn step(&mut self, active: &mut [ActiveRow<E::Row>]) -> Result<Vec<Vec<f32>>> {
        if active.is_empty() {
            return Ok(Vec::new());
        }
        let mut batch: Vec<Advance<'_, E::Row>> = active
            .iter_mut()
            .map(|row| Advance {
                tokens: &row.generated[row.generated.len() - 1..],
                row: &mut row.state,
            })
            .collect();
        let logits = self.engine.advance(&mut batch)?;
        Ok(logits.chunks(self.engine.vocab_size()).map(<[f32]>::to_vec).collect())
    }

    /// Chooses the row's next token; gives the completion when the row is done.
    fn extend(
        &self,
        row: &mut ActiveRow<E::Row>,
        logits: &mut [f32],
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Option<Completion>> {
        if row.request.max_new_tokens == 0 {
            return self.complete(row, Finish::Length, None).map(Some);
        }
        if let Some(mask) = &mut row.request.mask {
            mask.apply(&row.generated, logits);
        }
        let seen = row.request.prompt.iter().chain(&row.generated).copied();
        let Some(token) = row.sampler.choose(logits, seen) else {
            return self.complete(row, Finish::NothingAllowed, None).map(Some);
        };
        if row.request.stop_tokens.contains(&token) {
            return self.complete(row, Finish::StopToken, None).map(Some);
        }
        row.generated.push(token);
        if let Some(tokenizer) = &self.tokenizer {
            let text = tokenizer.decode(&row.generated, true)?;
            if let Some(end) = cut_at_stop(&text, &row.request.stop_texts) {
                return self
                    .complete(row, Finish::StopText, Some(text[..end].to_owned()))
                    .map(Some);
            }
            let safe = safe_length(&text, &row.request.stop_texts);
            if safe > row.shown && text.is_char_boundary(row.shown) {
                progress(Progress::Text {
                    request: row.number,
                    text: &text[row.shown..safe],
                });
                row.shown = safe;
            }
        }
        if row.generated.len() >= row.request.max_new_tokens {
            return self.complete(row, Finish::Length, None).map(Some);
        }
        Ok(None)
    }

    fn complete(&self, row: &mut ActiveRow<E::Row>, finish: Finish, text: Option<String>) -> Result<Completion> {
        let text = match (text, &self.tokenizer) {
            (Some(text), _) => text,
            (None, Some(tokenizer)) => tokenizer.decode(&row.generated, true)?,
            (None, None) => String::new(),
        };
        Ok(Completion {
            tokens: std::mem::take(&mut row.generated),
            text,
            finish,
            prompt_tokens: row.request.prompt.len(),
            reused_tokens: row.reused,
        })
    }
}

fn finish(
    number: usize,
    completion: Completion,
    completions: &mut [Option<Completion>],
    progress: &mut dyn FnMut(Progress<'_>),
) {
    progress(Progress::Finished {
        request: number,
        completion: &completion,
    });
    completions[number] = Some(completion);
}
