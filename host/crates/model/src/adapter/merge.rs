//! Base and adapter to a plain model folder.

use std::path::Path;

use burn::tensor::Device;

use super::{AdapterConfig, AdapterRecord, attach_adapter};
use crate::error::{ModelError, Result};
use crate::weights::{Dtype, LoadOptions, ShardLimit, load_decoder, save_decoder};

/// Files beside the weights that a model folder needs to be used.
const COMPANIONS: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "generation_config.json",
];

/// Writes a model folder whose logits equal those of the base with the adapter beside it. Folding is done in f32.
///
/// # Errors
/// When a folder is incomplete, the adapter belongs to another base, or the result cannot be written.
pub fn merge_folders(base: &Path, adapter: &Path, merged: &Path, dtype: Dtype) -> Result<AdapterConfig> {
    let mut decoder = load_decoder(base, &LoadOptions::f32(Device::flex()))?;
    let config = attach_adapter(&mut decoder, adapter)?;
    save_decoder(&decoder, merged, dtype, ShardLimit::default())?;
    for name in COMPANIONS {
        let source = base.join(name);
        if source.exists() {
            let target = merged.join(name);
            std::fs::copy(&source, &target).map_err(|error| ModelError::file("write", &target, error))?;
        }
    }
    if let Some(record) = AdapterRecord::read(adapter)? {
        record.write(merged)?;
    }
    Ok(config)
}
