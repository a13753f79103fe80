//! What generation needs of a model: rows that remember their past, advanced together.

use crate::error::Result;

/// One row of a step: its state and the tokens that are new to it.
#[derive(Debug)]
pub struct Advance<'a, Row> {
    /// Keys and values of the row's past.
    pub row: &'a mut Row,
    /// New tokens; at least one.
    pub tokens: &'a [u32],
}

/// A model that extends sequences, several at a time.
pub trait Engine {
    /// State of one sequence.
    type Row;

    /// Entries of a logits row.
    fn vocab_size(&self) -> usize;

    /// A row for a prompt, and how many of the prompt's first tokens it already knows.
    fn open(&mut self, prompt: &[u32]) -> (Self::Row, usize);

    /// Feeds every row its new tokens; gives logits `[rows, vocab]` after each row's last token.
    ///
    /// # Errors
    /// When the device fails.
    fn advance(&mut self, batch: &mut [Advance<'_, Self::Row>]) -> Result<Vec<f32>>;

    /// Tells that a row now holds exactly this prompt, which later prompts may begin with.
    fn remember(&mut self, prompt: &[u32], row: &mut Self::Row);
}
