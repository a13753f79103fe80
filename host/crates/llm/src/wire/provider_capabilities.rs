//! How a request is put to a provider that does not understand everything.

use crate::api_error::ApiError;
use crate::{ChatRequest, StructuredOutput};

/// The parts of a request that providers differ on. It starts as the profile says and gives up what a server declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderCapabilities {
    /// How JSON is asked for.
    pub structured: StructuredOutput,
    /// The cap on output is called `max_completion_tokens`, as OpenAI's reasoning models want it.
    pub completion_tokens: bool,
    /// Temperature and the like are sent.
    pub sampling: bool,
    /// The usage of a streamed answer is asked for.
    pub stream_usage: bool,
}

impl ProviderCapabilities {
    /// What the profile asks for.
    pub fn new(structured: StructuredOutput) -> Self {
        Self {
            structured,
            completion_tokens: false,
            sampling: true,
            stream_usage: true,
        }
    }

    /// What is left after a server declined `request`, when what it said names something that can be left out.
    pub fn after(self, api_error: &ApiError, request: &ChatRequest) -> Option<Self> {
        let message = api_error.message.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if !self.completion_tokens && names(&["max_completion_tokens"]) {
            return Some(Self {
                completion_tokens: true,
                ..self
            });
        }
        if self.stream_usage && names(&["stream_options", "include_usage"]) {
            return Some(Self {
                stream_usage: false,
                ..self
            });
        }
        let of_schemas = [
            "response_format",
            "json_schema",
            "json_object",
            "schema",
            "structured output",
            "tool_choice",
            "tools",
            "function call",
            "guided",
            "grammar",
        ];
        if request.schema.is_some() && names(&of_schemas) {
            let structured = match self.structured {
                StructuredOutput::Schema => StructuredOutput::Json,
                StructuredOutput::Json => StructuredOutput::Prompt,
                StructuredOutput::Prompt => return None,
            };
            return Some(Self { structured, ..self });
        }
        let of_sampling = ["temperature", "top_p", "penalty", "seed"];
        if self.sampling && names(&of_sampling) && names(&["support", "not allowed", "unknown", "unrecognized"]) {
            return Some(Self {
                sampling: false,
                ..self
            });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Role};

    fn request() -> ChatRequest {
        ChatRequest {
            messages: vec![Message {
                role: Role::User,
                content: "?".to_owned(),
            }],
            schema: Some(serde_json::json!({})),
            temperature: None,
            max_tokens: None,
            stage: String::new(),
            purpose: String::new(),
            attempt: 0,
        }
    }

    fn after(capabilities: ProviderCapabilities, message: &str) -> Option<ProviderCapabilities> {
        let api_error = ApiError {
            kind: String::new(),
            message: message.to_owned(),
        };
        capabilities.after(&api_error, &request())
    }

    #[test]
    fn a_declined_schema_becomes_json_mode_and_then_words() {
        let first = ProviderCapabilities::new(StructuredOutput::Schema);
        let second = after(first, "This response_format type is unavailable now").unwrap();
        assert_eq!(second.structured, StructuredOutput::Json);
        let third = after(second, "'response_format' of type 'json_object' is not supported").unwrap();
        assert_eq!(third.structured, StructuredOutput::Prompt);
        assert_eq!(after(third, "response_format?"), None);
    }

    #[test]
    fn reasoning_models_name_what_they_take() {
        let first = ProviderCapabilities::new(StructuredOutput::Schema);
        let told = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let second = after(first, told).unwrap();
        assert!(second.completion_tokens && second.sampling);
        let third = after(
            second,
            "Unsupported value: 'temperature' does not support 0.2 with this model.",
        )
        .unwrap();
        assert!(!third.sampling);
        assert_eq!(after(third, "the prompt is too long"), None);
    }
}
