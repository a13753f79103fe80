//! Answers a list of requests, on the calling thread.

use crate::batch::{Batch, BatchLimits, Change};
use crate::error::Result;
use crate::request_check::check_request;
use crate::scheduler::DEFAULT_PREFILL;
use crate::{Completion, Engine, GenerationRequest};
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

impl<E: Engine> Generator<E> {
    /// A generator that advances at most `rows_at_once` sequences together. Without a tokenizer answers have no
    /// text, and stop texts are refused.
    pub fn new(engine: E, tokenizer: Option<TextTokenizer>, rows_at_once: usize) -> Self {
        Self {
            engine,
            tokenizer,
            rows_at_once,
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
        let (vocab, capacity) = (self.engine.vocab_size(), self.engine.capacity());
        for (number, request) in requests.iter().enumerate() {
            check_request(number, request, vocab, capacity, self.tokenizer.is_some())?;
        }
        let mut completions: Vec<Option<Completion>> = requests.iter().map(|_| None).collect();
        let mut batch = Batch::new(BatchLimits {
            rows: self.rows_at_once,
            prefill: DEFAULT_PREFILL,
        });
        for (number, request) in requests.into_iter().enumerate() {
            batch.add(number as u64, request);
        }
        let mut failed = None;
        while failed.is_none() && !batch.is_idle() {
            batch.step(&mut self.engine, self.tokenizer.as_ref(), &mut |key, change| {
                let request = key as usize;
                match change {
                    Change::Token { text, .. } | Change::Text(text) if text.is_empty() => drop(text),
                    Change::Token { text, .. } | Change::Text(text) => {
                        progress(Progress::Text { request, text: &text });
                    }
                    Change::Failed(error) => failed = Some(error),
                    Change::Finished(completion) => {
                        progress(Progress::Finished {
                            request,
                            completion: &completion,
                        });
                        completions[request] = Some(completion);
                    }
                }
            })?;
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(completions.into_iter().flatten().collect()),
        }
    }
}
