//! Alpaca rows: `instruction`, `input`, `output`, `system`, `history`.

use nl2sql_model::templates::ChatMessage;
use serde_json::{Map, Value};

use super::{Columns, Conversation, kind, text};

/// The question is the instruction and the input, a line break between when both are there; earlier turns come from
/// `history`, a list of question and answer.
pub fn conversation(row: &Map<String, Value>, columns: &Columns) -> Result<Conversation, String> {
    let instruction = text(row, &columns.prompt)?.unwrap_or_default();
    let input = text(row, &columns.query)?.unwrap_or_default();
    let asked: Vec<&str> = [instruction, input]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    if asked.is_empty() {
        return Err(format!("`{}` is missing or empty", columns.prompt));
    }
    let answer = match text(row, &columns.response)? {
        Some(answer) if !answer.trim().is_empty() => answer,
        _ => {
            return Err(format!(
                "`{}` is missing or empty, so there is nothing to learn",
                columns.response
            ));
        }
    };
    let mut messages = history(row, &columns.history)?;
    messages.push(ChatMessage::user(asked.join("\n")));
    messages.push(ChatMessage::assistant(answer));
    Ok(Conversation {
        system: text(row, &columns.system)?.unwrap_or_default().to_owned(),
        messages,
    })
}

fn history(row: &Map<String, Value>, field: &str) -> Result<Vec<ChatMessage>, String> {
    let turns = match row.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(turns)) => turns,
        Some(other) => {
            return Err(format!(
                "`{field}` is {}, a list of question and answer is needed",
                kind(other)
            ));
        }
    };
    let mut messages = Vec::new();
    for turn in turns {
        let pair = turn.as_array().map(Vec::as_slice);
        let Some([Value::String(question), Value::String(answer)]) = pair else {
            return Err(format!("`{field}` holds {turn}, a question and an answer are needed"));
        };
        messages.push(ChatMessage::user(question));
        messages.push(ChatMessage::assistant(answer));
    }
    Ok(messages)
}
