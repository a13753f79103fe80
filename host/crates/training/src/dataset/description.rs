//! Where a data set lies and what its columns are called, as LLaMA-Factory's `dataset_info.json` says.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::TrainError;

/// The two row formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataFormat {
    /// `instruction`, `input`, `output`.
    Alpaca,
    /// A list of messages.
    ShareGpt,
}

/// Names of columns.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Columns {
    /// Alpaca's instruction.
    pub prompt: String,
    /// Alpaca's input.
    pub query: String,
    /// Alpaca's output.
    pub response: String,
    /// System text.
    pub system: String,
    /// Earlier turns.
    pub history: String,
    /// ShareGPT's list of messages.
    pub messages: String,
}

impl Default for Columns {
    fn default() -> Self {
        let own = |name: &str| name.to_owned();
        Self {
            prompt: own("instruction"),
            query: own("input"),
            response: own("output"),
            system: own("system"),
            history: own("history"),
            messages: own("conversations"),
        }
    }
}

/// Names within a ShareGPT message.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Tags {
    /// Who speaks.
    #[serde(rename = "role_tag")]
    pub role: String,
    /// What is said.
    #[serde(rename = "content_tag")]
    pub content: String,
    /// The person.
    #[serde(rename = "user_tag")]
    pub user: String,
    /// The model.
    #[serde(rename = "assistant_tag")]
    pub assistant: String,
    /// The system text.
    #[serde(rename = "system_tag")]
    pub system: String,
}

impl Default for Tags {
    fn default() -> Self {
        let own = |name: &str| name.to_owned();
        Self {
            role: own("from"),
            content: own("value"),
            user: own("human"),
            assistant: own("gpt"),
            system: own("system"),
        }
    }
}

/// A data file with its format and column names.
#[derive(Debug, Clone)]
pub struct Description {
    /// The file.
    pub path: PathBuf,
    /// Its format; told from the first row when not stated.
    pub format: Option<DataFormat>,
    /// Column names.
    pub columns: Columns,
    /// Names within messages.
    pub tags: Tags,
}

impl Description {
    /// A plain file with the usual names.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            format: None,
            columns: Columns::default(),
            tags: Tags::default(),
        }
    }
}

/// Finds the data set `name`: a file of that path, or an entry of `folder/dataset_info.json`.
///
/// # Errors
/// When it is neither, or its entry asks for something that cannot be honoured.
pub fn find(name: &str, folder: &Path) -> Result<Description, TrainError> {
    for candidate in [PathBuf::from(name), folder.join(name)] {
        if candidate.is_file() {
            return Ok(Description::file(candidate));
        }
    }
    let path = folder.join("dataset_info.json");
    let bytes = std::fs::read(&path).map_err(|_| {
        TrainError::dataset(
            Path::new(name),
            format!(
                "is not a file, and {} cannot be read to look its name up; give a file, or set dataset_dir",
                path.display()
            ),
        )
    })?;
    let entries: Map<String, Value> = serde_json::from_slice(&bytes)
        .map_err(|error| TrainError::dataset(&path, format!("is not a JSON object: {error}")))?;
    let Some(entry) = entries.get(name) else {
        let known: Vec<&str> = entries.keys().map(String::as_str).collect();
        return Err(TrainError::dataset(
            &path,
            format!("has no entry `{name}`; it has {}", known.join(", ")),
        ));
    };
    described(name, entry, folder).map_err(|reason| TrainError::dataset(&path, format!("entry `{name}` {reason}")))
}

#[derive(Deserialize)]
struct Entry {
    file_name: Option<String>,
    formatting: Option<DataFormat>,
    #[serde(default)]
    ranking: bool,
    #[serde(default)]
    columns: Columns,
    #[serde(default)]
    tags: Tags,
}

fn described(name: &str, entry: &Value, folder: &Path) -> Result<Description, String> {
    let entry = Entry::deserialize(entry).map_err(|error| format!("is not understood: {error}"))?;
    if entry.ranking {
        return Err("is for preference training (`ranking`), which is not supported".to_owned());
    }
    let file = entry
        .file_name
        .ok_or("has no `file_name`; data sets are read from local files only")?;
    let path = folder.join(file);
    if !path.is_file() {
        return Err(format!(
            "names {}, which is not there (wanted for `{name}`)",
            path.display()
        ));
    }
    Ok(Description {
        path,
        format: entry.formatting,
        columns: entry.columns,
        tags: entry.tags,
    })
}
