//! Requests and answers as the protocols need them.

use nl2sql_catalog::{ChatAnswer, ChatRequest, FinishReason, Message, Role};

/// System text and turns for a model that follows no schema by itself: the schema is spelled out at the end of the system text.
pub fn without_schema(request: &ChatRequest) -> (String, Vec<&Message>) {
    let (system, turns): (Vec<&Message>, Vec<&Message>) = request
        .messages
        .iter()
        .partition(|message| message.role == Role::System);
    let spoken = system.into_iter().map(|message| message.content.clone());
    let instruction = request.schema.as_ref().map(schema_instruction);
    (spoken.chain(instruction).collect::<Vec<_>>().join("\n\n"), turns)
}

/// The schema in words.
pub(crate) fn schema_instruction(schema: &serde_json::Value) -> String {
    format!("Answer with one JSON value and nothing else. It must follow this JSON schema:\n{schema}")
}

/// A filter declined before the model saw the question; nothing is paid for that.
pub(crate) fn declined_by_filter(message: impl Into<String>) -> ChatAnswer {
    ChatAnswer {
        content: message.into(),
        finish_reason: FinishReason::Refusal,
        input_tokens: 0,
        output_tokens: 0,
    }
}
