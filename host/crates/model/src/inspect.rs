//! What a model folder holds, without loading it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::ModelConfig;
use crate::error::Result;
use crate::weights::ShardedTensors;

/// Figures of a model folder.
#[derive(Debug, Clone)]
pub struct ModelSummary {
    /// The configuration.
    pub config: ModelConfig,
    /// Tensors in the weight files.
    pub tensors: usize,
    /// Values in the weight files.
    pub parameters: usize,
    /// Values of the embedding table and an output head of its own.
    pub table_parameters: usize,
    /// Values by element type.
    pub parameters_by_dtype: BTreeMap<String, usize>,
    /// Bytes of the weight files' tensors.
    pub bytes: usize,
}

impl ModelSummary {
    /// Bytes the weights take when loaded in f32.
    pub fn bytes_in_f32(&self) -> usize {
        4 * self.parameters
    }

    /// Bytes of keys and values that one token of context takes in f32.
    pub fn cache_bytes_per_token(&self) -> usize {
        let config = &self.config;
        8 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim
    }

    /// Values a LoRA adapter of that rank trains on all projections.
    pub fn adapter_parameters(&self, rank: usize) -> usize {
        let config = &self.config;
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let queries = config.num_attention_heads * config.head_dim;
        let keys = config.num_key_value_heads * config.head_dim;
        let per_layer = 2 * (hidden + queries) + 2 * (hidden + keys) + 3 * (hidden + wide);
        rank * per_layer * config.num_hidden_layers
    }
}

/// Reads the configuration and the headers of the weight files.
///
/// # Errors
/// When the folder is incomplete or damaged.
pub fn inspect_model(folder: &Path) -> Result<ModelSummary> {
    let config = ModelConfig::read(folder)?;
    let tensors = ShardedTensors::open_folder(folder)?;
    let mut summary = ModelSummary {
        config,
        tensors: 0,
        parameters: 0,
        table_parameters: 0,
        parameters_by_dtype: BTreeMap::new(),
        bytes: 0,
    };
    for name in tensors.names() {
        let Some(view) = tensors.get(name) else {
            continue;
        };
        let values: usize = view.shape.iter().product();
        summary.tensors += 1;
        summary.parameters += values;
        summary.bytes += view.bytes.len();
        if matches!(name, "model.embed_tokens.weight" | "lm_head.weight") {
            summary.table_parameters += values;
        }
        *summary
            .parameters_by_dtype
            .entry(format!("{:?}", view.dtype))
            .or_default() += values;
    }
    Ok(summary)
}
