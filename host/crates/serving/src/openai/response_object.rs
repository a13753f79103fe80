//! What `POST /v1/responses` answers: OpenAI's response object.

use nl2sql_inference::{Completion, Finish};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An answer to a turn. The official clients expect every field, also those that say nothing here.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResponseObject {
    /// Its id.
    pub id: String,
    /// `response`
    pub object: &'static str,
    /// Seconds since 1970.
    pub created_at: u64,
    /// Name of the model or adapter.
    pub model: String,
    /// `in_progress`, `completed`, or `incomplete` where the answer reached its most tokens.
    pub status: &'static str,
    /// The message, once it is begun.
    pub output: Vec<OutputMessage>,
    /// Always null: what fails is answered with an error.
    pub error: Option<String>,
    /// Why the answer is incomplete.
    pub incomplete_details: Option<IncompleteDetails>,
    /// Always null: instructions are not kept.
    pub instructions: Option<String>,
    /// Always empty.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Always false.
    pub parallel_tool_calls: bool,
    /// `none`
    pub tool_choice: &'static str,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub tools: Vec<Value>,
    /// Always null.
    pub temperature: Option<f32>,
    /// Always null.
    pub top_p: Option<f32>,
    /// What was read and written, at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<ResponseUsage>,
}

/// Why an answer is incomplete.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct IncompleteDetails {
    /// `max_output_tokens`
    pub reason: &'static str,
}

/// What the model says.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputMessage {
    /// `message`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// `assistant`
    pub role: &'static str,
    /// As that of the response.
    pub status: &'static str,
    /// The text, once it is whole.
    pub content: Vec<OutputText>,
}

/// A text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputText {
    /// `output_text`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub annotations: Vec<Value>,
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub logprobs: Vec<Value>,
}

/// Tokens read and written.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ResponseUsage {
    /// Tokens of the prompt.
    pub input_tokens: usize,
    /// How many of them had been read before.
    pub input_tokens_details: InputTokens,
    /// Tokens of the answer.
    pub output_tokens: usize,
    /// How many of them were thoughts.
    pub output_tokens_details: OutputTokens,
    /// Their sum.
    pub total_tokens: usize,
}

/// Tokens of a prompt.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct InputTokens {
    /// Shared with earlier prompts.
    pub cached_tokens: usize,
}

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct OutputTokens {
    /// Always 0: thoughts are part of the text.
    pub reasoning_tokens: usize,
}

/// What every state of a response says.
pub(super) struct ResponseHead {
    pub(super) id: String,
    pub(super) item: String,
    pub(super) created: u64,
    pub(super) model: String,
}

impl ResponseHead {
    /// Before anything is written.
    pub(super) fn begun(&self) -> ResponseObject {
        self.response("in_progress", Vec::new())
    }

    /// The message before anything is written.
    pub(super) fn begun_message(&self) -> OutputMessage {
        self.message("in_progress", Vec::new())
    }

    /// At the end.
    pub(super) fn finished(&self, completion: &Completion) -> ResponseObject {
        let whole = completion.finish != Finish::Length;
        let status = if whole { "completed" } else { "incomplete" };
        let (input, output) = (completion.prompt_tokens, completion.tokens.len());
        ResponseObject {
            incomplete_details: (!whole).then_some(IncompleteDetails {
                reason: "max_output_tokens",
            }),
            usage: Some(ResponseUsage {
                input_tokens: input,
                input_tokens_details: InputTokens {
                    cached_tokens: completion.reused_tokens,
                },
                output_tokens: output,
                output_tokens_details: OutputTokens { reasoning_tokens: 0 },
                total_tokens: input + output,
            }),
            ..self.response(
                status,
                vec![self.message(status, vec![OutputText::of(&completion.text)])],
            )
        }
    }

    fn response(&self, status: &'static str, output: Vec<OutputMessage>) -> ResponseObject {
        ResponseObject {
            id: self.id.clone(),
            object: "response",
            created_at: self.created,
            model: self.model.clone(),
            status,
            output,
            error: None,
            incomplete_details: None,
            instructions: None,
            metadata: Map::new(),
            parallel_tool_calls: false,
            tool_choice: "none",
            tools: Vec::new(),
            temperature: None,
            top_p: None,
            usage: None,
        }
    }

    fn message(&self, status: &'static str, content: Vec<OutputText>) -> OutputMessage {
        OutputMessage {
            kind: "message",
            id: self.item.clone(),
            role: "assistant",
            status,
            content,
        }
    }
}

impl OutputText {
    /// A text as part of a message.
    pub(super) fn of(text: &str) -> Self {
        Self {
            kind: "output_text",
            text: text.to_owned(),
            annotations: Vec::new(),
            logprobs: Vec::new(),
        }
    }
}
