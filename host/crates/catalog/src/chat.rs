//! Conversations with a language model: what is asked, and what comes back, whatever the provider.

use serde::{Deserialize, Serialize};

/// Who speaks in a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Standing instructions.
    System,
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// Every name, as JSON and the plugin contract spell it.
    pub const NAMES: [&str; 3] = ["system", "user", "assistant"];

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "system" => Some(Self::System),
            "user" => Some(Self::User),
            "assistant" => Some(Self::Assistant),
            _ => None,
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// One question to a language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// JSON schema that the answer must follow, where the provider can enforce it.
    pub schema: Option<serde_json::Value>,
    /// Overrides the provider's sampling temperature.
    pub temperature: Option<f32>,
    /// Overrides the provider's cap on output tokens.
    pub max_tokens: Option<u32>,
    /// Stage that asks, for budgets and the usage report, e.g. `plan`. Plugins do not know theirs; the host fills it in.
    pub stage: String,
    /// What it is for within the stage, e.g. a topic's name.
    pub purpose: String,
    /// Tells apart requests that are otherwise the same and are meant to get separate answers.
    pub attempt: u32,
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
