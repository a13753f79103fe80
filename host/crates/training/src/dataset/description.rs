//! Location and layout of a data set.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::entry;
use super::rows::without_byte_order_mark;
use crate::error::TrainError;

/// Row formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// Instruction, input and output.
    Alpaca,
    /// A list of messages.
    ShareGpt,
    /// A list of messages, read as LLaMA-Factory's `openai` format.
    OpenAi,
}

/// Field names of a row; a column without a name is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Whether the names were given, so that a name that no row has is an error.
    pub explicit: bool,
    /// Alpaca's instruction.
    pub prompt: Option<String>,
    /// Alpaca's input.
    pub query: Option<String>,
    /// Alpaca's output.
    pub response: Option<String>,
    /// Alpaca's earlier turns.
    pub history: Option<String>,
    /// The list of messages.
    pub messages: Option<String>,
    /// System text.
    pub system: Option<String>,
    /// Tool descriptions; must be empty.
    pub tools: Option<String>,
    /// Images; must be empty.
    pub images: Option<String>,
    /// Videos; must be empty.
    pub videos: Option<String>,
    /// Audio; must be empty.
    pub audios: Option<String>,
}

impl Columns {
    /// LLaMA-Factory's names for an entry without `columns` (`DatasetAttr` in `data/parser.py`): no system text, no history.
    pub fn defaults() -> Self {
        Self {
            prompt: Some("instruction".to_owned()),
            query: Some("input".to_owned()),
            response: Some("output".to_owned()),
            messages: Some("conversations".to_owned()),
            ..Self::default()
        }
    }

    /// The usual names for a file without a description, system text and history included.
    pub fn recognised(messages: Option<&str>) -> Self {
        Self {
            messages: messages.map(str::to_owned),
            system: Some("system".to_owned()),
            history: Some("history".to_owned()),
            ..Self::defaults()
        }
    }

    /// Named columns that rows of `format` must have, by LLaMA-Factory's key. Its OpenAI format may lack `system` and `tools`.
    pub fn required(&self, format: DataFormat) -> Vec<(&'static str, &str)> {
        let optional: &[&str] = if format == DataFormat::OpenAi {
            &["system", "tools"]
        } else {
            &[]
        };
        [
            ("prompt", &self.prompt),
            ("query", &self.query),
            ("response", &self.response),
            ("history", &self.history),
            ("messages", &self.messages),
            ("system", &self.system),
            ("tools", &self.tools),
            ("images", &self.images),
            ("videos", &self.videos),
            ("audios", &self.audios),
        ]
        .into_iter()
        .filter(|(key, _)| !optional.contains(key))
        .filter_map(|(key, name)| name.as_deref().map(|name| (key, name)))
        .collect()
    }
}

/// Field names and roles within a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// Field of the role.
    pub role: String,
    /// Field of the text.
    pub content: String,
    /// The user's role.
    pub user: String,
    /// The assistant's role.
    pub assistant: String,
    /// The role of a tool's result.
    pub observation: Option<String>,
    /// The role of a tool call.
    pub function: Option<String>,
    /// The role of the system text.
    pub system: Option<String>,
}

impl Default for Tags {
    /// LLaMA-Factory's names for an entry without `tags`.
    fn default() -> Self {
        let own = |name: &str| name.to_owned();
        Self {
            role: own("from"),
            content: own("value"),
            user: own("human"),
            assistant: own("gpt"),
            observation: Some(own("observation")),
            function: Some(own("function_call")),
            system: Some(own("system")),
        }
    }
}

impl Tags {
    /// Recognises ShareGPT's or OpenAI's names in the messages of a first row.
    pub fn recognised(messages: &Value) -> Self {
        let messages = messages.as_array().map(Vec::as_slice).unwrap_or_default();
        let has_field = |field: &str| messages.iter().any(|message| message.get(field).is_some());
        let choose = |candidate: &str, field: &str, default: String| {
            let used = messages
                .iter()
                .any(|message| message.get(field).and_then(Value::as_str) == Some(candidate));
            if used { candidate.to_owned() } else { default }
        };
        let mut tags = Self::default();
        if has_field("role") && !has_field("from") {
            let own = |name: &str| name.to_owned();
            (tags.role, tags.content) = (own("role"), own("content"));
            (tags.user, tags.assistant) = (own("user"), own("assistant"));
            (tags.observation, tags.function) = (Some(own("tool")), None);
            tags.user = choose("human", "role", tags.user);
            tags.assistant = choose("gpt", "role", tags.assistant);
        } else {
            tags.user = choose("user", "from", tags.user);
            tags.assistant = choose("assistant", "from", tags.assistant);
        }
        tags
    }
}

/// How rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLayout {
    /// Row format.
    pub format: DataFormat,
    /// Field names of a row.
    pub columns: Columns,
    /// Names within messages.
    pub tags: Tags,
}

/// A data set to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// A file, or a folder whose files are read in the order of their names.
    pub path: PathBuf,
    /// How rows are read; recognised from the first row when not given.
    pub layout: Option<RowLayout>,
    /// Number of rows to draw; all when not given.
    pub num_samples: Option<usize>,
}

impl Description {
    /// A file whose layout is recognised from its first row.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            layout: None,
            num_samples: None,
        }
    }
}

/// Finds the data set `name`: a file with this path, or an entry of `folder/dataset_info.json`.
///
/// # Errors
/// When it is neither, or its entry cannot be honoured.
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
                "is not a file, and there is no {} to look its name up; give a file, or set dataset_dir",
                path.display()
            ),
        )
    })?;
    let entries: Map<String, Value> = serde_json::from_slice(without_byte_order_mark(&bytes))
        .map_err(|error| TrainError::dataset(&path, format!("is not a JSON object: {error}")))?;
    let Some(entry) = entries.get(name) else {
        let known: Vec<&str> = entries.keys().map(String::as_str).collect();
        return Err(TrainError::dataset(
            &path,
            format!("has no entry `{name}`; it has {}", known.join(", ")),
        ));
    };
    entry::description(entry, folder).map_err(|reason| TrainError::dataset(&path, format!("entry `{name}`: {reason}")))
}
