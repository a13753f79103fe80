//! The two chat protocols, as pure functions between our nouns and their JSON.
//!
//! What is sent follows the protocols to the letter; what is read may come from servers that follow them loosely.

pub mod anthropic;
pub mod openai;
mod provider_capabilities;

use serde_json::Value;

use crate::api_error::ApiError;
use crate::chat::declined_by_filter;
use crate::{ChatAnswer, ChatRequest, FinishReason, ProviderFault, ProviderSettings};

pub use provider_capabilities::ProviderCapabilities;

/// One protocol: where to post, which headers, what body, and how to read the answer.
pub trait Wire: Send + Sync {
    /// Paths to post to, relative to the base URL's, the likeliest first; a server that does not know one is asked at the next.
    fn paths(&self, base_path: &str) -> Vec<String>;
    /// Headers that carry the key and the protocol version.
    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)>;
    /// Request body.
    fn body(&self, settings: &ProviderSettings, request: &ChatRequest, capabilities: ProviderCapabilities) -> Value;
    /// Answer out of a whole response body that is no error.
    ///
    /// # Errors
    /// A passing fault when the body has not the protocol's shape: a half or garbled answer.
    fn answer(&self, body: &Value) -> Result<ChatAnswer, ProviderFault>;
    /// Folds one event of a streamed answer that is no error.
    fn fold(&self, partial: &mut PartialAnswer, event: &Value);
}

/// The answer of a response body, or the error that it carries although the status was good.
///
/// # Errors
/// [`ProviderFault`], by what the error says.
pub fn answer(wire: &dyn Wire, body: &Value) -> Result<ChatAnswer, ProviderFault> {
    match ApiError::read(body) {
        Some(api_error) if api_error.is_filtered() => Ok(declined_by_filter(api_error.message)),
        Some(api_error) => Err(api_error.into_fault()),
        None => wire.answer(body),
    }
}

/// A streamed answer while it arrives.
#[derive(Debug, Default)]
pub struct PartialAnswer {
    /// Text so far.
    pub content: String,
    /// Arguments of the tool call that carries the answer, where one does.
    pub arguments: String,
    /// Set once the model says why it stopped.
    pub finish_reason: Option<FinishReason>,
    /// The stream said that it is complete.
    pub closed: bool,
    /// The server said that it gave up.
    pub gave_up: bool,
    /// Input tokens.
    pub input_tokens: u32,
    /// Output tokens.
    pub output_tokens: u32,
}

impl PartialAnswer {
    /// Length so far, in bytes.
    pub fn len(&self) -> usize {
        self.content.len() + self.arguments.len()
    }

    /// The whole answer.
    ///
    /// # Errors
    /// A passing fault when the stream ended before the model had said why it stopped, or that it had.
    pub fn finish(self) -> Result<ChatAnswer, ProviderFault> {
        if self.gave_up {
            return Err(ProviderFault::passing("the server gave up on the answer"));
        }
        let content = if self.arguments.is_empty() {
            self.content
        } else {
            self.arguments
        };
        let finish_reason = match self.finish_reason {
            Some(reason) => reason,
            None if self.closed && !content.is_empty() => FinishReason::Stop,
            None => {
                return Err(ProviderFault::passing(
                    "the streamed answer ended before the model had finished",
                ));
            }
        };
        Ok(ChatAnswer {
            content,
            finish_reason,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
        })
    }
}

/// Why a model stopped, in the words of many providers. An absent reason beside a whole answer is no trouble.
pub(crate) fn finish_reason(reason: Option<&str>) -> FinishReason {
    match reason.unwrap_or("stop").to_lowercase().as_str() {
        "stop" | "end_turn" | "stop_sequence" | "tool_use" | "tool_calls" | "function_call" | "eos" | "eos_token"
        | "complete" | "completed" | "" => FinishReason::Stop,
        "length" | "max_tokens" | "max_output_tokens" | "model_length" | "model_context_window_exceeded" => {
            FinishReason::Length
        }
        "content_filter" | "refusal" | "safety" | "sensitive" => FinishReason::Refusal,
        other => FinishReason::Other(other.to_owned()),
    }
}

/// Reasons of a server that gave up on an answer.
pub(crate) fn gave_up(reason: Option<&str>) -> bool {
    matches!(
        reason,
        Some("error" | "network_error" | "insufficient_system_resource" | "server_error" | "timeout")
    )
}

/// Text of a string, or of a list of strings and text blocks; a value that is JSON already stands as its text.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| match part {
                Value::String(text) => text.clone(),
                part => part.get("text").map(text_of).unwrap_or_default(),
            })
            .collect(),
        other => other.to_string(),
    }
}

/// A token count in a response under the first of these pointers that holds one, 0 when none does.
pub(crate) fn count(value: &Value, pointers: &[&str]) -> u32 {
    pointers
        .iter()
        .find_map(|pointer| value.pointer(pointer)?.as_f64())
        .map_or(0, |number| number.clamp(0.0, f64::from(u32::MAX)) as u32)
}

/// Sets `key` when there is a value for it.
pub(crate) fn set<T: serde::Serialize>(body: &mut serde_json::Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        body.insert(key.to_owned(), value);
    }
}

/// Lays the profile's own fields over a body; objects merge, `null` cannot be said in TOML and an empty text takes a field out.
pub(crate) fn lay_over<'a>(
    body: &mut serde_json::Map<String, Value>,
    extra: impl IntoIterator<Item = (&'a String, &'a Value)>,
) {
    for (key, value) in extra {
        match (body.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => lay_over(known, more),
            (_, Value::String(text)) if text.is_empty() => drop(body.shift_remove(key)),
            _ => drop(body.insert(key.clone(), value.clone())),
        }
    }
}
