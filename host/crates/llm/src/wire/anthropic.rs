//! Anthropic's messages protocol.
//!
//! Source: Anthropic API reference, "Messages", version 2023-06-01. A schema is held by one tool that the model must call.

use serde_json::{Map, Value, json};

use super::{PartialAnswer, Wire, count, schema_instruction, set};
use crate::{ChatAnswer, ChatRequest, FinishReason, ProviderFault, ProviderSettings, Role, StructuredOutput};

const VERSION: &str = "2023-06-01";
const ANSWER_TOOL: &str = "answer";

/// The protocol.
pub struct Anthropic;

impl Wire for Anthropic {
    fn url(&self, settings: &ProviderSettings) -> String {
        format!(
            "{}/v1/messages",
            settings.base_url.trim_end_matches('/').trim_end_matches("/v1")
        )
    }

    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)> {
        let version = ("anthropic-version", VERSION.to_owned());
        key.map(|key| ("x-api-key", key.to_owned()))
            .into_iter()
            .chain([version])
            .collect()
    }

    fn body(&self, settings: &ProviderSettings, request: &ChatRequest) -> Value {
        let mut body = Map::new();
        body.insert("model".into(), json!(settings.model));
        body.insert(
            "max_tokens".into(),
            json!(request.max_tokens.unwrap_or(settings.max_tokens)),
        );
        let system = system_text(settings, request);
        if !system.is_empty() {
            body.insert("system".into(), json!(system));
        }
        let turns: Vec<_> = request
            .messages
            .iter()
            .filter(|message| message.role != Role::System)
            .collect();
        body.insert("messages".into(), json!(turns));
        set(
            &mut body,
            "temperature",
            request.temperature.or(settings.sampling.temperature),
        );
        set(&mut body, "top_p", settings.sampling.top_p);
        if let (Some(schema), StructuredOutput::Schema) = (&request.schema, settings.structured) {
            let tool = json!({ "name": ANSWER_TOOL, "description": "Gives the answer.", "input_schema": schema });
            body.insert("tools".into(), json!([tool]));
            body.insert("tool_choice".into(), json!({ "type": "tool", "name": ANSWER_TOOL }));
        }
        if settings.stream {
            body.insert("stream".into(), json!(true));
        }
        body.extend(settings.extra_body.clone());
        Value::Object(body)
    }

    fn answer(&self, body: &Value) -> Result<ChatAnswer, ProviderFault> {
        let blocks = body.get("content").and_then(Value::as_array);
        let reason = body.get("stop_reason").and_then(Value::as_str);
        let (Some(blocks), Some(reason)) = (blocks, reason) else {
            return Err(ProviderFault::passing("the answer has no content or no stop_reason"));
        };
        let content = blocks.iter().map(block_text).collect::<String>();
        Ok(ChatAnswer {
            content,
            finish_reason: finish_reason(reason),
            input_tokens: count(body, "/usage/input_tokens"),
            output_tokens: count(body, "/usage/output_tokens"),
        })
    }

    fn fold(&self, partial: &mut PartialAnswer, event: &Value) -> Result<(), ProviderFault> {
        match event.get("type").and_then(Value::as_str) {
            Some("error") => return Err(ProviderFault::passing(format!("the stream failed: {}", event["error"]))),
            Some("message_start") => partial.input_tokens = count(event, "/message/usage/input_tokens"),
            Some("content_block_delta") => {
                let delta = event
                    .pointer("/delta/text")
                    .or_else(|| event.pointer("/delta/partial_json"));
                partial.content.push_str(delta.and_then(Value::as_str).unwrap_or(""));
            }
            Some("message_delta") => {
                partial.finish_reason = event
                    .pointer("/delta/stop_reason")
                    .and_then(Value::as_str)
                    .map(finish_reason);
                partial.output_tokens = count(event, "/usage/output_tokens");
            }
            _ => {}
        }
        Ok(())
    }
}

/// Text of a content block; a call of the answer tool counts as the JSON it was called with, thinking counts for nothing.
fn block_text(block: &Value) -> String {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => block.get("text").and_then(Value::as_str).unwrap_or("").to_owned(),
        Some("tool_use") => block.get("input").map(Value::to_string).unwrap_or_default(),
        _ => String::new(),
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    match reason {
        "end_turn" | "stop_sequence" | "tool_use" => FinishReason::Stop,
        "max_tokens" => FinishReason::Length,
        "refusal" => FinishReason::Refusal,
        other => FinishReason::Other(other.to_owned()),
    }
}

fn system_text(settings: &ProviderSettings, request: &ChatRequest) -> String {
    let spoken = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System)
        .map(|message| message.content.clone());
    let instruction = match (&request.schema, settings.structured) {
        (Some(schema), StructuredOutput::Json | StructuredOutput::Prompt) => Some(schema_instruction(schema)),
        _ => None,
    };
    spoken.chain(instruction).collect::<Vec<_>>().join("\n\n")
}
