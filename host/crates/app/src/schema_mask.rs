//! Constrained decoding, as generation calls it.

use std::sync::Arc;

use nl2sql_constrained_decoding::{SchemaConstraint, Selection, TokenMask};
use nl2sql_inference::{InferenceError, LogitsMask, MaskNeeds, Sampling};

const THOUGHT_OPENS: &[u8] = b"<think>";
const THOUGHT_ENDS: &[u8] = b"</think>";

/// Holds a statement to the names of a database. What a model thinks before it is free.
pub(crate) struct SchemaMask {
    mask: TokenMask,
    /// What each token adds to the answer, where the model may think first.
    token_bytes: Option<Arc<[Vec<u8>]>>,
}

impl SchemaMask {
    /// For an answer whose tokens are chosen so; `thinks` where it may begin with a thinking block. `token_bytes` is what each token adds.
    pub(crate) fn new(
        constraint: Arc<SchemaConstraint>,
        token_bytes: Arc<[Vec<u8>]>,
        sampling: Sampling,
        thinks: bool,
    ) -> Self {
        // A penalty is applied after the mask and may change the order.
        let is_greedy = sampling.temperature <= 0.0 && sampling.repetition_penalty == 1.0;
        let selection = if is_greedy {
            Selection::Greedy
        } else {
            Selection::Sampled
        };
        Self {
            mask: TokenMask::new(constraint, Arc::clone(&token_bytes), selection),
            token_bytes: thinks.then_some(token_bytes),
        }
    }

    /// The statement so far, if it has begun.
    fn statement<'a>(&self, generated: &'a [u32]) -> Option<&'a [u32]> {
        let start = match &self.token_bytes {
            None => 0,
            Some(bytes) => statement_start(generated, bytes)?,
        };
        Some(&generated[start..])
    }
}

impl LogitsMask for SchemaMask {
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]) -> Result<(), InferenceError> {
        if let Some(statement) = self.statement(generated) {
            self.mask.apply(statement, logits);
        }
        Ok(())
    }

    fn needs(&mut self, _generated: &[u32], _vocab: usize) -> Result<MaskNeeds, InferenceError> {
        Ok(MaskNeeds::Likeliest)
    }

    fn accepts(&mut self, generated: &[u32], likeliest: u32) -> Result<bool, InferenceError> {
        Ok(match self.statement(generated) {
            Some(statement) => self.mask.accepts(statement, likeliest),
            None => true,
        })
    }
}

/// The token with which the statement begins; none while the model thinks, or may begin to.
fn statement_start(generated: &[u32], token_bytes: &[Vec<u8>]) -> Option<usize> {
    let mut text = Vec::new();
    for (number, token) in generated.iter().enumerate() {
        text.extend(token_bytes.get(*token as usize).into_iter().flatten());
        let written = text.trim_ascii_start();
        let compared = written.len().min(THOUGHT_OPENS.len());
        if written[..compared] != THOUGHT_OPENS[..compared] {
            return Some(0);
        }
        if written.windows(THOUGHT_ENDS.len()).any(|part| part == THOUGHT_ENDS) {
            return Some(number + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::statement_start;

    #[test]
    fn statements_begin_after_thoughts() {
        let tokens = ["\n", "<think>", "<thi", "nk>", "SELECT", "</think>", "\n\n"];
        let bytes: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        for (generated, start) in [
            (&[][..], None),
            (&[0], None),
            (&[4], Some(0)),
            (&[0, 4, 1, 5], Some(0)),
            (&[1, 4], None),
            (&[2], None),
            (&[2, 3, 4], None),
            (&[0, 1, 4, 5], Some(4)),
            (&[1, 5, 6, 4, 5], Some(2)),
        ] {
            assert_eq!(statement_start(generated, &bytes), start, "{generated:?}");
        }
    }
}
