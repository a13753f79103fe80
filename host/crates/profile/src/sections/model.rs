//! `[model]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What frozen weights are held in while a model is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WeightType {
    /// The faster of both: `bf16` on a graphics card and where the CPU multiplies it, else `f32`.
    Auto,
    /// Four bytes each.
    #[default]
    F32,
    /// Two bytes each.
    Bf16,
}

/// The base model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// Hugging Face folder of the base model.
    pub path: Option<PathBuf>,
    /// Chat template by LLaMA-Factory's name, or `auto`: detected from the model.
    pub template: String,
    /// Whether a template with thinking blocks (`qwen3`, `deepseekr1`) thinks, in training and in answers. Unset: thoughts in training data are kept,
    /// as LLaMA-Factory does; a model is asked as its adapter was trained, and without thoughts where nothing is recorded.
    pub enable_thinking: Option<bool>,
    /// `auto`, `cpu`, `wgpu`, `cuda:<n>`, or several separated by commas: training uses all of them, everything else the first.
    pub device: String,
    /// What frozen weights are held in while it is trained.
    pub dtype: WeightType,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            path: None,
            template: "auto".into(),
            enable_thinking: None,
            device: "auto".into(),
            dtype: WeightType::F32,
        }
    }
}
