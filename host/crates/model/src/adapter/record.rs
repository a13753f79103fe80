//! `nl2sql.json` beside an adapter: how the prompts looked that it was trained on.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{ModelError, Result};
use crate::tokenizer::read_optional;
use crate::weights::write_json;

const FILE: &str = "nl2sql.json";

/// The layout of `nl2sql.json` that this program writes and reads.
const FORMAT: u32 = 1;

/// What an adapter was trained with; a model answers well only when it is asked in the same way.
///
/// Training writes it into every folder that holds an adapter, checkpoints included; merging copies it into the merged
/// model's folder. Whatever loads an adapter asks as the record says, and refuses settings that contradict it by name.
/// A folder without one comes from another program: there the profile's settings hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdapterRecord {
    /// Layout of the file.
    format: u32,
    /// Version of the program that trained the adapter.
    pub version: String,
    /// Chat template by LLaMA-Factory's name; never `auto`.
    pub template: String,
    /// System text of conversations without one (LLaMA-Factory's `default_system`); empty for the template's own.
    pub default_system: String,
    /// LLaMA-Factory's `enable_thinking`, where the template thinks: whether answers begin with a thinking block, or the prompt ends with
    /// an empty one. Absent for other templates, and in records of versions that did not write it, whose models are asked without thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_thinking: Option<bool>,
    /// How prompts were written. Absent where the data came from somewhere else and its prompts are not ours.
    pub prompt: Option<PromptLayout>,
}

/// How a question became a prompt; the fields are settings of the profile's `[export]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptLayout {
    /// `export.system`: the system text, empty for the template's own.
    pub system: String,
    /// `export.instruction`, with its placeholders.
    pub instruction: String,
    /// `export.prompt`, with its placeholders.
    pub prompt: String,
    /// `export.schema_style`: `ddl`, `cards` or `outline`.
    pub schema_style: String,
    /// `export.schema`: `topic` or `database`.
    pub schema: String,
    /// `export.schema_tokens`: where the whole database takes more, a prompt shows the tables of its topic.
    pub schema_tokens: u32,
}

impl PromptLayout {
    /// The settings it holds, by the profile's key.
    pub fn settings(&self) -> [(&'static str, String); 6] {
        [
            ("export.system", self.system.clone()),
            ("export.instruction", self.instruction.clone()),
            ("export.prompt", self.prompt.clone()),
            ("export.schema_style", self.schema_style.clone()),
            ("export.schema", self.schema.clone()),
            ("export.schema_tokens", self.schema_tokens.to_string()),
        ]
    }
}

/// A setting in which two records differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The profile's key.
    pub setting: &'static str,
    /// What the adapter was trained with.
    pub trained: String,
    /// What is asked for now.
    pub asked: String,
}

impl AdapterRecord {
    /// A record for an adapter that this program trains.
    pub fn new(template: impl Into<String>, default_system: impl Into<String>, prompt: Option<PromptLayout>) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            template: template.into(),
            default_system: default_system.into(),
            enable_thinking: None,
            prompt,
        }
    }

    /// The record with what it says about thinking.
    #[must_use]
    pub fn with_thinking(mut self, enabled: Option<bool>) -> Self {
        self.enable_thinking = enabled;
        self
    }

    /// The record in an adapter's folder, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or was written by a later version with another layout.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        let document = read_optional(&path)?;
        if document.is_empty() && !path.exists() {
            return Ok(None);
        }
        let format = document.get("format").cloned().unwrap_or_default();
        if format != FORMAT {
            return Err(ModelError::adapter(
                folder,
                format!("{FILE} has format {format}; this program reads format {FORMAT}"),
                "Use the version of nl2sql that trained the adapter, or train it again.",
            ));
        }
        serde_json::from_value(document.into())
            .map(Some)
            .map_err(|source| ModelError::json(&path, source))
    }

    /// Writes the record into an adapter's folder, complete or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let document = serde_json::to_value(self).map_err(|source| ModelError::json(&path, source))?;
        write_json(&path, &document)
    }

    /// The settings it holds, by the profile's key.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let prompt = self.prompt.iter().flat_map(PromptLayout::settings);
        let thinking = self
            .enable_thinking
            .map(|enabled| ("model.enable_thinking", enabled.to_string()));
        [("model.template", self.template.clone())]
            .into_iter()
            .chain(thinking)
            .chain(prompt)
            .collect()
    }

    /// Settings in which `asked` differs from what the adapter was trained with. Prompts are compared only where both
    /// sides know them.
    pub fn contradictions(&self, asked: &Self) -> Vec<Contradiction> {
        let asked: BTreeMap<&str, String> = asked.settings().into_iter().collect();
        let differing = |(setting, trained): (&'static str, String)| {
            let asked = asked.get(setting).filter(|asked| **asked != trained)?.clone();
            Some(Contradiction {
                setting,
                trained,
                asked,
            })
        };
        self.settings().into_iter().filter_map(differing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(schema_style: &str) -> AdapterRecord {
        let prompt = PromptLayout {
            system: String::new(),
            instruction: "{schema}".to_owned(),
            prompt: "{question}".to_owned(),
            schema_style: schema_style.to_owned(),
            schema: "topic".to_owned(),
            schema_tokens: 8_000,
        };
        AdapterRecord::new("qwen", "", Some(prompt))
    }

    #[test]
    fn a_written_record_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(AdapterRecord::read(folder.path()).unwrap(), None);
        record("outline").write(folder.path()).unwrap();
        assert_eq!(AdapterRecord::read(folder.path()).unwrap(), Some(record("outline")));
    }

    #[test]
    fn contradictions_name_the_setting_and_both_values() {
        assert_eq!(
            record("outline").contradictions(&record("ddl")),
            [Contradiction {
                setting: "export.schema_style",
                trained: "outline".to_owned(),
                asked: "ddl".to_owned(),
            }]
        );
        assert!(record("ddl").contradictions(&record("ddl")).is_empty());
        assert!(
            record("ddl")
                .contradictions(&AdapterRecord::new("qwen", "", None))
                .is_empty()
        );
    }

    #[test]
    fn thinking_is_compared_where_both_sides_say_something_about_it() {
        let thinks = record("ddl").with_thinking(Some(true));
        let silent = record("ddl").with_thinking(Some(false));
        let contradictions = thinks.contradictions(&silent);
        assert_eq!(contradictions.len(), 1, "{contradictions:?}");
        assert_eq!(contradictions[0].setting, "model.enable_thinking");
        assert!(thinks.contradictions(&record("ddl")).is_empty());
        assert!(record("ddl").contradictions(&thinks).is_empty());
    }

    #[test]
    fn records_that_say_nothing_about_thinking_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let written = r#"{"format": 1, "version": "0.1.0", "template": "qwen3", "default_system": "", "prompt": null}"#;
        std::fs::write(folder.path().join(FILE), written).unwrap();
        let read = AdapterRecord::read(folder.path()).unwrap().unwrap();
        assert_eq!(read.enable_thinking, None);
        let thinks = read.with_thinking(Some(true));
        thinks.write(folder.path()).unwrap();
        assert_eq!(AdapterRecord::read(folder.path()).unwrap(), Some(thinks));
    }

    #[test]
    fn records_of_another_format_and_unknown_fields_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, r#"{"format": 2}"#).unwrap();
        let error = AdapterRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("format 2"), "{error}");
        let unknown =
            r#"{"format": 1, "version": "0.1.0", "template": "qwen", "default_system": "", "prompt": null, "mood": 1}"#;
        std::fs::write(&path, unknown).unwrap();
        let error = AdapterRecord::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("mood"), "{error}");
        std::fs::write(&path, "{}").unwrap();
        assert!(AdapterRecord::read(folder.path()).is_err());
    }
}
