//! The families of decoder models, and what sets each apart over the shared layers.

mod llama;
mod qwen2;
mod qwen3;

use std::fmt::Debug;

use crate::config::ModelConfig;

pub use llama::Llama;
pub use qwen2::Qwen2;
pub use qwen3::Qwen3;

/// Which optional parts a family's decoder layer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerDesign {
    /// Query, key and value projections carry a bias.
    pub query_key_value_bias: bool,
    /// The attention output projection carries a bias.
    pub output_bias: bool,
    /// Feed-forward projections carry a bias.
    pub feed_forward_bias: bool,
    /// Queries and keys are RMS-normalised per head before the rotation.
    pub query_key_norm: bool,
}

/// A family of decoder models: pre-norm layers of rotary attention and gated SiLU.
pub trait Architecture: Debug + Send + Sync {
    /// `model_type` in config.json.
    fn model_type(&self) -> &'static str;

    /// Class name transformers loads (`architectures` in config.json).
    fn class_name(&self) -> &'static str;

    /// `general.architecture` in GGUF files.
    fn gguf_name(&self) -> &'static str;

    /// Whether GGUF files hold query and key rows with rotary pairs interleaved.
    fn gguf_interleaves_rotary(&self) -> bool;

    /// Optional parts of a layer.
    fn layer_design(&self, config: &ModelConfig) -> LayerDesign;

    /// Head width when config.json does not state it.
    fn default_head_dim(&self, hidden_size: usize, num_attention_heads: usize) -> usize {
        hidden_size / num_attention_heads
    }
}

const KNOWN: [&dyn Architecture; 3] = [&Qwen3, &Qwen2, &Llama];

/// The architecture named by config.json's `model_type`.
pub fn by_model_type(model_type: &str) -> Option<&'static dyn Architecture> {
    KNOWN.into_iter().find(|known| known.model_type() == model_type)
}

/// The architecture named by a GGUF file's `general.architecture`.
pub fn by_gguf_name(name: &str) -> Option<&'static dyn Architecture> {
    KNOWN.into_iter().find(|known| known.gguf_name() == name)
}

/// Every `model_type` that can be loaded.
pub fn known_model_types() -> Vec<&'static str> {
    KNOWN.iter().map(|known| known.model_type()).collect()
}
