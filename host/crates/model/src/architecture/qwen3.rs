//! Qwen3 (dense): queries and keys are normalised per head, and heads have a width of their own.

use super::{Activation, Architecture, ConfigDefaults, DecoderDesign, DecoderShape, GgufLayout, LayerDesign};
use crate::config::ConfigFields;
use crate::error::Result;

/// `Qwen3ForCausalLM`.
#[derive(Debug)]
pub struct Qwen3;

impl Architecture for Qwen3 {
    fn model_type(&self) -> &'static str {
        "qwen3"
    }

    fn class_name(&self) -> &'static str {
        "Qwen3ForCausalLM"
    }

    fn gguf(&self) -> Option<GgufLayout> {
        Some(GgufLayout {
            name: "qwen3",
            interleaves_rotary: false,
        })
    }

    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign> {
        fields.refuse_windows()?;
        let bias = fields.flag("attention_bias");
        let layer = LayerDesign {
            query_key_value_bias: bias,
            output_bias: bias,
            query_key_norm: true,
            ..LayerDesign::plain(fields.activation("hidden_act", Activation::Silu)?, shape.head_dim)
        };
        Ok(DecoderDesign::uniform(layer, shape.layers, fields.rotary(shape)?))
    }

    /// As transformers' `Qwen3Config`, whatever the hidden size.
    fn defaults(&self) -> ConfigDefaults {
        ConfigDefaults {
            head_dim: Some(128),
            ..ConfigDefaults::default()
        }
    }
}
