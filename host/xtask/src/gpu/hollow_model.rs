//! A model of Qwen3-4B's width with weights of zero: files of holes, which take no room on disk.
//!
//! For launches are counted where nothing is computed: there, weights do not matter, and shapes do.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

const HIDDEN: usize = 2560;
const INNER: usize = 9728;
const VOCABULARY: usize = 151_936;
const HEADS: usize = 32;
const KEY_VALUE_HEADS: usize = 8;
const HEAD: usize = 128;

/// Bytes of a weight in bf16.
const WEIGHT: usize = 2;

/// Writes `config.json` and `model.safetensors` of so many layers.
///
/// # Errors
/// The folder cannot be written to.
pub fn write(folder: &Path, layers: usize) -> Result<()> {
    let cannot_write = || format!("cannot write a model to {}", folder.display());
    fs::create_dir_all(folder).with_context(cannot_write)?;
    fs::write(folder.join("config.json"), config(layers).to_string()).with_context(cannot_write)?;
    let (header, bytes) = header(layers);
    let mut file = File::create(folder.join("model.safetensors")).with_context(cannot_write)?;
    file.write_all(&(header.len() as u64).to_le_bytes())
        .with_context(cannot_write)?;
    file.write_all(header.as_bytes()).with_context(cannot_write)?;
    let length = 8 + header.len() + bytes;
    file.set_len(length as u64).with_context(cannot_write)
}

fn config(layers: usize) -> Value {
    json!({
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "attention_bias": false,
        "head_dim": HEAD,
        "hidden_act": "silu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "max_position_embeddings": 40_960,
        "num_attention_heads": HEADS,
        "num_hidden_layers": layers,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1_000_000.0,
        "tie_word_embeddings": true,
        "vocab_size": VOCABULARY,
    })
}

/// The header of the safetensors file, and how many bytes of weights follow it.
fn header(layers: usize) -> (String, usize) {
    let mut tensors = Map::new();
    let mut end = 0;
    for (name, shape) in shapes(layers) {
        let begin = end;
        end += shape.iter().product::<usize>() * WEIGHT;
        tensors.insert(
            name,
            json!({ "dtype": "BF16", "shape": shape, "data_offsets": [begin, end] }),
        );
    }
    (Value::Object(tensors).to_string(), end)
}

fn shapes(layers: usize) -> Vec<(String, Vec<usize>)> {
    let (queries, keys) = (HEADS * HEAD, KEY_VALUE_HEADS * HEAD);
    let mut shapes = vec![
        ("model.embed_tokens.weight".to_owned(), vec![VOCABULARY, HIDDEN]),
        ("model.norm.weight".to_owned(), vec![HIDDEN]),
    ];
    for layer in 0..layers {
        let parts = [
            ("input_layernorm", vec![HIDDEN]),
            ("self_attn.q_proj", vec![queries, HIDDEN]),
            ("self_attn.k_proj", vec![keys, HIDDEN]),
            ("self_attn.v_proj", vec![keys, HIDDEN]),
            ("self_attn.o_proj", vec![HIDDEN, queries]),
            ("self_attn.q_norm", vec![HEAD]),
            ("self_attn.k_norm", vec![HEAD]),
            ("post_attention_layernorm", vec![HIDDEN]),
            ("mlp.gate_proj", vec![INNER, HIDDEN]),
            ("mlp.up_proj", vec![INNER, HIDDEN]),
            ("mlp.down_proj", vec![HIDDEN, INNER]),
        ];
        shapes.extend(parts.map(|(part, shape)| (format!("model.layers.{layer}.{part}.weight"), shape)));
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkout;

    #[test]
    fn all_layers_are_qwen3_4b() {
        let weights: usize = shapes(36)
            .iter()
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum();
        assert_eq!(weights, 4_022_468_096);
    }

    #[test]
    fn the_file_is_as_long_as_its_header_says() {
        let folder = checkout::target().join("tmp").join("hollow-model-test");
        write(&folder, 1).unwrap();
        let (header, bytes) = header(1);
        let length = fs::metadata(folder.join("model.safetensors")).unwrap().len();
        assert_eq!(length, (8 + header.len() + bytes) as u64);
        let tensors: Value = serde_json::from_str(&header).unwrap();
        let last = &tensors["model.layers.0.mlp.down_proj.weight"];
        assert_eq!(last["data_offsets"][1], bytes);
        fs::remove_dir_all(&folder).unwrap();
    }
}
