//! How a model is asked: as it was trained, where that is recorded beside it, else as the profile says.

use std::path::{Path, PathBuf};

use nl2sql_model::adapter::{AdapterRecord, PromptLayout};
use nl2sql_model::templates::Thinking;
use nl2sql_profile::{ExportSettings, Profile};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::AppError;

/// The setting that leaves the template to detection.
const DETECTED: &str = "auto";

/// Template, system text and prompt layout of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptSettings {
    /// Chat template by LLaMA-Factory's name, or `auto`.
    pub template: String,
    /// System text of conversations without one; empty for the template's own.
    pub default_system: String,
    /// Whether a template with thinking blocks lets the model think.
    pub thinking: Thinking,
    /// Layout of prompts.
    pub layout: ExportSettings,
    /// The folder whose `nl2sql.json` decided; none where the profile did.
    pub recorded_in: Option<PathBuf>,
}

impl PromptSettings {
    /// As the profile says.
    pub fn of_profile(profile: &Profile) -> Self {
        Self {
            template: profile.model.template.clone(),
            default_system: String::new(),
            thinking: thinking_as_asked(profile.model.enable_thinking),
            layout: profile.export.clone(),
            recorded_in: None,
        }
    }

    /// For a model with or without an adapter: as the adapter was trained, or the model, where it is merged from one.
    ///
    /// # Errors
    /// When the record is damaged, or a setting that was given contradicts it.
    pub fn of_model(profile: &Profile, model: Option<&Path>, adapter: Option<&Path>) -> Result<Self, AppError> {
        let Some(folder) = adapter.or(model) else {
            return Ok(Self::of_profile(profile));
        };
        match AdapterRecord::read(folder)? {
            Some(record) => Self::recorded(profile, &record, folder),
            None => Ok(Self::of_profile(profile)),
        }
    }

    fn recorded(profile: &Profile, record: &AdapterRecord, folder: &Path) -> Result<Self, AppError> {
        refuse_contradictions(profile, record, folder)?;
        let layout = match &record.prompt {
            Some(prompt) => layout_of(&profile.export, prompt).map_err(|reason| {
                let path = folder.display();
                AppError::Usage(format!(
                    "nl2sql.json in {path} cannot be used: {reason}; use the version of nl2sql that trained it"
                ))
            })?,
            None => profile.export.clone(),
        };
        Ok(Self {
            template: record.template.clone(),
            default_system: record.default_system.clone(),
            thinking: thinking_as_asked(record.enable_thinking.or(profile.model.enable_thinking)),
            layout,
            recorded_in: Some(folder.to_owned()),
        })
    }

    /// What was taken from a record although the profile says something else; nothing where they agree.
    pub fn departures(&self, profile: &Profile) -> Option<String> {
        let folder = self.recorded_in.as_ref()?;
        let own = record_of(&profile.model.template, &profile.export).with_thinking(profile.model.enable_thinking);
        let differing: Vec<String> = record_of(&self.template, &self.layout)
            .with_thinking(Some(self.thinking == Thinking::Enabled))
            .contradictions(&own)
            .into_iter()
            .filter(|found| found.asked != DETECTED)
            .map(|found| format!("{} = {}", found.setting, quoted(&found.trained)))
            .collect();
        (!differing.is_empty()).then(|| format!("asking as {} was trained: {}", folder.display(), differing.join(", ")))
    }
}

/// The prompt layout of a profile's `[export]`, as it is recorded.
pub fn prompt_layout(export: &ExportSettings) -> PromptLayout {
    PromptLayout {
        system: export.system.clone(),
        instruction: export.instruction.clone(),
        prompt: export.prompt.clone(),
        schema_style: word(export.schema_style),
        schema: word(export.schema),
        schema_tokens: export.schema_tokens,
    }
}

/// Whether a model thinks when it is asked: only where a record or the profile says so.
pub(crate) fn thinking_as_asked(enabled: Option<bool>) -> Thinking {
    Thinking::enabled(enabled.unwrap_or(false))
}

fn record_of(template: &str, export: &ExportSettings) -> AdapterRecord {
    AdapterRecord::new(template, "", Some(prompt_layout(export)))
}

fn layout_of(export: &ExportSettings, prompt: &PromptLayout) -> Result<ExportSettings, String> {
    Ok(ExportSettings {
        system: prompt.system.clone(),
        instruction: prompt.instruction.clone(),
        prompt: prompt.prompt.clone(),
        schema_style: meaning("export.schema_style", &prompt.schema_style)?,
        schema: meaning("export.schema", &prompt.schema)?,
        schema_tokens: prompt.schema_tokens,
        ..export.clone()
    })
}

/// A setting of few values as its word.
fn word(value: impl serde::Serialize) -> String {
    match json!(value) {
        Value::String(word) => word,
        other => other.to_string(),
    }
}

fn meaning<T: DeserializeOwned>(setting: &str, word: &str) -> Result<T, String> {
    serde_json::from_value(json!(word)).map_err(|error| format!("{setting}: {error}"))
}

/// Settings that somebody gave and that say something else than the record.
fn refuse_contradictions(profile: &Profile, record: &AdapterRecord, folder: &Path) -> Result<(), AppError> {
    let asked = record_of(&profile.model.template, &profile.export).with_thinking(profile.model.enable_thinking);
    let given: Vec<_> = record
        .contradictions(&asked)
        .into_iter()
        .filter(|found| profile.given.contains(found.setting) && found.asked != DETECTED)
        .collect();
    if given.is_empty() {
        return Ok(());
    }
    let listed: Vec<String> = given
        .iter()
        .map(|found| {
            let (trained, asked) = (quoted(&found.trained), quoted(&found.asked));
            format!("{} is {asked}, it was trained with {trained}", found.setting)
        })
        .collect();
    let settings: Vec<&str> = given.iter().map(|found| found.setting).collect();
    Err(AppError::Usage(format!(
        "{} was trained with other prompts ({}); leave {} out, so that its nl2sql.json decides, or train another adapter",
        folder.display(),
        listed.join("; "),
        settings.join(" and ")
    )))
}

/// A text in quotes, on one line.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
