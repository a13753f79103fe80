//! Reads conversations to train on: Alpaca and ShareGPT files, told apart by their fields, alone or through
//! LLaMA-Factory's `dataset_info.json`.

mod alpaca;
mod description;
mod sharegpt;

use std::path::{Path, PathBuf};

use nl2sql_model::templates::ChatMessage;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub use description::{Columns, DataFormat, Description, Tags, find};

use crate::error::TrainError;

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// System text; empty for the template's own.
    pub system: String,
    /// Turns, the person first and the model last.
    pub messages: Vec<ChatMessage>,
}

/// Conversations of one file.
#[derive(Debug)]
pub struct Dataset {
    /// The file they were read from.
    pub path: PathBuf,
    /// sha256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// The conversations, in the file's order.
    pub conversations: Vec<Conversation>,
}

impl Dataset {
    /// Reads what `description` describes.
    ///
    /// # Errors
    /// When the file is missing, is neither a JSON array nor JSON lines, holds no row, or a row lacks a field; the message
    /// names the row, counted from 1.
    pub fn read(description: &Description) -> Result<Self, TrainError> {
        let path = &description.path;
        let bytes = std::fs::read(path).map_err(|source| TrainError::file("read", path, source))?;
        let rows = rows(path, &bytes)?;
        let Some(first) = rows.first() else {
            return Err(TrainError::dataset(path, "holds no row; there is nothing to train on"));
        };
        let format = match description.format {
            Some(format) => format,
            None => detect(path, first)?,
        };
        let conversations = rows
            .iter()
            .enumerate()
            .map(|(number, row)| {
                let conversation = match format {
                    DataFormat::Alpaca => alpaca::conversation(row, &description.columns),
                    DataFormat::ShareGpt => sharegpt::conversation(row, &description.columns, &description.tags),
                };
                conversation.map_err(|reason| TrainError::dataset(path, format!("row {}: {reason}", number + 1)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Ok(Self {
            path: path.clone(),
            sha256,
            conversations,
        })
    }
}

/// A JSON array of objects, or one object a line.
fn rows(path: &Path, bytes: &[u8]) -> Result<Vec<Map<String, Value>>, TrainError> {
    let broken = |reason: String| TrainError::dataset(path, reason);
    let start = bytes
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(bytes.len());
    if bytes[start..].starts_with(b"[") {
        return serde_json::from_slice(bytes).map_err(|error| {
            broken(format!(
                "is not a JSON array of objects: {error}; the file may be cut short"
            ))
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| broken(format!("is not UTF-8: {error}")))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| broken(format!("line {} is not a JSON object: {error}", number + 1)))
        })
        .collect()
}

/// Which format a row is in, by its fields.
fn detect(path: &Path, row: &Map<String, Value>) -> Result<DataFormat, TrainError> {
    if row.contains_key("instruction") {
        return Ok(DataFormat::Alpaca);
    }
    if row.contains_key("conversations") || row.contains_key("messages") {
        return Ok(DataFormat::ShareGpt);
    }
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    Err(TrainError::dataset(
        path,
        format!(
            "is neither Alpaca (`instruction`, `output`) nor ShareGPT (`conversations`): its first row has {}; name the \
             columns in dataset_info.json",
            fields.join(", ")
        ),
    ))
}

/// A text field; absent and null are the same.
fn text<'a>(row: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, String> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{field}` is {}, a text is needed", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
