//! The two protocols, seen from the server's side.

use serde_json::{Value, json};

/// What a client asks, whatever the protocol.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Model asked for.
    pub model: String,
    /// Role and text of every message, the system prompt first.
    pub messages: Vec<(String, String)>,
    /// JSON schema of the answer, where one was sent.
    pub schema: Option<Value>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    protocol: Protocol,
}

impl Chat {
    /// All messages in one text.
    pub fn text(&self) -> String {
        self.messages
            .iter()
            .map(|(_, content)| content.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What the model says.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The text.
    pub content: String,
    /// Cut off by the token limit.
    pub truncated: bool,
    /// Declined.
    pub refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Protocol {
    Openai,
    Anthropic,
}

impl Chat {
    /// Reads a request; `None` when path or body belong to neither protocol.
    pub fn read(path: &str, body: &[u8]) -> Option<Self> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let protocol = match path {
            _ if path.ends_with("/chat/completions") => Protocol::Openai,
            _ if path.ends_with("/v1/messages") => Protocol::Anthropic,
            _ => return None,
        };
        let system = body.get("system").map(|system| ("system".to_owned(), text_of(system)));
        let turns = body.get("messages")?.as_array()?.iter();
        let turns = turns.map(|turn| (text_of(&turn["role"]), text_of(&turn["content"])));
        let schema = match protocol {
            Protocol::Openai => body.pointer("/response_format/json_schema/schema"),
            Protocol::Anthropic => body.pointer("/tools/0/input_schema"),
        };
        Some(Self {
            model: text_of(&body["model"]),
            messages: system.into_iter().chain(turns).collect(),
            schema: schema.cloned(),
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            protocol,
        })
    }

    /// The body of a plain answer.
    pub fn body(&self, reply: &Reply) -> String {
        let (input, output) = (tokens(&self.text()), tokens(&reply.content));
        match self.protocol {
            Protocol::Openai => {
                let reason = if reply.refused { "content_filter" } else if reply.truncated { "length" } else { "stop" };
                json!({
                    "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": self.model,
                    "choices": [{ "index": 0, "finish_reason": reason, "message": { "role": "assistant", "content": reply.content } }],
                    "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output },
                })
            }
            Protocol::Anthropic => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": self.model,
                "content": [self.anthropic_block(reply)],
                "stop_reason": self.anthropic_reason(reply), "stop_sequence": null,
                "usage": { "input_tokens": input, "output_tokens": output },
            }),
        }
        .to_string()
    }

    /// The events of a streamed answer, `data:` lines and all.
    pub fn events(&self, reply: &Reply) -> Vec<String> {
        let pieces = pieces(&reply.content);
        let (input, output) = (tokens(&self.text()), tokens(&reply.content));
        match self.protocol {
            Protocol::Openai => {
                let chunk = |delta: Value, reason: Value| {
                    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": self.model,
                            "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
                };
                let reason = if reply.truncated { "length" } else { "stop" };
                let usage = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": self.model, "choices": [],
                    "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output } });
                let spoken = pieces
                    .iter()
                    .map(|piece| chunk(json!({ "role": "assistant", "content": piece }), Value::Null));
                let events = spoken
                    .chain([chunk(json!({}), json!(reason)), usage])
                    .map(|event| format!("data: {event}\n\n"));
                events.chain(["data: [DONE]\n\n".to_owned()]).collect()
            }
            Protocol::Anthropic => {
                let start = json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant",
                    "model": self.model, "content": [], "stop_reason": null, "stop_sequence": null,
                    "usage": { "input_tokens": input, "output_tokens": 0 } } });
                let block = json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } });
                let spoken = pieces.iter().map(|piece| {
                    json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": piece } })
                });
                let end = [
                    json!({ "type": "content_block_stop", "index": 0 }),
                    json!({ "type": "message_delta", "delta": { "stop_reason": self.anthropic_reason(reply), "stop_sequence": null },
                            "usage": { "output_tokens": output } }),
                    json!({ "type": "message_stop" }),
                ];
                let events = [start, block].into_iter().chain(spoken).chain(end);
                events
                    .map(|event| format!("event: {}\ndata: {event}\n\n", text_of(&event["type"])))
                    .collect()
            }
        }
    }

    /// The body of an error, in the protocol's shape.
    pub fn error_body(&self, kind: &str, message: &str) -> String {
        match self.protocol {
            Protocol::Openai => json!({ "error": { "message": message, "type": kind, "param": null, "code": kind } }),
            Protocol::Anthropic => json!({ "type": "error", "error": { "type": kind, "message": message } }),
        }
        .to_string()
    }

    /// Where a schema was sent, the answer is the call of the tool that carries it.
    fn anthropic_block(&self, reply: &Reply) -> Value {
        let input = serde_json::from_str::<Value>(&reply.content)
            .ok()
            .filter(Value::is_object);
        match (&self.schema, input) {
            (Some(_), Some(input)) => json!({ "type": "tool_use", "id": "toolu_1", "name": "answer", "input": input }),
            _ => json!({ "type": "text", "text": reply.content }),
        }
    }

    fn anthropic_reason(&self, reply: &Reply) -> &'static str {
        match (reply.refused, reply.truncated, &self.schema) {
            (true, _, _) => "refusal",
            (_, true, _) => "max_tokens",
            (_, _, Some(_)) => "tool_use",
            _ => "end_turn",
        }
    }
}

/// Text of a string, or of a list of text blocks.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().map(|block| text_of(&block["text"])).collect(),
        _ => String::new(),
    }
}

fn tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// The text in pieces of twelve characters, as a model would send it.
fn pieces(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(12).map(|chunk| chunk.iter().collect()).collect()
}
