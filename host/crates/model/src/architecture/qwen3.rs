//! Qwen3 (dense): queries and keys are normalised per head, and heads have a width of their own.

use super::{Architecture, LayerDesign};
use crate::config::ModelConfig;

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

    fn gguf_name(&self) -> &'static str {
        "qwen3"
    }

    fn gguf_interleaves_rotary(&self) -> bool {
        false
    }

    fn layer_design(&self, config: &ModelConfig) -> LayerDesign {
        LayerDesign {
            query_key_value_bias: config.attention_bias,
            output_bias: config.attention_bias,
            feed_forward_bias: false,
            query_key_norm: true,
        }
    }

    /// transformers' `Qwen3Config` default, whatever the hidden size.
    fn default_head_dim(&self, _hidden_size: usize, _num_attention_heads: usize) -> usize {
        128
    }
}
