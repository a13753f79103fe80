//! OpenAI's chat completions protocol, which DeepSeek, Qwen/DashScope, vLLM, Ollama and LM Studio speak too.
//!
//! Source: OpenAI API reference, "Chat Completions".

use serde_json::{Map, Value, json};

use super::{PartialAnswer, Wire, count, schema_instruction, set};
use crate::{ChatAnswer, ChatRequest, FinishReason, Message, ProviderFault, ProviderSettings, Role, StructuredOutput};

/// The protocol.
pub struct Openai;

impl Wire for Openai {
    fn url(&self, settings: &ProviderSettings) -> String {
        format!("{}/chat/completions", settings.base_url.trim_end_matches('/'))
    }

    fn headers(&self, key: Option<&str>) -> Vec<(&'static str, String)> {
        key.map(|key| ("authorization", format!("Bearer {key}")))
            .into_iter()
            .collect()
    }

    fn body(&self, settings: &ProviderSettings, request: &ChatRequest) -> Value {
        let mut body = Map::new();
        body.insert("model".into(), json!(settings.model));
        body.insert("messages".into(), json!(messages(settings, request)));
        body.insert(
            "max_tokens".into(),
            json!(request.max_tokens.unwrap_or(settings.max_tokens)),
        );
        let sampling = &settings.sampling;
        set(&mut body, "temperature", request.temperature.or(sampling.temperature));
        set(&mut body, "top_p", sampling.top_p);
        set(&mut body, "frequency_penalty", sampling.frequency_penalty);
        set(&mut body, "presence_penalty", sampling.presence_penalty);
        set(&mut body, "seed", sampling.seed);
        if let Some(schema) = &request.schema {
            set(
                &mut body,
                "response_format",
                response_format(settings.structured, schema),
            );
        }
        if settings.stream {
            body.insert("stream".into(), json!(true));
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
        body.extend(settings.extra_body.clone());
        Value::Object(body)
    }

    fn answer(&self, body: &Value) -> Result<ChatAnswer, ProviderFault> {
        let choice = body
            .pointer("/choices/0")
            .ok_or_else(|| ProviderFault::passing("the answer holds no choice"))?;
        if let Some(refusal) = choice.pointer("/message/refusal").and_then(Value::as_str) {
            return Ok(answer_of(refusal.to_owned(), FinishReason::Refusal, body));
        }
        let reason = choice.get("finish_reason").and_then(Value::as_str);
        match (choice.pointer("/message/content").and_then(Value::as_str), reason) {
            (Some(content), Some(reason)) => Ok(answer_of(content.to_owned(), finish_reason(reason), body)),
            (None, Some("content_filter")) => Ok(answer_of(String::new(), FinishReason::Refusal, body)),
            _ => Err(ProviderFault::passing("the answer has no text or no finish_reason")),
        }
    }

    fn fold(&self, partial: &mut PartialAnswer, event: &Value) -> Result<(), ProviderFault> {
        if let Some(error) = event.get("error") {
            return Err(ProviderFault::passing(format!("the stream failed: {error}")));
        }
        if let Some(text) = event.pointer("/choices/0/delta/content").and_then(Value::as_str) {
            partial.content.push_str(text);
        }
        if let Some(reason) = event.pointer("/choices/0/finish_reason").and_then(Value::as_str) {
            partial.finish_reason = Some(finish_reason(reason));
        }
        if event.get("usage").is_some_and(Value::is_object) {
            partial.input_tokens = count(event, "/usage/prompt_tokens");
            partial.output_tokens = count(event, "/usage/completion_tokens");
        }
        Ok(())
    }
}

fn answer_of(content: String, finish_reason: FinishReason, body: &Value) -> ChatAnswer {
    ChatAnswer {
        content,
        finish_reason,
        input_tokens: count(body, "/usage/prompt_tokens"),
        output_tokens: count(body, "/usage/completion_tokens"),
    }
}

fn finish_reason(reason: &str) -> FinishReason {
    match reason {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "content_filter" => FinishReason::Refusal,
        other => FinishReason::Other(other.to_owned()),
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

fn messages(settings: &ProviderSettings, request: &ChatRequest) -> Vec<Message> {
    let mut messages = request.messages.clone();
    if let (Some(schema), true) = (&request.schema, settings.structured != StructuredOutput::Schema) {
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
