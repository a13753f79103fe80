//! Alpaca rows: instruction, input, output, and optionally a system text and earlier turns.

use nl2sql_model::templates::ChatMessage;
use serde_json::Value;

use super::rows::Row;
use super::{Columns, column, kind};

/// System text and messages of a row. The question is instruction and input joined by a line break; the history column
/// is a list of pairs of question and answer.
pub fn messages(row: &Row, columns: &Columns) -> Result<(String, Vec<ChatMessage>), String> {
    let question: Vec<&str> = [&columns.prompt, &columns.query]
        .into_iter()
        .map(|name| column(row, name.as_ref()))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    if question.is_empty() {
        let names: Vec<&str> = [&columns.prompt, &columns.query]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        return Err(format!("`{}` is missing or empty", names.join("` and `")));
    }
    let answer = match column(row, columns.response.as_ref())? {
        Some(answer) if !answer.trim().is_empty() => answer,
        _ => {
            return Err(format!(
                "`{}` is missing or empty, so there is no answer to train on",
                columns.response.as_deref().unwrap_or_default()
            ));
        }
    };
    let mut messages = history(row, columns.history.as_ref())?;
    messages.push(ChatMessage::user(question.join("\n")));
    messages.push(ChatMessage::assistant(answer));
    let system = column(row, columns.system.as_ref())?.unwrap_or_default();
    Ok((system.to_owned(), messages))
}

fn history(row: &Row, name: Option<&String>) -> Result<Vec<ChatMessage>, String> {
    let Some(field) = name else { return Ok(Vec::new()) };
    let turns = match row.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(turns)) => turns,
        Some(other) => {
            return Err(format!(
                "`{field}`: expected a list of question and answer pairs, found {}",
                kind(other)
            ));
        }
    };
    let mut messages = Vec::new();
    for turn in turns {
        let pair = turn.as_array().map(Vec::as_slice);
        let Some([Value::String(question), Value::String(answer)]) = pair else {
            return Err(format!(
                "`{field}`: expected a pair of question and answer, found {turn}"
            ));
        };
        messages.push(ChatMessage::user(question));
        messages.push(ChatMessage::assistant(answer));
    }
    Ok(messages)
}
