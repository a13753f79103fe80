//! Writes model folders that transformers and vLLM open.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use burn::tensor::{DType, Tensor};
use half::{bf16, f16};
use safetensors::{Dtype, View};
use serde_json::{Map, Value, json};

use crate::decoder::{Decoder, OutputHead};
use crate::error::{ModelError, Result};

/// Largest size of one weight file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardLimit(pub usize);

impl Default for ShardLimit {
    /// Five gigabytes, as transformers splits.
    fn default() -> Self {
        Self(5_000_000_000)
    }
}

/// A tensor whose values are made when they are written, so that a whole model never lies in memory twice.
pub struct TensorToWrite<'a> {
    /// Name in Hugging Face's spelling.
    pub name: String,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Element type in the file: f32, f16 or bf16.
    pub dtype: Dtype,
    /// Makes the values in f32.
    pub values: Box<dyn Fn() -> Vec<f32> + 'a>,
}

impl View for &TensorToWrite<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = (self.values)();
        Cow::Owned(match self.dtype {
            Dtype::BF16 => values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect(),
            Dtype::F16 => values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        })
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8
    }
}

/// Writes tensors as `model.safetensors`, or as shards with an index when they exceed the limit.
///
/// # Errors
/// When a file cannot be written; files appear under their names only when complete.
pub fn write_shards(folder: &Path, tensors: &[TensorToWrite<'_>], limit: ShardLimit) -> Result<()> {
    let shards = split(tensors, limit);
    if let [single] = shards.as_slice() {
        return write_file(&folder.join("model.safetensors"), single);
    }
    let mut weight_map = Map::new();
    let mut total = 0;
    for (number, shard) in shards.iter().enumerate() {
        let name = format!("model-{:05}-of-{:05}.safetensors", number + 1, shards.len());
        write_file(&folder.join(&name), shard)?;
        for tensor in shard {
            total += tensor.data_len();
            weight_map.insert(tensor.name.clone(), Value::from(name.clone()));
        }
    }
    weight_map.sort_keys();
    let index = json!({ "metadata": { "total_size": total }, "weight_map": weight_map });
    write_json(&folder.join("model.safetensors.index.json"), &index)
}

fn split<'t, 'a>(tensors: &'t [TensorToWrite<'a>], limit: ShardLimit) -> Vec<Vec<&'t TensorToWrite<'a>>> {
    let mut shards = vec![Vec::new()];
    let mut size = 0;
    for tensor in tensors {
        let bytes = tensor.data_len();
        if size > 0 && size + bytes > limit.0 {
            shards.push(Vec::new());
            size = 0;
        }
        size += bytes;
        if let Some(last) = shards.last_mut() {
            last.push(tensor);
        }
    }
    shards
}

/// Writes one safetensors file, complete or not at all.
pub(crate) fn write_file(path: &Path, tensors: &[&TensorToWrite<'_>]) -> Result<()> {
    let partial = path.with_extension("safetensors.partial");
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let named = tensors.iter().map(|tensor| (tensor.name.clone(), *tensor));
    // safetensors makes files that their owner alone can read; weights get the permissions of any other new file.
    let permissions = std::fs::File::create(&partial)
        .and_then(|file| file.metadata())
        .map_err(|source| ModelError::file("write", &partial, source))?
        .permissions();
    safetensors::serialize_to_file(named, Some(metadata), &partial)
        .map_err(|error| ModelError::file("write", &partial, std::io::Error::other(error.to_string())))?;
    std::fs::set_permissions(&partial, permissions)
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|source| ModelError::file("write", path, source))
}

/// Writes JSON as transformers does: indented by two, a newline at the end, complete or not at all.
pub(crate) fn write_json(path: &Path, value: &Value) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|source| ModelError::json(path, source))?;
    text.push('\n');
    let partial = path.with_extension("json.partial");
    std::fs::write(&partial, text)
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|source| ModelError::file("write", path, source))
}

/// Writes the decoder's weights and config.json; adapters are folded into the weights they belong to.
///
/// # Errors
/// When the folder cannot be written.
pub fn save_decoder(decoder: &Decoder, folder: &Path, dtype: Dtype, limit: ShardLimit) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|source| ModelError::file("create", folder, source))?;
    write_shards(folder, &decoder_tensors(decoder, dtype), limit)?;
    let mut document = decoder.config.document.clone();
    document.remove("torch_dtype");
    document.insert("dtype".to_owned(), Value::from(dtype_name(dtype)));
    document.insert(
        "tie_word_embeddings".to_owned(),
        Value::from(matches!(decoder.head, OutputHead::Tied(_))),
    );
    write_json(&folder.join("config.json"), &Value::Object(document))
}

/// transformers' name of a dtype.
pub(crate) fn dtype_name(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::BF16 => "bfloat16",
        Dtype::F16 => "float16",
        _ => "float32",
    }
}

fn decoder_tensors(decoder: &Decoder, dtype: Dtype) -> Vec<TensorToWrite<'_>> {
    let mut tensors = vec![entry("model.embed_tokens.weight", dtype, decoder.embedding.table.val())];
    for (number, layer) in decoder.layers.iter().enumerate() {
        let at = |part: &str| format!("model.layers.{number}.{part}.weight");
        let names = decoder.config.design.layers[number].norms;
        let norms = [
            (Some(names.before_attention), Some(&layer.attention_norm)),
            (names.after_attention, layer.attended_norm.as_ref()),
            (Some(names.before_feed_forward), Some(&layer.feed_forward_norm)),
            (names.after_feed_forward, layer.fed_norm.as_ref()),
            (Some("self_attn.q_norm"), layer.attention.query_norm.as_ref()),
            (Some("self_attn.k_norm"), layer.attention.key_norm.as_ref()),
        ];
        for (name, norm) in norms.into_iter().filter_map(|(name, norm)| name.zip(norm)) {
            tensors.push(entry(&at(name), dtype, norm.scale.clone()));
        }
    }
    for (name, projection) in decoder.projections() {
        let [d_in, d_out] = projection.shape();
        tensors.push(TensorToWrite {
            name: format!("{name}.weight"),
            shape: vec![d_out, d_in],
            dtype,
            values: Box::new(move || values_of(projection.merged_weight().transpose())),
        });
        tensors.extend(
            projection
                .bias
                .as_ref()
                .map(|bias| entry(&format!("{name}.bias"), dtype, bias.clone())),
        );
    }
    tensors.push(entry("model.norm.weight", dtype, decoder.final_norm.scale.clone()));
    match &decoder.head {
        OutputHead::Tied(_) => {}
        OutputHead::Untied(head) => {
            tensors.push(entry("lm_head.weight", dtype, head.merged_weight().transpose()));
        }
        OutputHead::Trained(weight) => tensors.push(entry("lm_head.weight", dtype, weight.val())),
    }
    tensors
}

fn entry<'a, const D: usize>(name: &str, dtype: Dtype, tensor: Tensor<D>) -> TensorToWrite<'a> {
    TensorToWrite {
        name: name.to_owned(),
        shape: tensor.dims().to_vec(),
        dtype,
        values: Box::new(move || values_of(tensor.clone())),
    }
}

/// The values of a tensor in f32, row by row.
pub fn values_of<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.inner().cast(DType::F32).into_data();
    data.iter::<f32>().collect()
}
