//! Writes a Hugging Face folder from a GGUF file.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::Dtype;
use serde_json::Value;

use super::configuration::{architecture_of, config_document, generation_document};
use super::reader::{GgufFile, GgufTensor};
use super::tokenizer::{tokenizer_config_document, tokenizer_document};
use crate::error::{ModelError, Result};
use crate::weights::{ShardLimit, TensorToWrite, dtype_name, write_json, write_shards};

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// `model_type` of the written folder.
    pub model_type: &'static str,
    /// Tensors written.
    pub tensors: usize,
    /// Values written.
    pub parameters: usize,
    /// Tensors by the format they had in the file.
    pub formats: BTreeMap<&'static str, usize>,
}

/// Converts a GGUF file to a Hugging Face folder: config, generation config, tokenizer and safetensors weights.
///
/// # Errors
/// When the file is broken or holds an architecture, quantisation or tokenizer that is not supported; nothing is
/// written then but, at worst, an incomplete weight file under another name. A folder that holds anything is refused.
pub fn import_gguf(gguf: &Path, folder: &Path, dtype: Dtype) -> Result<ImportReport> {
    refuse_used_folder(folder)?;
    let file = GgufFile::open(gguf)?;
    let (architecture, layout) = architecture_of(&file)?;
    let config = config_document(&file, architecture, layout.name, dtype_name(dtype))?;
    let tokenizer = tokenizer_document(&file)?;
    let heads = |name: &str| config.get(name).and_then(Value::as_u64).unwrap_or(1) as usize;
    let interleaving = layout.interleaves_rotary.then(|| Interleaving {
        query_heads: heads("num_attention_heads"),
        key_heads: heads("num_key_value_heads"),
    });
    let tensors = tensors_to_write(&file, dtype, interleaving)?;

    std::fs::create_dir_all(folder).map_err(|source| ModelError::file("create", folder, source))?;
    write_shards(folder, &tensors, ShardLimit::default())?;
    write_json(&folder.join("tokenizer.json"), &tokenizer)?;
    let context_length = config.get("max_position_embeddings").cloned().unwrap_or_default();
    let tokenizer_config = tokenizer_config_document(&file, &context_length);
    write_json(&folder.join("tokenizer_config.json"), &tokenizer_config)?;
    write_json(&folder.join("generation_config.json"), &generation_document(&file))?;
    write_json(&folder.join("config.json"), &Value::Object(config))?;

    let mut formats = BTreeMap::new();
    for tensor in file.tensors.values() {
        *formats.entry(tensor.format.name()).or_default() += 1;
    }
    Ok(ImportReport {
        model_type: architecture.model_type(),
        tensors: tensors.len(),
        parameters: tensors
            .iter()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum(),
        formats,
    })
}

fn refuse_used_folder(folder: &Path) -> Result<()> {
    let used = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(source) => return Err(ModelError::file("read", folder, source)),
    };
    if !used {
        return Ok(());
    }
    let source = std::io::Error::new(
        std::io::ErrorKind::AlreadyExists,
        "the folder is not empty; name a new folder, or remove this one first",
    );
    Err(ModelError::file("write", folder, source))
}

/// Heads whose rows the file holds with rotary pairs side by side.
#[derive(Debug, Clone, Copy)]
struct Interleaving {
    query_heads: usize,
    key_heads: usize,
}

fn tensors_to_write(
    file: &GgufFile,
    dtype: Dtype,
    interleaving: Option<Interleaving>,
) -> Result<Vec<TensorToWrite<'_>>> {
    let stored = file.tensors.iter().filter(|(name, _)| *name != "rope_freqs.weight");
    stored
        .map(|(name, tensor)| {
            let target = hugging_face_name(name).ok_or_else(|| {
                file.refuse(
                    format!("tensor `{name}` has no place in this architecture"),
                    "The model has parts that are not supported.",
                )
            })?;
            let heads = interleaving.and_then(|heads| match name.rsplit('.').nth(1) {
                Some("attn_q") => Some(heads.query_heads),
                Some("attn_k") => Some(heads.key_heads),
                _ => None,
            });
            Ok(TensorToWrite {
                name: target,
                shape: tensor.shape.clone(),
                dtype,
                values: Box::new(move || match heads {
                    Some(heads) => half_by_half(&file.values(tensor), tensor, heads),
                    None => file.values(tensor),
                }),
            })
        })
        .collect()
}

/// Puts the rows of each head back from pairs (0, half, 1, half + 1, ..) to the order of rotary halves.
fn half_by_half(values: &[f32], tensor: &GgufTensor, heads: usize) -> Vec<f32> {
    let rows = tensor.shape[0];
    let columns = values.len() / rows;
    let width = rows / heads;
    let mut ordered = Vec::with_capacity(values.len());
    for head in 0..heads {
        for row in 0..width {
            let (side, pair) = (row / (width / 2), row % (width / 2));
            let source = head * width + 2 * pair + side;
            ordered.extend_from_slice(&values[source * columns..(source + 1) * columns]);
        }
    }
    ordered
}

fn hugging_face_name(name: &str) -> Option<String> {
    let whole = match name {
        "token_embd.weight" => Some("model.embed_tokens.weight"),
        "output_norm.weight" => Some("model.norm.weight"),
        "output.weight" => Some("lm_head.weight"),
        _ => None,
    };
    if let Some(whole) = whole {
        return Some(whole.to_owned());
    }
    let mut parts = name.strip_prefix("blk.")?.split('.');
    let (number, part, kind) = (parts.next()?, parts.next()?, parts.next()?);
    let part = match part {
        "attn_norm" => "input_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{number}.{part}.{kind}"))
}
