//! Conversations to training samples: tokens, labels and what the cutoff cost.

use super::{ChatMessage, ChatTemplate, Thinking, Truncation, share_of_cutoff};
use crate::error::{ModelError, Result};
use crate::tokenizer::TextTokenizer;

/// Label of a position that is not scored.
pub const IGNORED_LABEL: i64 = -100;

/// A conversation ready for training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedSample {
    /// Tokens of all turns.
    pub input_ids: Vec<u32>,
    /// For each token itself (not shifted): its id where it is an answer's, else [`IGNORED_LABEL`].
    pub labels: Vec<i64>,
    /// What the cutoff cost.
    pub truncation: Truncation,
}

impl EncodedSample {
    /// Positions that carry a label.
    pub fn scored_tokens(&self) -> usize {
        self.labels.iter().filter(|label| **label != IGNORED_LABEL).count()
    }
}

impl ChatTemplate {
    /// Encodes a conversation for supervised training in at most `cutoff` tokens.
    ///
    /// # Errors
    /// When the cutoff is 0, the messages do not alternate, or the tokenizer fails.
    pub fn encode_sample(
        &self,
        tokenizer: &TextTokenizer,
        system: &str,
        messages: &[ChatMessage],
        cutoff: usize,
        thinking: Thinking,
    ) -> Result<EncodedSample> {
        if cutoff == 0 {
            return Err(ModelError::template(
                self.name,
                "the cutoff length is 0",
                "Set cutoff_len to the longest sample in tokens; 2048 is usual.",
            ));
        }
        let mut sample = EncodedSample {
            input_ids: Vec::new(),
            labels: Vec::new(),
            truncation: Truncation::default(),
        };
        for turn in self.encode_turns(tokenizer, system, messages, thinking)? {
            let left = cutoff - sample.input_ids.len();
            if left == 0 {
                sample.truncation.turns += 1;
                continue;
            }
            let (prompt, answer) = share_of_cutoff(turn.prompt.len(), turn.answer.len(), left);
            sample.truncation.prompt_tokens += turn.prompt.len() - prompt;
            sample.truncation.answer_tokens += turn.answer.len() - answer;
            let answer = &turn.answer[..answer];
            sample.input_ids.extend(&turn.prompt[..prompt]);
            sample.input_ids.extend(answer);
            sample.labels.extend(std::iter::repeat_n(IGNORED_LABEL, prompt));
            sample.labels.extend(answer.iter().map(|token| i64::from(*token)));
        }
        Ok(sample)
    }
}
