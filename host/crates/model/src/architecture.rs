//! The families of decoder models, and what sets each apart over the shared layers.

mod design;
mod gemma3;
mod llama;
mod mistral;
mod qwen2;
mod qwen3;

use std::fmt::Debug;

use crate::config::ConfigFields;
use crate::error::Result;

pub use design::{Activation, AttentionRule, DecoderDesign, LayerDesign, LayerNorms, RotarySettings};
pub use gemma3::Gemma3Text;
pub use llama::Llama;
pub use mistral::Mistral;
pub use qwen2::Qwen2;
pub use qwen3::Qwen3;

/// A family of decoder models: layers of rotary attention and a gated feed-forward part.
///
/// A new family is a file that says how its config.json is read into a [`DecoderDesign`]; engines know nothing of families.
pub trait Architecture: Debug + Send + Sync {
    /// `model_type` in config.json.
    fn model_type(&self) -> &'static str;

    /// Class name transformers loads (`architectures` in config.json).
    fn class_name(&self) -> &'static str;

    /// How GGUF files hold the family; `None` where they are not imported.
    fn gguf(&self) -> Option<GgufLayout>;

    /// What the layers compute.
    ///
    /// # Errors
    /// When config.json asks for something that would silently change the arithmetic.
    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign>;

    /// What config.json may leave out, as transformers fills it in.
    fn defaults(&self) -> ConfigDefaults {
        ConfigDefaults::default()
    }

    /// Model types of the same name that are no decoder of this family, each with what to do instead.
    fn refused_relatives(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// Sizes that a design depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderShape {
    /// Number of layers.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of one head.
    pub head_dim: usize,
    /// Longest sequence the model was made for, in tokens.
    pub max_position_embeddings: usize,
}

/// Values of settings that config.json leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigDefaults {
    /// Width of a head; `None`: hidden size over query heads.
    pub head_dim: Option<usize>,
    /// Key/value heads; `None`: as many as query heads.
    pub num_key_value_heads: Option<usize>,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Whether the output head is the embedding table.
    pub tie_word_embeddings: bool,
}

impl Default for ConfigDefaults {
    fn default() -> Self {
        Self {
            head_dim: None,
            num_key_value_heads: None,
            max_position_embeddings: 2048,
            tie_word_embeddings: false,
        }
    }
}

/// How GGUF files hold a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GgufLayout {
    /// `general.architecture`.
    pub name: &'static str,
    /// Whether query and key rows have rotary pairs interleaved.
    pub interleaves_rotary: bool,
}

/// Every family, in the order in which messages list them.
pub const KNOWN: [&dyn Architecture; 5] = [&Qwen3, &Qwen2, &Llama, &Mistral, &Gemma3Text];

/// The architecture named by config.json's `model_type`.
pub fn by_model_type(model_type: &str) -> Option<&'static dyn Architecture> {
    KNOWN.into_iter().find(|known| known.model_type() == model_type)
}

/// What to do instead of loading a `model_type` that is known to be none of these decoders.
pub fn advice_for(model_type: &str) -> Option<&'static str> {
    let relatives = KNOWN.into_iter().flat_map(|known| known.refused_relatives());
    relatives
        .into_iter()
        .find_map(|(name, advice)| (*name == model_type).then_some(*advice))
}

/// The architecture named by a GGUF file's `general.architecture`.
pub fn by_gguf_name(name: &str) -> Option<(&'static dyn Architecture, GgufLayout)> {
    KNOWN
        .into_iter()
        .filter_map(|known| Some((known, known.gguf()?)))
        .find(|(_, layout)| layout.name == name)
}

/// Every `model_type` that can be loaded.
pub fn known_model_types() -> Vec<&'static str> {
    KNOWN.iter().map(|known| known.model_type()).collect()
}

/// Every `general.architecture` that can be imported.
pub fn known_gguf_names() -> Vec<&'static str> {
    KNOWN.iter().filter_map(|known| Some(known.gguf()?.name)).collect()
}
