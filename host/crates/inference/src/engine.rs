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
    /// Whether logits after the last token are wanted; the pieces of a long prompt need none.
    pub wants_logits: bool,
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

    /// Feeds every row its new tokens; gives logits `[rows that want them, vocab]` after each row's last token.
    ///
    /// # Errors
    /// When the device fails, or memory for keys and values is exhausted.
    fn advance(&mut self, batch: &mut [Advance<'_, Self::Row>]) -> Result<Vec<f32>>;

    /// Tells that a row now holds exactly this prompt, which later prompts may begin with.
    fn remember(&mut self, prompt: &[u32], row: &mut Self::Row);

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
