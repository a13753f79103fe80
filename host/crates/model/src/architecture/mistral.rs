//! Mistral: as Llama without biases, each query seeing a window of positions (Jiang et al. 2023, arXiv:2310.06825).

use super::{
    Activation, Architecture, AttentionRule, ConfigDefaults, DecoderDesign, DecoderShape, GgufLayout, LayerDesign,
};
use crate::config::ConfigFields;
use crate::error::Result;

/// `MistralForCausalLM`.
#[derive(Debug)]
pub struct Mistral;

impl Architecture for Mistral {
    fn model_type(&self) -> &'static str {
        "mistral"
    }

    fn class_name(&self) -> &'static str {
        "MistralForCausalLM"
    }

    /// GGUF files hold Mistral as `llama`, without its window.
    fn gguf(&self) -> Option<GgufLayout> {
        None
    }

    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign> {
        // A window that is left out is not `null`: transformers fills in that of the first Mistral 7B.
        let window = match fields.states("sliding_window") {
            true => fields.optional_size("sliding_window")?,
            false => Some(4096),
        };
        let plain = LayerDesign::plain(fields.activation("hidden_act", Activation::Silu)?, shape.head_dim);
        let layer = LayerDesign {
            attention: AttentionRule {
                window,
                ..plain.attention
            },
            ..plain
        };
        Ok(DecoderDesign::uniform(layer, shape.layers, fields.rotary(shape)?))
    }

    /// As transformers' `MistralConfig`.
    fn defaults(&self) -> ConfigDefaults {
        ConfigDefaults {
            num_key_value_heads: Some(8),
            max_position_embeddings: 131_072,
            ..ConfigDefaults::default()
        }
    }
}
