//! Rows with a list of messages: ShareGPT and OpenAI.

use nl2sql_model::templates::{ChatMessage, Role};
use serde_json::Value;

use super::rows::Row;
use super::{Columns, Tags, column, kind, text};

/// LLaMA-Factory adds this to the system text of rows in its OpenAI format (`data/converter.py`).
const SHORT_ANSWERS: &str = "detailed thinking off";

/// System text and messages of a ShareGPT row. A leading system message wins over the system column.
pub fn share_gpt(row: &Row, columns: &Columns, tags: &Tags) -> Result<(String, Vec<ChatMessage>), String> {
    listed(row, columns, tags, false)
}

/// System text and messages of a row in LLaMA-Factory's OpenAI format: as ShareGPT, except that
/// `detailed thinking off` is the default system text and is appended to one that does not set it.
pub fn open_ai(row: &Row, columns: &Columns, tags: &Tags) -> Result<(String, Vec<ChatMessage>), String> {
    let (mut system, messages) = listed(row, columns, tags, true)?;
    if system.is_empty() {
        system = SHORT_ANSWERS.to_owned();
    } else if !system.contains("detailed thinking on") && !system.contains(SHORT_ANSWERS) {
        system = format!("{system}\n{SHORT_ANSWERS}");
    }
    Ok((system, messages))
}

fn listed(row: &Row, columns: &Columns, tags: &Tags, tool_calls: bool) -> Result<(String, Vec<ChatMessage>), String> {
    let field = columns.messages.as_deref().unwrap_or_default();
    let list = match row.get(field) {
        None | Some(Value::Null) => return Err(format!("`{field}` is missing")),
        Some(Value::Array(list)) => list,
        Some(other) => return Err(format!("`{field}`: expected a list, found {}", kind(other))),
    };
    let mut system = column(row, columns.system.as_ref())?.unwrap_or_default().to_owned();
    let mut messages = Vec::new();
    for (number, item) in list.iter().enumerate() {
        let at = |reason: String| format!("message {}: {reason}", number + 1);
        let (speaker, content) = message(item, tags, tool_calls).map_err(at)?;
        match speaker {
            Speaker::System if number == 0 => system = content.to_owned(),
            Speaker::System => return Err(at("only the first message may be a system message".to_owned())),
            Speaker::User => messages.push(ChatMessage::user(content)),
            Speaker::Assistant => messages.push(ChatMessage::assistant(content)),
        }
    }
    check_turns(&messages)?;
    Ok((system, messages))
}

enum Speaker {
    System,
    User,
    Assistant,
}

fn message<'a>(item: &'a Value, tags: &Tags, tool_calls: bool) -> Result<(Speaker, &'a str), String> {
    let item = item
        .as_object()
        .ok_or_else(|| format!("expected an object, found {}", kind(item)))?;
    let missing = |tag: &str| {
        let fields: Vec<&str> = item.keys().map(String::as_str).collect();
        format!(
            "`{tag}` is missing (the message has {}); set `role_tag` and `content_tag` in `tags` of dataset_info.json",
            fields.join(", ")
        )
    };
    let role = text(item, &tags.role)?.ok_or_else(|| missing(&tags.role))?;
    if tool_calls
        && item
            .get("tool_calls")
            .is_some_and(|calls| calls.as_array().is_none_or(|calls| !calls.is_empty()) && !calls.is_null())
    {
        return Err("has `tool_calls`; tool calls cannot be trained on".to_owned());
    }
    let speaker = if role == tags.user {
        Speaker::User
    } else if role == tags.assistant {
        Speaker::Assistant
    } else if Some(role) == tags.system.as_deref() {
        Speaker::System
    } else {
        return Err(unknown_role(role, tags));
    };
    let content = text(item, &tags.content)?.ok_or_else(|| missing(&tags.content))?;
    Ok((speaker, content))
}

fn unknown_role(role: &str, tags: &Tags) -> String {
    if [&tags.observation, &tags.function]
        .into_iter()
        .flatten()
        .any(|tag| tag == role)
    {
        return format!("`{}` is `{role}`; tool calls cannot be trained on", tags.role);
    }
    let known: Vec<&str> = [
        Some(tags.user.as_str()),
        Some(tags.assistant.as_str()),
        tags.system.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("`{}` is `{role}`; expected one of {}", tags.role, known.join(", "))
}

fn check_turns(messages: &[ChatMessage]) -> Result<(), String> {
    if messages.is_empty() || !messages.len().is_multiple_of(2) {
        return Err(format!(
            "{} messages; expected pairs of question and answer",
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
            "message {} has the wrong role; user and assistant must alternate, the user first",
            at + 1
        )),
    }
}
