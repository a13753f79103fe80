//! OpenAI's chat completions protocol, which DeepSeek, Qwen/DashScope, vLLM, Ollama and LM Studio speak too.
//!
//! Source: OpenAI API reference, "Chat Completions".

use serde_json::{Map, Value, json};

use super::{PartialAnswer, ProviderCapabilities, Wire, count, finish_reason, gave_up, lay_over, set, text_of};
use crate::chat::schema_instruction;
use crate::{ChatAnswer, ChatRequest, FinishReason, Message, ProviderFault, ProviderSettings, Role, StructuredOutput};

const RESOURCE: &str = "chat/completions";

/// The protocol.
pub struct Openai;

impl Wire for Openai {
    fn paths(&self, base_path: &str) -> Vec<String> {
        let base = base_path.trim_end_matches('/');
        if base.ends_with(RESOURCE) {
            return vec![base.to_owned()];
        }
        let plain = format!("{base}/{RESOURCE}");
        let versioned = format!("{base}/v1/{RESOURCE}");
        let is_version = |part: &str| {
            part.strip_prefix('v')
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        match base.rsplit('/').next().unwrap_or_default() {
            "" => vec![versioned, plain],
            last if is_version(last) => vec![plain],
            _ => vec![plain, versioned],
        }
    }

    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)> {
        key.map(|key| ("authorization", format!("Bearer {key}")))
            .into_iter()
            .collect()
    }

    fn body(&self, settings: &ProviderSettings, request: &ChatRequest, capabilities: ProviderCapabilities) -> Value {
        let mut body = Map::new();
        body.insert("model".into(), json!(settings.model));
        body.insert("messages".into(), json!(messages(request, capabilities.structured)));
        let capped = ["max_completion_tokens", "max_tokens"]
            .iter()
            .any(|key| settings.body.contains_key(*key));
        if !capped {
            let reasons = settings.body.contains_key("reasoning_effort");
            let key = if capabilities.completion_tokens || reasons {
                "max_completion_tokens"
            } else {
                "max_tokens"
            };
            body.insert(key.into(), json!(request.max_tokens.unwrap_or(settings.max_tokens)));
        }
        if capabilities.sampling {
            let sampling = &settings.sampling;
            set(&mut body, "temperature", request.temperature.or(sampling.temperature));
            set(&mut body, "top_p", sampling.top_p);
            set(&mut body, "frequency_penalty", sampling.frequency_penalty);
            set(&mut body, "presence_penalty", sampling.presence_penalty);
            set(&mut body, "seed", sampling.seed);
        }
        if let Some(schema) = &request.schema {
            set(
                &mut body,
                "response_format",
                response_format(capabilities.structured, schema),
            );
        }
        if settings.stream {
            body.insert("stream".into(), json!(true));
            if capabilities.stream_usage {
                body.insert("stream_options".into(), json!({ "include_usage": true }));
            }
        }
        lay_over(&mut body, &settings.body);
        Value::Object(body)
    }

    fn answer(&self, body: &Value) -> Result<ChatAnswer, ProviderFault> {
        let choice = body
            .pointer("/choices/0")
            .ok_or_else(|| ProviderFault::passing("the answer holds no choice"))?;
        let message = choice.get("message").unwrap_or(choice);
        let reason = choice.get("finish_reason").and_then(Value::as_str);
        if gave_up(reason) {
            return Err(ProviderFault::passing("the server gave up on the answer"));
        }
        if let Some(refusal) = message
            .get("refusal")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
        {
            return Ok(answer_of(refusal.to_owned(), FinishReason::Refusal, body));
        }
        let spoken = ["content", "text"]
            .iter()
            .find_map(|key| message.get(*key))
            .map(text_of)
            .unwrap_or_default();
        let content = if spoken.trim().is_empty() {
            arguments(message)
        } else {
            spoken
        };
        if content.is_empty() && reason.is_none() {
            return Err(ProviderFault::passing("the answer has no text and no finish_reason"));
        }
        Ok(answer_of(content, finish_reason(reason), body))
    }

    fn fold(&self, partial: &mut PartialAnswer, event: &Value) {
        if let Some(choice) = event.pointer("/choices/0") {
            let delta = ["delta", "message"]
                .iter()
                .find_map(|key| choice.get(*key))
                .unwrap_or(choice);
            let spoken = ["content", "text"].iter().find_map(|key| delta.get(*key));
            partial.content.push_str(&spoken.map(text_of).unwrap_or_default());
            partial.arguments.push_str(&arguments(delta));
            if let Some(refusal) = delta.get("refusal").and_then(Value::as_str) {
                partial.content.push_str(refusal);
                partial.finish_reason = Some(FinishReason::Refusal);
            }
            let reason = choice.get("finish_reason").and_then(Value::as_str);
            partial.gave_up |= gave_up(reason);
            if reason.is_some() && partial.finish_reason.is_none() {
                partial.finish_reason = Some(finish_reason(reason));
            }
        }
        if event.get("usage").is_some_and(Value::is_object) {
            (partial.input_tokens, partial.output_tokens) = usage(event);
        }
    }
}

/// Arguments of a tool call that carries the answer, as a text or as JSON.
fn arguments(message: &Value) -> String {
    ["/tool_calls/0/function/arguments", "/function_call/arguments"]
        .iter()
        .find_map(|pointer| message.pointer(pointer))
        .map(text_of)
        .unwrap_or_default()
}

fn usage(body: &Value) -> (u32, u32) {
    (
        count(body, &["/usage/prompt_tokens", "/usage/input_tokens"]),
        count(body, &["/usage/completion_tokens", "/usage/output_tokens"]),
    )
}

fn answer_of(content: String, finish_reason: FinishReason, body: &Value) -> ChatAnswer {
    let (input_tokens, output_tokens) = usage(body);
    ChatAnswer {
        content,
        finish_reason,
        input_tokens,
        output_tokens,
    }
}

fn response_format(structured: StructuredOutput, schema: &Value) -> Option<Value> {
    match structured {
        StructuredOutput::Schema => Some(
            json!({ "type": "json_schema", "json_schema": { "name": "answer", "strict": true, "schema": schema } }),
        ),
        StructuredOutput::Json => Some(json!({ "type": "json_object" })),
        StructuredOutput::Prompt => None,
    }
}

fn messages(request: &ChatRequest, structured: StructuredOutput) -> Vec<Message> {
    let mut messages = request.messages.clone();
    if let (Some(schema), true) = (&request.schema, structured != StructuredOutput::Schema) {
        let instruction = schema_instruction(schema);
        match messages.iter_mut().find(|message| message.role == Role::System) {
            Some(system) => system.content = format!("{}\n\n{instruction}", system.content),
            None => messages.insert(
                0,
                Message {
                    role: Role::System,
                    content: instruction,
                },
            ),
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_taken_with_and_without_the_version() {
        assert_eq!(Openai.paths("/v1/"), ["/v1/chat/completions"]);
        assert_eq!(Openai.paths("/"), ["/v1/chat/completions", "/chat/completions"]);
        assert_eq!(
            Openai.paths("/compatible-mode/v1"),
            ["/compatible-mode/v1/chat/completions"]
        );
        assert_eq!(
            Openai.paths("/openai"),
            ["/openai/chat/completions", "/openai/v1/chat/completions"]
        );
        assert_eq!(Openai.paths("/v1/chat/completions"), ["/v1/chat/completions"]);
    }

    #[test]
    fn answers_are_read_in_every_shape_servers_give_them() {
        let content = |message: Value, reason: Value| {
            Openai.answer(&json!({ "choices": [{ "message": message, "finish_reason": reason }] }))
        };
        for message in [
            json!({ "content": "{}" }),
            json!({ "content": [{ "type": "text", "text": "{}" }] }),
            json!({ "content": ["{", "}"] }),
            json!({ "content": {} }),
            json!({ "content": null, "reasoning_content": "hm", "tool_calls": [{ "function": { "arguments": "{}" } }] }),
            json!({ "content": "", "tool_calls": [{ "function": { "arguments": {} } }] }),
            json!({ "content": null, "function_call": { "arguments": "{}" } }),
        ] {
            let answer = content(message.clone(), Value::Null).unwrap();
            assert_eq!(
                (answer.content.as_str(), answer.finish_reason),
                ("{}", FinishReason::Stop),
                "{message}"
            );
        }
        assert_eq!(
            content(json!({ "content": null }), json!("length"))
                .unwrap()
                .finish_reason,
            FinishReason::Length
        );
        assert_eq!(
            content(json!({ "content": null, "refusal": "no" }), json!("stop"))
                .unwrap()
                .finish_reason,
            FinishReason::Refusal
        );
        assert!(content(json!({ "content": null }), Value::Null).is_err());
        assert!(content(json!({ "content": "half" }), json!("insufficient_system_resource")).is_err());
        assert_eq!(
            Openai
                .answer(&json!({ "choices": [{ "text": "{}" }] }))
                .unwrap()
                .content,
            "{}"
        );
    }

    #[test]
    fn what_the_profile_adds_has_the_last_word() {
        let mut settings = ProviderSettings::default();
        settings.sampling.temperature = Some(0.5);
        let request = ChatRequest {
            messages: Vec::new(),
            schema: Some(json!({})),
            temperature: None,
            max_tokens: Some(7),
            stage: String::new(),
            purpose: String::new(),
            attempt: 0,
        };
        let capabilities = ProviderCapabilities::new(StructuredOutput::Schema);
        assert_eq!(Openai.body(&settings, &request, capabilities)["max_tokens"], 7);
        settings.body = serde_json::from_value(json!({ "reasoning_effort": "low", "temperature": "", "response_format": { "json_schema": { "strict": false } } })).unwrap();
        let body = Openai.body(&settings, &request, capabilities);
        assert_eq!(
            (&body["max_completion_tokens"], body.get("max_tokens")),
            (&json!(7), None)
        );
        assert_eq!(
            (body.get("temperature"), &body["reasoning_effort"]),
            (None, &json!("low"))
        );
        assert_eq!(body.pointer("/response_format/json_schema/strict"), Some(&json!(false)));
        assert_eq!(body.pointer("/response_format/type"), Some(&json!("json_schema")));
    }
}
