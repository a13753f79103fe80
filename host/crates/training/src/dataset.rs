//! Reads conversations to train on: Alpaca, ShareGPT and OpenAI files, described by LLaMA-Factory's `dataset_info.json`
//! or recognised by their fields.

mod alpaca;
mod description;
mod entry;
mod messages;
mod rows;

use std::path::{Path, PathBuf};

use nl2sql_model::templates::ChatMessage;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

pub use description::{Columns, DataFormat, Description, RowLayout, Tags, find};

use crate::error::TrainError;
use rows::{DataFile, Row};

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Index of its row in the data set, counted from 0.
    pub row: usize,
    /// System text; empty for the template's own.
    pub system: String,
    /// Messages, the user first and the assistant last.
    pub messages: Vec<ChatMessage>,
}

/// Conversations of one data set.
#[derive(Debug)]
pub struct Dataset {
    /// The file or folder they were read from.
    pub path: PathBuf,
    /// Each file with the sha256 of its bytes, hexadecimal.
    pub digests: Vec<(PathBuf, String)>,
    /// The conversations, in the order of the rows unless `num_samples` draws some.
    pub conversations: Vec<Conversation>,
}

impl Dataset {
    /// Reads the data set of `description`; `seed` decides which rows `num_samples` draws.
    ///
    /// # Errors
    /// When a file is missing, is neither a JSON array nor JSON lines, has no row, or a row lacks a field or has content
    /// that cannot be trained on; the message names the row, counted from 1.
    pub fn read(description: &Description, seed: u64) -> Result<Self, TrainError> {
        let path = &description.path;
        let files = rows::read(path)?;
        let digests = files
            .iter()
            .map(|file| (file.path.clone(), file.sha256.clone()))
            .collect();
        let rows: Vec<Row> = files.into_iter().flat_map(|DataFile { rows, .. }| rows).collect();
        let Some(first) = rows.first() else {
            return Err(TrainError::dataset(path, "has no row, so there is nothing to train on"));
        };
        let layout = match &description.layout {
            Some(layout) => layout.clone(),
            None => detect(path, first)?,
        };
        check_columns(path, &layout, &rows)?;
        let conversations = drawn(rows.len(), description.num_samples, seed)
            .into_iter()
            .map(|row| {
                conversation(&layout, row, &rows[row])
                    .map_err(|reason| TrainError::dataset(path, format!("row {}: {reason}", row + 1)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            path: path.clone(),
            digests,
            conversations,
        })
    }
}

fn conversation(layout: &RowLayout, row: usize, fields: &Row) -> Result<Conversation, String> {
    let RowLayout { format, columns, tags } = layout;
    refuse_media_and_tools(columns, fields)?;
    let (system, messages) = match format {
        DataFormat::Alpaca => alpaca::messages(fields, columns)?,
        DataFormat::ShareGpt => messages::share_gpt(fields, columns, tags)?,
        DataFormat::OpenAi => messages::open_ai(fields, columns, tags)?,
    };
    Ok(Conversation { row, system, messages })
}

/// Rows of a data set of `count` rows, in order, or `samples` of them: each at most once while there are enough, all
/// of them and repetitions beyond (LLaMA-Factory, `data/loader.py`).
fn drawn(count: usize, samples: Option<usize>, seed: u64) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..count).collect();
    if let Some(samples) = samples {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rows.shuffle(&mut rng);
        rows.truncate(samples);
        rows.extend((count..samples).map(|_| rng.random_range(0..count)));
    }
    rows
}

/// A column that is named but in no row is a mistake in the description; one that only some rows lack is null there.
fn check_columns(path: &Path, layout: &RowLayout, rows: &[Row]) -> Result<(), TrainError> {
    if !layout.columns.explicit {
        return Ok(());
    }
    for (key, name) in layout.columns.required(layout.format) {
        if !rows.iter().any(|row| row.contains_key(name)) {
            let fields: Vec<&str> = rows[0].keys().map(String::as_str).collect();
            return Err(TrainError::dataset(
                path,
                format!(
                    "no row has the field `{name}`, which `columns` of dataset_info.json gives for `{key}`; the first row \
                     has {}",
                    fields.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

/// Columns whose content would have to reach the model, and cannot; null and empty values are accepted.
fn refuse_media_and_tools(columns: &Columns, row: &Row) -> Result<(), String> {
    for (key, name, why) in [
        ("tools", &columns.tools, "tool calls cannot be trained on"),
        ("images", &columns.images, "models are trained on text only"),
        ("videos", &columns.videos, "models are trained on text only"),
        ("audios", &columns.audios, "models are trained on text only"),
    ] {
        let Some(name) = name else { continue };
        let is_empty = match row.get(name) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty() || text.trim() == "[]",
            Some(Value::Array(items)) => items.is_empty(),
            Some(_) => false,
        };
        if !is_empty {
            return Err(format!("`{name}` (column `{key}`) is not empty; {why}"));
        }
    }
    Ok(())
}

/// Recognises the layout of a file without a description by its first row.
fn detect(path: &Path, row: &Row) -> Result<RowLayout, TrainError> {
    if row.contains_key("instruction") {
        return Ok(RowLayout {
            format: DataFormat::Alpaca,
            columns: Columns::recognised(None),
            tags: Tags::default(),
        });
    }
    if let Some(field) = ["conversations", "messages"]
        .into_iter()
        .find(|field| row.contains_key(*field))
    {
        return Ok(RowLayout {
            format: DataFormat::ShareGpt,
            columns: Columns::recognised(Some(field)),
            tags: Tags::recognised(row.get(field).unwrap_or(&Value::Null)),
        });
    }
    let fields: Vec<&str> = row.keys().map(String::as_str).collect();
    Err(TrainError::dataset(
        path,
        format!(
            "is neither Alpaca (`instruction`, `output`) nor ShareGPT (`conversations`) nor OpenAI (`messages`): its first \
             row has {}; name the columns in dataset_info.json",
            fields.join(", ")
        ),
    ))
}

/// A string field; absent and null are the same.
fn text<'a>(row: &'a Row, field: &str) -> Result<Option<&'a str>, String> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{field}`: expected a string, found {}", kind(other))),
    }
}

/// The string of a column; none when the column is not mapped.
fn column<'a>(row: &'a Row, name: Option<&String>) -> Result<Option<&'a str>, String> {
    name.map_or(Ok(None), |name| text(row, name))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::drawn;

    #[test]
    fn num_samples_draws_without_repetition_until_rows_run_out() {
        assert_eq!(drawn(4, None, 1), [0, 1, 2, 3]);
        let mut some = drawn(100, Some(30), 1);
        assert_eq!(some, drawn(100, Some(30), 1));
        assert_ne!(some, drawn(100, Some(30), 2));
        some.sort_unstable();
        some.dedup();
        assert_eq!(some.len(), 30);
        let mut more = drawn(5, Some(12), 1);
        assert_eq!(more.len(), 12);
        more.sort_unstable();
        more.dedup();
        assert_eq!(more, [0, 1, 2, 3, 4]);
    }
}
