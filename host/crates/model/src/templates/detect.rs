//! Which chat template a model was made with, told from its folder.

use std::path::Path;

use serde_json::Value;

use super::ChatTemplate;
use crate::adapter::AdapterRecord;
use crate::error::{ModelError, Result};
use crate::tokenizer::{TextTokenizer, read_optional};

/// The setting that asks for detection.
const AUTO: &str = "auto";

/// What Llama 2 writes before a system text.
const LLAMA2_SYSTEM: &str = "<<SYS>>";

/// A template, and why it was taken.
#[derive(Debug, Clone)]
pub struct DetectedTemplate {
    /// The template.
    pub template: &'static ChatTemplate,
    /// What it was told from, as a clause for people: "the model's chat template has `<|start_header_id|>`".
    pub evidence: String,
}

/// The template that a setting means for a model: `auto` is detected, a name is taken unless the tokenizer's special
/// tokens belong to another family.
///
/// # Errors
/// When the name is unknown, contradicts the special tokens, or nothing can be detected.
pub fn resolve_template(name: &str, folder: &Path) -> Result<DetectedTemplate> {
    if name == AUTO {
        return detect_template(folder);
    }
    let template = ChatTemplate::named(name)?;
    let tokenizer = TextTokenizer::read(folder)?;
    let family = Family::of_tokens(&tokenizer);
    let own = Family::of_template(template);
    if let (Some(family), Some(own)) = (family, own)
        && tokenizer.token_id(own.marker()).is_none()
    {
        return Err(ModelError::template(
            name,
            format!(
                "it is written with `{}`, which the tokenizer of {} does not know; the tokenizer has `{}`",
                own.marker(),
                folder.display(),
                family.marker()
            ),
            "Set model.template to \"auto\", or to a template of the model's own family.",
        ));
    }
    Ok(DetectedTemplate {
        template,
        evidence: "model.template names it".to_owned(),
    })
}

/// Tells the template from the record of the adapter that a model was merged from, the model's own chat template, else from the tokenizer's special tokens and `model_type`.
/// A base model without either takes LLaMA-Factory's `default`.
///
/// # Errors
/// When the tokenizer or a file cannot be read, or the model has a chat template of an unknown family.
pub fn detect_template(folder: &Path) -> Result<DetectedTemplate> {
    if let Some(record) = AdapterRecord::read(folder)? {
        return Ok(DetectedTemplate {
            template: ChatTemplate::named(&record.template)?,
            evidence: "nl2sql.json says that the model was trained with it".to_owned(),
        });
    }
    let tokenizer = TextTokenizer::read(folder)?;
    let model_type = model_type(folder)?;
    let (name, evidence) = match chat_template_text(folder)? {
        Some(text) => match template_of_text(&text, &model_type) {
            Some((name, trait_of_text)) => (name, format!("the model's chat template {trait_of_text}")),
            None => {
                return Err(ModelError::template(
                    AUTO,
                    format!("the chat template of {} belongs to no known family", folder.display()),
                    format!(
                        "Set model.template to one of: {}. Use `default` for a plain layout.",
                        ChatTemplate::names().join(", ")
                    ),
                ));
            }
        },
        None => match Family::of_tokens(&tokenizer) {
            Some(family) => (
                family.usual_template(&model_type),
                format!(
                    "the tokenizer has `{}` and model_type is `{model_type}`",
                    family.marker()
                ),
            ),
            None => (
                "default",
                "the model has neither a chat template nor chat markers in its tokenizer".to_owned(),
            ),
        },
    };
    Ok(DetectedTemplate {
        template: ChatTemplate::named(name)?,
        evidence,
    })
}

/// Families told apart by special tokens that no other has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    ChatMl,
    Llama3,
    DeepSeek3,
    DeepSeekCoder,
    Gemma,
    Mistral,
}

impl Family {
    const ALL: [Self; 6] = [
        Self::ChatMl,
        Self::Llama3,
        Self::DeepSeek3,
        Self::DeepSeekCoder,
        Self::Gemma,
        Self::Mistral,
    ];

    /// The special token that marks the family.
    fn marker(self) -> &'static str {
        match self {
            Self::ChatMl => "<|im_start|>",
            Self::Llama3 => "<|start_header_id|>",
            Self::DeepSeek3 => "<｜User｜>",
            Self::DeepSeekCoder => "<|EOT|>",
            Self::Gemma => "<start_of_turn>",
            Self::Mistral => "[INST]",
        }
    }

    /// The first family whose marker is one token. DeepSeek's distilled models keep the markers of the model that was
    /// distilled into, so that theirs is looked for first; models trained on from a base keep the base's markers, so that Mistral's come last.
    fn of_tokens(tokenizer: &TextTokenizer) -> Option<Self> {
        let order = [
            Self::DeepSeek3,
            Self::ChatMl,
            Self::Llama3,
            Self::DeepSeekCoder,
            Self::Gemma,
            Self::Mistral,
        ];
        order
            .into_iter()
            .find(|family| tokenizer.token_id(family.marker()).is_some())
    }

    /// The family in whose markers a template is written. Llama 2 writes its brackets as plain text, which every tokenizer has.
    fn of_template(template: &ChatTemplate) -> Option<Self> {
        if template.is_written_with(LLAMA2_SYSTEM) {
            return None;
        }
        Self::ALL
            .into_iter()
            .find(|family| template.is_written_with(family.marker()))
    }

    fn usual_template(self, model_type: &str) -> &'static str {
        match (self, model_type) {
            (Self::ChatMl, "qwen2") => "qwen",
            (Self::ChatMl, "qwen3") => "qwen3_nothink",
            (Self::ChatMl, _) => "chatml",
            (Self::Llama3, _) => "llama3",
            (Self::DeepSeek3, _) => "deepseek3",
            (Self::DeepSeekCoder, _) => "deepseekcoder",
            (Self::Gemma, _) => "gemma3",
            (Self::Mistral, _) => "mistral",
        }
    }
}

/// The template that a chat template in Jinja stands for, and what it was told by.
fn template_of_text(text: &str, model_type: &str) -> Option<(&'static str, String)> {
    let has = |part: &str| text.contains(part);
    let told_by = |part: &str| format!("has `{part}`");
    if has("<|im_start|>") {
        return Some(chatml_template_of(text, model_type));
    }
    if has("<｜User｜>") {
        return Some(match has("<think>") || has("</think>") {
            true => ("deepseekr1", "has `<｜User｜>` and thinking".to_owned()),
            false => ("deepseek3", told_by("<｜User｜>")),
        });
    }
    let families = [
        ("GPT4 Correct User", "<|start_header_id|>", "openchat-3.6"),
        ("<|start_header_id|>", "", "llama3"),
        ("<start_of_turn>", "<end_of_turn>", "gemma3"),
        ("[INST]", LLAMA2_SYSTEM, "llama2"),
        ("[SYSTEM_PROMPT]", "[INST]", "mistral_small"),
        ("[INST] ", "[/INST]", "mistral"),
        ("[INST]", "[/INST]", "ministral"),
        ("### Instruction:", "<|EOT|>", "deepseekcoder"),
        ("### Instruction:", "", "alpaca"),
        ("<|user|>", "<|assistant|>", "zephyr"),
        ("USER: ", "ASSISTANT:", "vicuna"),
        ("User: ", "Assistant:", "deepseek"),
        ("Human: ", "Assistant:", "default"),
    ];
    families
        .into_iter()
        .find(|(first, second, _)| has(first) && has(second))
        .map(|(first, _, name)| (name, told_by(first.trim_end())))
}

/// Families in ChatML's markers are told apart by their system texts, then by the architecture.
fn chatml_template_of(text: &str, model_type: &str) -> (&'static str, String) {
    let system_texts = [
        ("created by Alibaba Cloud", "qwen"),
        ("named SmolLM", "smollm2"),
        ("created by OpenCoder", "opencoder"),
        ("named Sailor", "sailor"),
    ];
    if let Some((part, name)) = system_texts.into_iter().find(|(part, _)| text.contains(part)) {
        return (name, format!("has ChatML's markers and \"{part}\""));
    }
    match model_type {
        "qwen2" => ("qwen", "has ChatML's markers and model_type is `qwen2`".to_owned()),
        // A model that always thinks opens the block in its prompt; one that may is trained here without thoughts.
        "qwen3" if text.contains("assistant\\n<think>\\n' }}") && !text.contains("enable_thinking") => {
            ("qwen3", "opens every answer with a thinking block".to_owned())
        }
        "qwen3" => (
            "qwen3_nothink",
            "has ChatML's markers and model_type is `qwen3`; answers carry no thoughts".to_owned(),
        ),
        _ => ("chatml", "has ChatML's markers".to_owned()),
    }
}

/// The model's chat template: `chat_template.jinja`, else `chat_template` of tokenizer_config.json (a text, or a list
/// of named ones of which `default` counts).
fn chat_template_text(folder: &Path) -> Result<Option<String>> {
    let file = folder.join("chat_template.jinja");
    if file.exists() {
        return std::fs::read_to_string(&file)
            .map(Some)
            .map_err(|source| ModelError::file("read", &file, source));
    }
    let config = read_optional(&folder.join("tokenizer_config.json"))?;
    Ok(match config.get("chat_template") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(named)) => named
            .iter()
            .find(|entry| entry["name"] == "default")
            .and_then(|entry| entry["template"].as_str())
            .map(str::to_owned),
        _ => None,
    })
}

fn model_type(folder: &Path) -> Result<String> {
    let config = read_optional(&folder.join("config.json"))?;
    Ok(config
        .get("model_type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned())
}
