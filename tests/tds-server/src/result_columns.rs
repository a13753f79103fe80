//! The columns of a result: as declared, or told from the values.

use rusqlite::types::Value;
use tokio::sync::mpsc::Sender;

use crate::engine::{Event, Outcome, send};
use crate::sql_type::{Column, MAX, SqlType};

/// Tells the columns, then the rows that were held back.
pub(crate) fn announce(
    names: &[String],
    declared: &[Option<Column>],
    early: &mut Vec<Vec<Value>>,
    events: &Sender<Event>,
) -> Outcome {
    let columns = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            declared[at]
                .clone()
                .unwrap_or_else(|| Column::of(name, inferred(early, at)))
        })
        .collect();
    send(events, Event::Columns(columns))?;
    early.drain(..).try_for_each(|values| send(events, Event::Row(values)))
}

/// The type of a computed column, from its values.
fn inferred(rows: &[Vec<Value>], at: usize) -> SqlType {
    let values = || rows.iter().map(|row| &row[at]);
    let longest = values()
        .map(|value| match value {
            Value::Text(text) => text.encode_utf16().count(),
            Value::Blob(bytes) => bytes.len(),
            _ => 0,
        })
        .max();
    let long = longest.unwrap_or(0) > 4_000;
    if values().any(|value| matches!(value, Value::Text(_))) {
        SqlType::NVarChar(if long { MAX } else { 4_000 })
    } else if values().any(|value| matches!(value, Value::Blob(_))) {
        SqlType::VarBinary(if long { MAX } else { 8_000 })
    } else if values().any(|value| matches!(value, Value::Real(_))) {
        SqlType::Float
    } else if values().any(|value| matches!(value, Value::Integer(number) if i32::try_from(*number).is_err())) {
        SqlType::BigInt
    } else {
        SqlType::Int
    }
}
