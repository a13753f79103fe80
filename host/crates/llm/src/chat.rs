//! What the stages ask and what comes back, whatever the provider.

use nl2sql_catalog::{Message, Role};
use serde::{Deserialize, Serialize};

/// One question to a language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// JSON schema that the answer must follow, where the provider can hold it.
    pub schema: Option<serde_json::Value>,
    /// Overrides the provider's sampling temperature.
    pub temperature: Option<f32>,
    /// Overrides the provider's cap on output tokens.
    pub max_tokens: Option<u32>,
    /// Stage that asks, for budgets and the usage report, e.g. `plan`.
    pub stage: String,
    /// What it is for within the stage, e.g. a topic's name.
    pub purpose: String,
    /// Tells apart requests that are otherwise the same and are meant to get separate answers.
    pub attempt: u32,
}

impl ChatRequest {
    /// System text and turns for a model that follows no schema by itself: the schema is spelled out at the end of the system text.
    pub fn in_words(&self) -> (String, Vec<&Message>) {
        let (system, turns): (Vec<&Message>, Vec<&Message>) =
            self.messages.iter().partition(|message| message.role == Role::System);
        let spoken = system.into_iter().map(|message| message.content.clone());
        let instruction = self.schema.as_ref().map(schema_instruction);
        (spoken.chain(instruction).collect::<Vec<_>>().join("\n\n"), turns)
    }
}

/// The schema in words.
pub(crate) fn schema_instruction(schema: &serde_json::Value) -> String {
    format!("Answer with one JSON value and nothing else. It must follow this JSON schema:\n{schema}")
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinishReason {
    /// It had said everything.
    Stop,
    /// It ran into the cap on output tokens.
    Length,
    /// It, or a filter of the provider, declined.
    Refusal,
    /// Anything else, in the provider's own word.
    Other(String),
}

impl FinishReason {
    /// The word that crosses the plugin boundary.
    pub fn name(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Refusal => "refusal",
            Self::Other(reason) => reason,
        }
    }
}

/// A model's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatAnswer {
    /// The text, thinking left out.
    pub content: String,
    /// Why the model stopped.
    pub finish_reason: FinishReason,
    /// Tokens of the prompt, as the provider counts them.
    pub input_tokens: u32,
    /// Tokens of the answer, thinking included, as the provider counts them.
    pub output_tokens: u32,
}

impl ChatAnswer {
    /// A filter declined before the model saw the question; nothing is paid for that.
    pub(crate) fn refusal(message: impl Into<String>) -> Self {
        Self {
            content: message.into(),
            finish_reason: FinishReason::Refusal,
            input_tokens: 0,
            output_tokens: 0,
        }
    }
}
