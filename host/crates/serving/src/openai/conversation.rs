//! A conversation as a client sends it, and what of it a model is shown.
//!
//! Chat templates know a system text and turns of user and assistant, who alternate, and that is what models are trained on. OpenAI's API knows
//! more: several messages of one role in a row are one turn here, with a blank line between them; system messages are one text, wherever they stand.
//! What a model that reads text cannot be shown is refused by name.

use std::collections::BTreeSet;

use nl2sql_model::templates::{ChatMessage, Role};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api_error::ApiError;

/// Between messages that become one.
const BETWEEN_MESSAGES: &str = "\n\n";
/// Between the parts of a message, as vLLM has it.
const BETWEEN_PARTS: &str = "\n";
/// Fields of messages that hold what a model would have to be shown and cannot.
const NOT_SHOWN: [&str; 3] = ["tool_calls", "function_call", "audio"];
/// Fields of messages that say nothing beyond what is read: the ones that come back when a client sends an answer again.
const SAYS_NOTHING: [&str; 3] = ["type", "id", "status"];

/// A message of a conversation.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Message {
    /// `system`, `developer`, `user` or `assistant`.
    pub role: String,
    /// What is said.
    #[schema(required = true, nullable = false)]
    pub content: Option<Content>,
    /// What the assistant said in place of an answer.
    pub refusal: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// Text, or parts of text.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`content` is neither text nor a list of parts with a `type`")]
pub enum Content {
    /// Text.
    Text(String),
    /// Parts.
    Parts(Vec<ContentPart>),
}

/// A part of a message.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ContentPart {
    /// `text`, `input_text`, `output_text` or `refusal`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: Option<String>,
    /// The text of a refusal.
    pub refusal: Option<String>,
}

/// What a model is shown.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// All system messages.
    pub(crate) system: String,
    /// Turns of user and assistant, who alternate; the first and the last are the user's.
    pub(crate) turns: Vec<ChatMessage>,
    /// Fields of messages that nothing reads.
    passed_over: BTreeSet<String>,
}

impl Conversation {
    /// Reads messages. `param` is the field of the request that they stand in.
    ///
    /// # Errors
    /// Where a message is none, or says what the model cannot be shown, and where nobody asks anything.
    pub(crate) fn read(param: &str, messages: Vec<Value>) -> Result<Self, ApiError> {
        let mut conversation = Self::default();
        for (number, message) in (1..).zip(messages) {
            let added = Message::read(message).and_then(|message| conversation.add(param, message));
            added.map_err(|reason| ApiError::invalid(param, format!("message {number}: {reason}")))?;
        }
        match conversation.unanswerable() {
            Some(reason) => Err(ApiError::invalid(param, reason)),
            None => Ok(conversation),
        }
    }

    /// The names of all that nothing reads: of the request's fields, and of its messages'.
    pub(crate) fn ignored_with(&self, unknown: &Map<String, Value>) -> Vec<String> {
        unknown.keys().chain(&self.passed_over).cloned().collect()
    }

    /// Puts instructions before what system messages say.
    pub(crate) fn instruct(&mut self, instructions: &str) {
        let mut system = instructions.to_owned();
        if !self.system.is_empty() {
            append(&mut system, &self.system);
        }
        self.system = system;
    }

    fn add(&mut self, param: &str, message: Message) -> Result<(), String> {
        let given = message.unknown.iter().filter(|(_, value)| is_given(value));
        for name in given.map(|(name, _)| name.as_str()) {
            if NOT_SHOWN.contains(&name) {
                return Err(format!("`{name}` cannot be shown to this server's models, text can"));
            }
            if !SAYS_NOTHING.contains(&name) {
                self.passed_over.insert(format!("{param}.{name}"));
            }
        }
        let role = message.role.clone();
        let text = message.text()?;
        match role.as_str() {
            "system" | "developer" => append(&mut self.system, &text),
            "user" => self.say(Role::User, text),
            "assistant" => self.say(Role::Assistant, text),
            "tool" | "function" => return Err(format!("role `{role}`: this server's models do not call tools")),
            _ => {
                return Err(format!(
                    "role `{role}` is none of system, developer, user and assistant"
                ));
            }
        }
        Ok(())
    }

    /// Adds to what the same speaker said last, or begins a turn.
    fn say(&mut self, role: Role, content: String) {
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => append(&mut turn.content, &content),
            _ => self.turns.push(ChatMessage { role, content }),
        }
    }

    /// Why nothing can be answered.
    fn unanswerable(&self) -> Option<&'static str> {
        let [first, last] = [self.turns.first(), self.turns.last()].map(|turn| turn.map(|turn| turn.role));
        match (first, last) {
            (None, _) => Some("there is no message of the user"),
            (Some(Role::Assistant), _) => {
                Some("the first message after the system's is the assistant's; begin with the user's")
            }
            (_, Some(Role::Assistant)) => Some("the last message is the assistant's; end with the user's"),
            _ => None,
        }
    }
}

impl Message {
    fn read(item: Value) -> Result<Self, String> {
        match item["type"].as_str() {
            None | Some("message") => serde_json::from_value(item).map_err(|error| error.to_string()),
            Some(kind) => Err(format!("items of type `{kind}` are not supported, messages are")),
        }
    }

    fn text(self) -> Result<String, String> {
        let parts = match (self.content, self.refusal) {
            (Some(Content::Text(text)), _) | (None, Some(text)) => return Ok(text),
            (Some(Content::Parts(parts)), _) => parts,
            (None, None) => return Err("`content` is missing".to_owned()),
        };
        let texts: Result<Vec<String>, String> = parts.into_iter().map(ContentPart::into_text).collect();
        Ok(texts?.join(BETWEEN_PARTS))
    }
}

impl ContentPart {
    fn into_text(self) -> Result<String, String> {
        let Self { kind, text, refusal } = self;
        match kind.as_str() {
            "text" | "input_text" | "output_text" => {
                text.ok_or_else(|| format!("a part of type `{kind}` has no `text`"))
            }
            "refusal" => refusal.ok_or_else(|| "a part of type `refusal` has no `refusal`".to_owned()),
            _ => Err(format!(
                "parts of type `{kind}` cannot be shown to this server's models, text can"
            )),
        }
    }
}

fn append(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str(BETWEEN_MESSAGES);
    }
    text.push_str(more);
}

/// Whether a field says something. Clients send an answer again with all of its fields, most of them empty.
fn is_given(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}
