//! Writes an adapter as a PEFT folder.

use std::path::Path;

use burn::tensor::Tensor;
use safetensors::Dtype;

use super::{AdapterConfig, PREFIX};
use crate::decoder::{Decoder, OutputHead};
use crate::error::{ModelError, Result};
use crate::weights::{TensorToWrite, values_of, write_file};

/// Writes the attached adapter (f32) and its configuration; files appear under their names only when complete.
///
/// # Errors
/// When the folder cannot be written.
pub fn save_adapter(decoder: &Decoder, config: &AdapterConfig, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| ModelError::file("create", folder, source))?;
    let mut tensors = Vec::new();
    for (name, projection) in decoder.projections() {
        if let Some(adapter) = &projection.adapter {
            tensors.push(entry(format!("{name}.lora_A.weight"), adapter.down.val().transpose()));
            tensors.push(entry(format!("{name}.lora_B.weight"), adapter.up.val().transpose()));
            if let Some(magnitude) = &adapter.magnitude {
                tensors.push(entry(format!("{name}.lora_magnitude_vector"), magnitude.val()));
            }
        }
    }
    if config.modules_to_save.contains("embed_tokens") {
        let table = decoder.embedding.table.val();
        tensors.push(entry("model.embed_tokens.weight".to_owned(), table));
    }
    if let OutputHead::Trained(weight) = &decoder.head {
        tensors.push(entry("lm_head.weight".to_owned(), weight.val()));
    }
    let borrowed: Vec<&TensorToWrite<'_>> = tensors.iter().collect();
    write_file(&folder.join("adapter_model.safetensors"), &borrowed)?;
    config.write(folder)
}

fn entry<const D: usize>(name: String, tensor: Tensor<D>) -> TensorToWrite<'static> {
    let tensor = tensor.inner();
    TensorToWrite {
        name: format!("{PREFIX}{name}"),
        shape: tensor.dims().to_vec(),
        dtype: Dtype::F32,
        values: Box::new(move || values_of(tensor.clone())),
    }
}
