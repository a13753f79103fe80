//! What generation needs of a model: rows that remember their past, advanced together.

use nl2sql_model::{AdapterConfig, Decoder};

use crate::error::{InferenceError, Result};

/// Number of an adapter within an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdapterId(pub u64);

/// One row of a step: its state and the tokens that are new to it.
#[derive(Debug)]
pub struct Advance<'a, Row> {
    /// Keys and values of the row's past.
    pub row: &'a mut Row,
    /// New tokens; at least one.
    pub tokens: &'a [u32],
    /// What is wanted after the last of them.
    pub wanted: Wanted,
}

/// What a row wants of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: more of the prompt follows.
    Nothing,
    /// Logits.
    Logits,
    /// The token with the highest logit, the first of equals; only of engines that [choose](Engine::chooses).
    Likeliest {
        /// By token, whether it may not be chosen; `None` where every token may.
        forbidden: Option<Vec<bool>>,
    },
}

/// What a step gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advanced {
    /// Logits `[rows that want them, vocab]`, in the order of the batch.
    pub logits: Vec<f32>,
    /// The tokens of rows that want the likeliest, in the order of the batch; `None` where every token is forbidden.
    pub likeliest: Vec<Option<u32>>,
}

/// A model that extends sequences, several at a time.
///
/// What a row computes must not depend on the rows beside it, nor on how its tokens are divided into steps: schedulers rely on it to
/// give equal answers whatever else they serve.
pub trait Engine {
    /// State of one sequence.
    type Row;

    /// Entries of a logits row.
    fn vocab_size(&self) -> usize;

    /// A row for a prompt, and how many of the prompt's first tokens it already knows.
    fn open(&mut self, prompt: &[u32], adapter: Option<AdapterId>) -> (Self::Row, usize);

    /// Feeds every row its new tokens; gives what each wants after its last one.
    ///
    /// # Errors
    /// When the device fails, or memory for keys and values is exhausted.
    fn advance(&mut self, batch: &mut [Advance<'_, Self::Row>]) -> Result<Advanced>;

    /// Whether rows may want the likeliest token: where logits lie far from the host, it is better chosen beside them.
    fn chooses(&self) -> bool {
        false
    }

    /// Logits `[rows, vocab]` of the last step, of rows that wanted the likeliest token, by their places in its batch. Only of engines that choose.
    ///
    /// # Errors
    /// When the device fails, or the engine keeps no logits.
    fn recall(&mut self, _places: &[usize]) -> Result<Vec<f32>> {
        Err(InferenceError::Logits {
            reason: "the engine keeps none".to_owned(),
        })
    }

    /// Whether a prompt can begin with what another one read, once that one is [remembered](Self::remember).
    fn shares_prompts(&self) -> bool {
        false
    }

    /// Tells that a row now holds exactly this prompt, which later prompts may begin with.
    fn remember(&mut self, _prompt: &[u32], _row: &mut Self::Row) {}

    /// Reserves memory for this many more positions; false when others hold it.
    fn reserve(&mut self, _row: &mut Self::Row, _positions: usize) -> bool {
        true
    }

    /// Positions that a single row can have when it is alone.
    fn capacity(&self) -> usize {
        usize::MAX
    }

    /// Share of the memory for keys and values that is in use, from 0 to 1.
    fn memory_in_use(&self) -> f64 {
        0.0
    }

    /// Adds an adapter: the factors, and the tables that `config` names, of a decoder that was laid over the engine's model.
    ///
    /// # Errors
    /// When the engine serves one model only.
    fn attach(&mut self, _id: AdapterId, _decoder: &Decoder, _config: &AdapterConfig) -> Result<()> {
        Err(InferenceError::AdaptersUnsupported)
    }

    /// Removes an adapter; rows that were opened with it keep it.
    fn detach(&mut self, _id: AdapterId) {}
}
