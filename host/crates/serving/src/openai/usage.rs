//! Tokens that a request took.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use nl2sql_inference::Completion;

/// Tokens of prompt and answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of all answers.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Tokens of the prompt that an earlier one had left behind.
    pub prompt_tokens_details: PromptTokensDetails,
}

/// More about the prompt's tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PromptTokensDetails {
    /// Tokens that were not computed again.
    pub cached_tokens: u64,
}

impl Usage {
    /// Adds an answer to the same prompt.
    pub(crate) fn add(&mut self, completion: &Completion) {
        self.prompt_tokens = completion.prompt_tokens as u64;
        self.completion_tokens += completion.tokens.len() as u64;
        self.total_tokens = self.prompt_tokens + self.completion_tokens;
        let cached = &mut self.prompt_tokens_details.cached_tokens;
        *cached = (*cached).max(completion.reused_tokens as u64);
    }

    /// The usage of a request with several prompts, which have this many tokens together.
    #[must_use]
    pub(crate) fn of_prompts(mut self, prompt_tokens: u64) -> Self {
        self.prompt_tokens = prompt_tokens;
        self.total_tokens = prompt_tokens + self.completion_tokens;
        self
    }
}
