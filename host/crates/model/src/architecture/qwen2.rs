//! Qwen2 and Qwen2.5: queries, keys and values always carry a bias.

use super::{Activation, Architecture, DecoderDesign, DecoderShape, GgufLayout, LayerDesign};
use crate::config::ConfigFields;
use crate::error::Result;

/// `Qwen2ForCausalLM`.
#[derive(Debug)]
pub struct Qwen2;

impl Architecture for Qwen2 {
    fn model_type(&self) -> &'static str {
        "qwen2"
    }

    fn class_name(&self) -> &'static str {
        "Qwen2ForCausalLM"
    }

    fn gguf(&self) -> Option<GgufLayout> {
        Some(GgufLayout {
            name: "qwen2",
            interleaves_rotary: false,
        })
    }

    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign> {
        fields.refuse_windows()?;
        let layer = LayerDesign {
            query_key_value_bias: true,
            ..LayerDesign::plain(fields.activation("hidden_act", Activation::Silu)?, shape.head_dim)
        };
        Ok(DecoderDesign::uniform(layer, shape.layers, fields.rotary(shape)?))
    }
}
