//! One entry of LLaMA-Factory's `dataset_info.json`, with its defaults (`data/parser.py`). Every key is honoured or refused.

use std::path::Path;

use serde_json::{Map, Value};

use super::description::{Columns, DataFormat, Description, RowLayout, Tags};
use super::kind;

const KEYS: &[&str] = &[
    "file_name",
    "formatting",
    "ranking",
    "subset",
    "split",
    "folder",
    "num_samples",
    "columns",
    "tags",
    "hf_hub_url",
    "ms_hub_url",
    "om_hub_url",
    "script_url",
    "cloud_file_name",
];
const COLUMNS: &[&str] = &[
    "prompt", "query", "response", "history", "messages", "system", "tools", "images", "videos", "audios", "chosen",
    "rejected", "kto_tag",
];
const TAGS: &[&str] = &[
    "role_tag",
    "content_tag",
    "user_tag",
    "assistant_tag",
    "observation_tag",
    "function_tag",
    "system_tag",
];

/// The data set that `entry` describes, in `folder`.
///
/// # Errors
/// The reason, naming the key.
pub fn description(entry: &Value, folder: &Path) -> Result<Description, String> {
    let entry = object(entry, "the entry")?;
    known_keys(entry, KEYS)?;
    refuse_other_sources(entry)?;
    let format = match string(entry, "formatting")? {
        None | Some("alpaca") => DataFormat::Alpaca,
        Some("sharegpt") => DataFormat::ShareGpt,
        Some("openai") => DataFormat::OpenAi,
        Some(other) => {
            return Err(format!(
                "`formatting` is `{other}`; expected alpaca, sharegpt or openai"
            ));
        }
    };
    let file = string(entry, "file_name")?.ok_or("`file_name` is missing; data sets are read from local files")?;
    let path = folder.join(file);
    if !path.exists() {
        return Err(format!("`file_name` is {}, which does not exist", path.display()));
    }
    let layout = RowLayout {
        format,
        columns: columns(entry, format)?,
        tags: tags(entry, format)?,
    };
    Ok(Description {
        path,
        layout: Some(layout),
        num_samples: num_samples(entry)?,
    })
}

fn refuse_other_sources(entry: &Map<String, Value>) -> Result<(), String> {
    for key in [
        "hf_hub_url",
        "ms_hub_url",
        "om_hub_url",
        "script_url",
        "cloud_file_name",
    ] {
        if present(entry, key).is_some() {
            return Err(format!(
                "`{key}` is not supported: data sets are read from local files; download it and give `file_name`"
            ));
        }
    }
    for key in ["subset", "folder"] {
        if present(entry, key).is_some() {
            return Err(format!(
                "`{key}` selects a part of a data set on a hub and does not apply to a local file; remove it"
            ));
        }
    }
    match string(entry, "split")? {
        None | Some("train") => {}
        Some(other) => {
            return Err(format!(
                "`split` is `{other}`; a local file has the split `train` alone; use `num_samples` for a part of it"
            ));
        }
    }
    match present(entry, "ranking") {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(Value::Bool(true)) => Err("`ranking` marks preference data, which is not supported".to_owned()),
        Some(other) => Err(format!("`ranking`: expected true or false, found {}", kind(other))),
    }
}

fn num_samples(entry: &Map<String, Value>) -> Result<Option<usize>, String> {
    let Some(value) = present(entry, "num_samples") else {
        return Ok(None);
    };
    match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
        Some(count) if count > 0 => Ok(Some(count)),
        _ => Err(format!(
            "`num_samples` is {value}; expected a whole number of at least 1"
        )),
    }
}

/// With `columns`, each column that is not named is not read.
fn columns(entry: &Map<String, Value>, format: DataFormat) -> Result<Columns, String> {
    let Some(value) = present(entry, "columns") else {
        return Ok(Columns::defaults());
    };
    let names = object(value, "`columns`")?;
    known_keys(names, COLUMNS)?;
    for key in ["chosen", "rejected", "kto_tag"] {
        if present(names, key).is_some() {
            return Err(format!(
                "column `{key}` belongs to preference data, which is not supported"
            ));
        }
    }
    let (foreign, needed): (&[&str], &[&str]) = match format {
        DataFormat::Alpaca => (&["messages"], &["prompt", "response"]),
        DataFormat::ShareGpt | DataFormat::OpenAi => (&["prompt", "query", "response", "history"], &["messages"]),
    };
    let formatting = match format {
        DataFormat::Alpaca => "alpaca",
        DataFormat::ShareGpt => "sharegpt",
        DataFormat::OpenAi => "openai",
    };
    if let Some(key) = foreign.iter().find(|key| present(names, key).is_some()) {
        return Err(format!("column `{key}` does not belong to `formatting: {formatting}`"));
    }
    let column = |key: &str| string(names, key).map(|name| name.map(str::to_owned));
    let columns = Columns {
        explicit: true,
        prompt: column("prompt")?,
        query: column("query")?,
        response: column("response")?,
        history: column("history")?,
        messages: column("messages")?,
        system: column("system")?,
        tools: column("tools")?,
        images: column("images")?,
        videos: column("videos")?,
        audios: column("audios")?,
    };
    let is_question_given = columns.prompt.is_some() || columns.query.is_some();
    if let Some(key) = needed
        .iter()
        .find(|&&key| present(names, key).is_none() && !(key == "prompt" && is_question_given))
    {
        return Err(format!(
            "`columns` does not name `{key}`; with `columns`, a column that is not named is not read"
        ));
    }
    Ok(columns)
}

/// With `tags`, each tag that is not named has no value.
fn tags(entry: &Map<String, Value>, format: DataFormat) -> Result<Tags, String> {
    let Some(value) = present(entry, "tags") else {
        return Ok(Tags::default());
    };
    if format == DataFormat::Alpaca {
        return Err(
            "`tags` does not belong to `formatting: alpaca`, the default; set `formatting` to sharegpt or openai"
                .to_owned(),
        );
    }
    let names = object(value, "`tags`")?;
    known_keys(names, TAGS)?;
    let needed = |key: &str| {
        string(names, key)?
            .map(str::to_owned)
            .ok_or_else(|| format!("`tags` does not name `{key}`; with `tags`, there are no defaults"))
    };
    let optional = |key: &str| string(names, key).map(|name| name.map(str::to_owned));
    Ok(Tags {
        role: needed("role_tag")?,
        content: needed("content_tag")?,
        user: needed("user_tag")?,
        assistant: needed("assistant_tag")?,
        observation: optional("observation_tag")?,
        function: optional("function_tag")?,
        system: optional("system_tag")?,
    })
}

/// A value that is neither absent nor null.
fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}

fn string<'a>(object: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, String> {
    match present(object, key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("`{key}`: expected a string, found {}", kind(other))),
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{what}: expected an object, found {}", kind(value)))
}

fn known_keys(object: &Map<String, Value>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("unknown key `{key}`; known keys are {}", known.join(", "))),
    }
}
