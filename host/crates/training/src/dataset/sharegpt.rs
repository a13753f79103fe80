//! ShareGPT rows: a list of messages, each saying who speaks.

use nl2sql_model::templates::{ChatMessage, Role};
use serde_json::{Map, Value};

use super::{Columns, Conversation, Tags, kind, text};

/// The messages of a row in turn; a leading system message or the system column is the system text.
pub fn conversation(row: &Map<String, Value>, columns: &Columns, tags: &Tags) -> Result<Conversation, String> {
    let (field, list) = match (row.get(&columns.messages), row.get("messages")) {
        (Some(list), _) => (columns.messages.as_str(), list),
        (None, Some(list)) => ("messages", list),
        (None, None) => return Err(format!("`{}` is missing", columns.messages)),
    };
    let list = list
        .as_array()
        .ok_or_else(|| format!("`{field}` is {}, a list is needed", kind(list)))?;
    let mut system = text(row, &columns.system)?.unwrap_or_default().to_owned();
    let mut messages = Vec::new();
    for (number, item) in list.iter().enumerate() {
        let (role, content) = message(item, tags).map_err(|reason| format!("message {}: {reason}", number + 1))?;
        match role {
            Speaker::System if number == 0 => system = content.to_owned(),
            Speaker::System => {
                return Err(format!(
                    "message {} is a system message; only the first may be",
                    number + 1
                ));
            }
            Speaker::User => messages.push(ChatMessage::user(content)),
            Speaker::Assistant => messages.push(ChatMessage::assistant(content)),
        }
    }
    check_turns(&messages)?;
    Ok(Conversation { system, messages })
}

enum Speaker {
    System,
    User,
    Assistant,
}

fn message<'a>(item: &'a Value, tags: &Tags) -> Result<(Speaker, &'a str), String> {
    let item = item
        .as_object()
        .ok_or_else(|| format!("is {}, an object is needed", kind(item)))?;
    let (role_tag, content_tag) = match item.contains_key(&tags.role) {
        true => (tags.role.as_str(), tags.content.as_str()),
        false => ("role", "content"),
    };
    let role = text(item, role_tag)?.ok_or_else(|| format!("`{}` is missing", tags.role))?;
    let content = text(item, content_tag)?.ok_or_else(|| format!("`{content_tag}` is missing"))?;
    let speaker = match role {
        role if role == tags.user || role == "user" => Speaker::User,
        role if role == tags.assistant || role == "assistant" => Speaker::Assistant,
        role if role == tags.system => Speaker::System,
        other => {
            return Err(format!(
                "`{role_tag}` is `{other}`; `{}`, `{}` and `{}` are known, and tool calls cannot be trained on",
                tags.user, tags.assistant, tags.system
            ));
        }
    };
    Ok((speaker, content))
}

fn check_turns(messages: &[ChatMessage]) -> Result<(), String> {
    if messages.is_empty() || !messages.len().is_multiple_of(2) {
        return Err(format!(
            "{} messages; question and answer must come in pairs",
            messages.len()
        ));
    }
    let expected = [Role::User, Role::Assistant];
    match messages
        .iter()
        .zip(expected.iter().cycle())
        .position(|(message, &role)| message.role != role)
    {
        None => Ok(()),
        Some(at) => Err(format!(
            "message {} is out of turn; the person speaks first, then they alternate",
            at + 1
        )),
    }
}
