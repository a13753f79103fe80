//! Llama 2 and 3, SmolLM2, DeepSeek-Coder: biases only where config.json asks for them.

use super::{Activation, Architecture, DecoderDesign, DecoderShape, GgufLayout, LayerDesign};
use crate::config::ConfigFields;
use crate::error::Result;

/// `LlamaForCausalLM`.
#[derive(Debug)]
pub struct Llama;

impl Architecture for Llama {
    fn model_type(&self) -> &'static str {
        "llama"
    }

    fn class_name(&self) -> &'static str {
        "LlamaForCausalLM"
    }

    fn gguf(&self) -> Option<GgufLayout> {
        Some(GgufLayout {
            name: "llama",
            interleaves_rotary: true,
        })
    }

    fn design(&self, fields: &ConfigFields<'_>, shape: DecoderShape) -> Result<DecoderDesign> {
        fields.refuse_windows()?;
        let bias = fields.flag("attention_bias");
        let layer = LayerDesign {
            query_key_value_bias: bias,
            output_bias: bias,
            feed_forward_bias: fields.flag("mlp_bias"),
            ..LayerDesign::plain(fields.activation("hidden_act", Activation::Silu)?, shape.head_dim)
        };
        Ok(DecoderDesign::uniform(layer, shape.layers, fields.rotary(shape)?))
    }
}
