//! Qwen2 and Qwen2.5: queries, keys and values always carry a bias.

use super::{Architecture, LayerDesign};
use crate::config::ModelConfig;

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

    fn gguf_name(&self) -> &'static str {
        "qwen2"
    }

    fn gguf_interleaves_rotary(&self) -> bool {
        false
    }

    fn layer_design(&self, _config: &ModelConfig) -> LayerDesign {
        LayerDesign {
            query_key_value_bias: true,
            output_bias: false,
            feed_forward_bias: false,
            query_key_norm: false,
        }
    }
}
