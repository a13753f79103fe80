//! `[model]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The base model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Hugging Face folder of the base model.
    pub path: Option<PathBuf>,
    /// Chat template by LLaMA-Factory's name, or `auto`: detected from the model.
    pub template: String,
    /// `auto`, `cpu`, `wgpu`, `cuda:<n>`, or several separated by commas: training uses all of them, everything else the first.
    pub device: String,
    /// `f32` or `bf16`.
    pub dtype: String,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            path: None,
            template: "auto".into(),
            device: "auto".into(),
            dtype: "f32".into(),
        }
    }
}
