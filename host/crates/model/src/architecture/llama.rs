//! Llama 2 and 3, SmolLM2, DeepSeek-Coder: biases only where config.json asks for them.

use super::{Architecture, LayerDesign};
use crate::config::ModelConfig;

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

    fn gguf_name(&self) -> &'static str {
        "llama"
    }

    fn gguf_interleaves_rotary(&self) -> bool {
        true
    }

    fn layer_design(&self, config: &ModelConfig) -> LayerDesign {
        LayerDesign {
            query_key_value_bias: config.attention_bias,
            output_bias: config.attention_bias,
            feed_forward_bias: config.mlp_bias,
            query_key_norm: false,
        }
    }
}
