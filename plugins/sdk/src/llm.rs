//! The service `llm`: the profile's language model. The host caches, retries and keeps to the budget.

pub use crate::bindings::services::llm::{Answer, LlmError, Message, Request, Role, chat, chat_all};
use crate::types::PluginError;

impl Message {
    /// What the model is told to be.
    pub fn system(content: impl Into<String>) -> Self {
        Self {
            role: Role::System,
            content: content.into(),
        }
    }

    /// What the model is asked.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// What the model said before.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

impl From<LlmError> for PluginError {
    fn from(error: LlmError) -> Self {
        Self {
            code: format!("llm-{}", error.code),
            message: error.message,
            hint: None,
        }
    }
}
