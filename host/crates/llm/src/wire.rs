//! The two chat protocols, as pure functions between our nouns and their JSON.

pub mod anthropic;
pub mod openai;

use crate::{ChatAnswer, ChatRequest, FinishReason, ProviderFault, ProviderSettings};

/// One protocol: where to post, which headers, what body, and how to read the answer.
pub trait Wire: Send + Sync {
    /// URL to post to.
    fn url(&self, settings: &ProviderSettings) -> String;
    /// Headers that carry the key and the protocol version.
    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)>;
    /// Request body.
    fn body(&self, settings: &ProviderSettings, request: &ChatRequest) -> serde_json::Value;
    /// Answer out of a whole response body.
    ///
    /// # Errors
    /// A passing fault when the body has not the protocol's shape: a half or garbled answer.
    fn answer(&self, body: &serde_json::Value) -> Result<ChatAnswer, ProviderFault>;
    /// Folds one event of a streamed answer.
    ///
    /// # Errors
    /// A passing fault when the event says that the stream failed.
    fn fold(&self, partial: &mut PartialAnswer, event: &serde_json::Value) -> Result<(), ProviderFault>;
}

/// A streamed answer while it arrives.
#[derive(Debug, Default)]
pub struct PartialAnswer {
    /// Text so far.
    pub content: String,
    /// Set once the model says why it stopped; a stream that ends before is half an answer.
    pub finish_reason: Option<FinishReason>,
    /// Input tokens.
    pub input_tokens: u32,
    /// Output tokens.
    pub output_tokens: u32,
}

impl PartialAnswer {
    /// The whole answer.
    ///
    /// # Errors
    /// A passing fault when the stream ended early.
    pub fn finish(self) -> Result<ChatAnswer, ProviderFault> {
        match self.finish_reason {
            Some(finish_reason) => Ok(ChatAnswer {
                content: self.content,
                finish_reason,
                input_tokens: self.input_tokens,
                output_tokens: self.output_tokens,
            }),
            None => Err(ProviderFault::passing(
                "the streamed answer ended before the model had finished",
            )),
        }
    }
}

/// The schema spelled out for a provider that cannot hold one itself.
pub(crate) fn schema_instruction(schema: &serde_json::Value) -> String {
    format!("Answer with one JSON value and nothing else. It must follow this JSON schema:\n{schema}")
}

/// A token count in a response, 0 when absent.
pub(crate) fn count(value: &serde_json::Value, pointer: &str) -> u32 {
    value
        .pointer(pointer)
        .and_then(serde_json::Value::as_u64)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(0)
}

/// Sets `key` when there is a value for it.
pub(crate) fn set<T: serde::Serialize>(
    body: &mut serde_json::Map<String, serde_json::Value>,
    key: &str,
    value: Option<T>,
) {
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        body.insert(key.to_owned(), value);
    }
}
