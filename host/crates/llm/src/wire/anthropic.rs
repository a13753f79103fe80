//! Anthropic's messages protocol.
//!
//! Source: Anthropic API reference, "Messages", version 2023-06-01. A schema is held by one tool that the model must call.

use serde_json::{Map, Value, json};

use super::{PartialAnswer, ProviderCapabilities, Wire, count, finish_reason, gave_up, lay_over, set, text_of};
use crate::chat::schema_instruction;
use crate::{ChatAnswer, ChatRequest, ProviderFault, ProviderSettings, Role, StructuredOutput};

const VERSION: &str = "2023-06-01";
const ANSWER_TOOL: &str = "answer";
const RESOURCE: &str = "messages";

/// The protocol.
pub struct Anthropic;

impl Wire for Anthropic {
    fn paths(&self, base_path: &str) -> Vec<String> {
        let base = base_path.trim_end_matches('/');
        let base = base.strip_suffix(RESOURCE).unwrap_or(base).trim_end_matches('/');
        vec![format!("{}/v1/{RESOURCE}", base.trim_end_matches("/v1"))]
    }

    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)> {
        let version = ("anthropic-version", VERSION.to_owned());
        key.map(|key| ("x-api-key", key.to_owned()))
            .into_iter()
            .chain([version])
            .collect()
    }

    fn body(&self, settings: &ProviderSettings, request: &ChatRequest, capabilities: ProviderCapabilities) -> Value {
        let mut body = Map::new();
        // Thinking comes out of the same cap, cannot be sampled otherwise than by default, and forbids a forced tool.
        let thinking = settings
            .body
            .get("thinking")
            .and_then(|thinking| thinking.get("budget_tokens"))
            .and_then(Value::as_u64);
        let spoken = u64::from(request.max_tokens.unwrap_or(settings.max_tokens));
        body.insert("model".into(), json!(settings.model));
        body.insert("max_tokens".into(), json!(spoken + thinking.unwrap_or(0)));
        let system = system_text(request, capabilities.structured);
        if !system.is_empty() {
            body.insert("system".into(), json!(system));
        }
        let turns: Vec<_> = request
            .messages
            .iter()
            .filter(|message| message.role != Role::System)
            .collect();
        body.insert("messages".into(), json!(turns));
        if capabilities.sampling && thinking.is_none() {
            set(
                &mut body,
                "temperature",
                request.temperature.or(settings.sampling.temperature),
            );
            set(&mut body, "top_p", settings.sampling.top_p);
        }
        if let (Some(schema), StructuredOutput::Schema) = (&request.schema, capabilities.structured) {
            let tool = json!({ "name": ANSWER_TOOL, "description": "Gives the answer.", "input_schema": schema });
            body.insert("tools".into(), json!([tool]));
            let choice = match thinking {
                Some(_) => json!({ "type": "auto" }),
                None => json!({ "type": "tool", "name": ANSWER_TOOL }),
            };
            body.insert("tool_choice".into(), choice);
        }
        if settings.stream {
            body.insert("stream".into(), json!(true));
        }
        lay_over(&mut body, &settings.body);
        Value::Object(body)
    }

    fn answer(&self, body: &Value) -> Result<ChatAnswer, ProviderFault> {
        let reason = body.get("stop_reason").and_then(Value::as_str);
        if gave_up(reason) {
            return Err(ProviderFault::passing("the server gave up on the answer"));
        }
        let content = match body.get("content") {
            Some(Value::Array(blocks)) => content_of(blocks),
            Some(Value::String(text)) => text.clone(),
            _ => return Err(ProviderFault::passing("the answer has no content")),
        };
        if content.is_empty() && reason.is_none() {
            return Err(ProviderFault::passing("the answer has no text and no stop_reason"));
        }
        Ok(ChatAnswer {
            content,
            finish_reason: finish_reason(reason),
            input_tokens: input_tokens(body, "/usage"),
            output_tokens: count(body, &["/usage/output_tokens", "/usage/completion_tokens"]),
        })
    }

    fn fold(&self, partial: &mut PartialAnswer, event: &Value) {
        match event.get("type").and_then(Value::as_str) {
            Some("message_start") => partial.input_tokens = input_tokens(event, "/message/usage"),
            Some("content_block_start") => {
                let block = event.pointer("/content_block/text").and_then(Value::as_str);
                partial.content.push_str(block.unwrap_or(""));
            }
            Some("content_block_delta") => {
                let text = |key: &str| event.pointer(key).and_then(Value::as_str).unwrap_or("");
                partial.content.push_str(text("/delta/text"));
                partial.arguments.push_str(text("/delta/partial_json"));
            }
            Some("message_delta") => {
                let reason = event.pointer("/delta/stop_reason").and_then(Value::as_str);
                partial.gave_up |= gave_up(reason);
                if reason.is_some() {
                    partial.finish_reason = Some(finish_reason(reason));
                }
                partial.output_tokens = count(event, &["/usage/output_tokens"]);
                partial.input_tokens = partial.input_tokens.max(input_tokens(event, "/usage"));
            }
            Some("message_stop") => partial.closed = true,
            _ => {}
        }
    }
}

/// Tokens of the prompt, those read from and written to the provider's cache included.
fn input_tokens(value: &Value, usage: &str) -> u32 {
    ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
        .iter()
        .fold(0u32, |sum, key| {
            sum.saturating_add(count(value, &[&format!("{usage}/{key}")]))
        })
}

/// What the blocks say: the JSON that the answer tool was called with, else the text. Thinking counts for nothing.
fn content_of(blocks: &[Value]) -> String {
    let of_type = |wanted: &'static str| {
        blocks
            .iter()
            .filter(move |block| block.get("type").and_then(Value::as_str) == Some(wanted))
    };
    match of_type("tool_use").next() {
        Some(call) => call.get("input").map(text_of).unwrap_or_default(),
        None => of_type("text")
            .map(|block| block.get("text").map(text_of).unwrap_or_default())
            .collect(),
    }
}

fn system_text(request: &ChatRequest, structured: StructuredOutput) -> String {
    let spoken = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System)
        .map(|message| message.content.clone());
    let instruction = match (&request.schema, structured) {
        (Some(schema), StructuredOutput::Json | StructuredOutput::Prompt) => Some(schema_instruction(schema)),
        _ => None,
    };
    spoken.chain(instruction).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FinishReason;

    #[test]
    fn base_urls_are_taken_with_and_without_the_version() {
        for base in ["", "/", "/v1", "/v1/", "/v1/messages"] {
            assert_eq!(Anthropic.paths(base), ["/v1/messages"], "{base}");
        }
        assert_eq!(Anthropic.paths("/anthropic"), ["/anthropic/v1/messages"]);
    }

    #[test]
    fn thinking_is_left_out_and_the_tool_call_is_the_answer() {
        let blocks = json!([
            { "type": "thinking", "thinking": "hm" },
            { "type": "text", "text": "Here:" },
            { "type": "tool_use", "name": "answer", "input": { "a": 1 } }
        ]);
        let usage = json!({ "input_tokens": 3, "cache_read_input_tokens": 40, "output_tokens": 5 });
        let answer = Anthropic
            .answer(&json!({ "content": blocks, "stop_reason": "tool_use", "usage": usage }))
            .unwrap();
        assert_eq!((answer.content.as_str(), answer.input_tokens), (r#"{"a":1}"#, 43));
        let bare = Anthropic
            .answer(&json!({ "content": "hello", "stop_reason": null }))
            .unwrap();
        assert_eq!(
            (bare.content.as_str(), bare.finish_reason),
            ("hello", FinishReason::Stop)
        );
    }

    #[test]
    fn a_thinking_budget_comes_on_top_and_frees_the_tool() {
        let mut settings = ProviderSettings::default();
        settings.sampling.temperature = Some(0.2);
        let request = ChatRequest {
            messages: Vec::new(),
            schema: Some(json!({ "type": "object" })),
            temperature: None,
            max_tokens: Some(1_000),
            stage: String::new(),
            purpose: String::new(),
            attempt: 0,
        };
        let capabilities = ProviderCapabilities::new(StructuredOutput::Schema);
        let plain = Anthropic.body(&settings, &request, capabilities);
        assert_eq!(
            (&plain["max_tokens"], &plain["tool_choice"]["type"]),
            (&json!(1_000), &json!("tool"))
        );
        assert!(plain.get("temperature").is_some());
        let thinking = json!({ "thinking": { "type": "enabled", "budget_tokens": 2_000 } });
        settings.body = serde_json::from_value(thinking).unwrap();
        let body = Anthropic.body(&settings, &request, capabilities);
        assert_eq!(
            (&body["max_tokens"], &body["tool_choice"]["type"]),
            (&json!(3_000), &json!("auto"))
        );
        assert_eq!(
            (body.get("temperature"), &body["thinking"]["budget_tokens"]),
            (None, &json!(2_000))
        );
    }
}
