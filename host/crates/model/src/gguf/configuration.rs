//! config.json and generation_config.json from a GGUF file's metadata.

use serde_json::{Map, Value, json};

use super::reader::GgufFile;
use crate::architecture::{self, Architecture, GgufLayout};
use crate::config::{ModelConfig, RopeScaling};
use crate::error::Result;

/// The architecture a file names.
pub(super) fn architecture_of(file: &GgufFile) -> Result<(&'static dyn Architecture, GgufLayout)> {
    let name = file.metadata.text("general.architecture").unwrap_or_default();
    architecture::by_gguf_name(name).ok_or_else(|| {
        file.refuse(
            format!("its architecture `{name}` cannot be imported"),
            format!(
                "Known architectures: {}. Use the model's Hugging Face folder.",
                architecture::known_gguf_names().join(", ")
            ),
        )
    })
}

/// config.json; `prefix` is the file's name of the architecture, `dtype` that of the weights to be written.
pub(super) fn config_document(
    file: &GgufFile,
    architecture: &dyn Architecture,
    prefix: &str,
    dtype: &str,
) -> Result<Map<String, Value>> {
    let meta = &file.metadata;
    let size = |name: &str| {
        meta.whole(&format!("{prefix}.{name}")).ok_or_else(|| {
            file.refuse(
                format!("metadata `{prefix}.{name}` is missing"),
                "The file may have been made by an old converter; fetch a newer one.",
            )
        })
    };
    if let Some(window) = meta.whole(&format!("{prefix}.attention.sliding_window")) {
        return Err(file.refuse(
            format!("its attention has a window of {window} positions"),
            "Use the model's Hugging Face folder, whose config.json says which layers have it.",
        ));
    }
    let hidden = size("embedding_length")?;
    let heads = size("attention.head_count")?;
    let head_dim = meta
        .whole(&format!("{prefix}.attention.key_length"))
        .unwrap_or(hidden / heads.max(1));
    let vocab = file.tensors.get("token_embd.weight").map_or(0, |table| table.shape[0]);
    let number = |name: &str| meta.number(&format!("{prefix}.{name}"));
    let theta = number("rope.freq_base").unwrap_or(10_000.0);
    let mut rope = rope_parameters(file, prefix, theta, head_dim as usize)?;
    rope.insert("rope_theta".to_owned(), json!(theta));
    let document = json!({
        "architectures": [architecture.class_name()],
        "attention_bias": file.tensors.contains_key("blk.0.attn_q.bias"),
        "attention_dropout": 0.0,
        "bos_token_id": meta.whole("tokenizer.ggml.bos_token_id"),
        "dtype": dtype,
        "eos_token_id": meta.whole("tokenizer.ggml.eos_token_id"),
        "head_dim": head_dim,
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": size("feed_forward_length")?,
        "max_position_embeddings": size("context_length")?,
        "mlp_bias": file.tensors.contains_key("blk.0.ffn_gate.bias"),
        "model_type": architecture.model_type(),
        "num_attention_heads": heads,
        "num_hidden_layers": size("block_count")?,
        "num_key_value_heads": meta.whole(&format!("{prefix}.attention.head_count_kv")).unwrap_or(heads),
        "pad_token_id": meta.whole("tokenizer.ggml.padding_token_id"),
        "rms_norm_eps": number("attention.layer_norm_rms_epsilon").unwrap_or(1e-6),
        "rope_parameters": rope,
        "tie_word_embeddings": !file.tensors.contains_key("output.weight"),
        "use_cache": true,
        "vocab_size": vocab,
    });
    let Value::Object(document) = document else {
        return Ok(Map::new());
    };
    ModelConfig::from_document(document.clone(), &file.path)?;
    Ok(document)
}

/// generation_config.json.
pub(super) fn generation_document(file: &GgufFile) -> Value {
    let id = |name: &str| file.metadata.whole(&format!("tokenizer.ggml.{name}_token_id"));
    json!({
        "_from_model_config": true,
        "bos_token_id": id("bos"),
        "eos_token_id": id("eos"),
        "pad_token_id": id("padding"),
    })
}

fn rope_parameters(file: &GgufFile, prefix: &str, theta: f64, head_dim: usize) -> Result<Map<String, Value>> {
    let meta = &file.metadata;
    let number = |name: &str| meta.number(&format!("{prefix}.rope.{name}"));
    let kind = meta.text(&format!("{prefix}.rope.scaling.type")).unwrap_or("none");
    let factor = number("scaling.factor").or_else(|| number("scale_linear"));
    let original = number("scaling.original_context_length");
    let settings = match (kind, factor) {
        _ if file.tensors.contains_key("rope_freqs.weight") => llama3_parameters(file, theta, head_dim)?,
        ("none" | "linear", Some(factor)) if factor != 1.0 => json!({ "rope_type": "linear", "factor": factor }),
        ("yarn", Some(factor)) => {
            json!({ "rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original })
        }
        ("none" | "linear", _) => json!({ "rope_type": "default" }),
        (other, _) => {
            return Err(file.refuse(
                format!("rope scaling `{other}` is not supported"),
                "Known scalings: none, linear, yarn, and Llama 3's.",
            ));
        }
    };
    Ok(settings.as_object().cloned().unwrap_or_default())
}

/// Llama 3's scaling is stored as one divisor per frequency; the parameters behind it are those of Llama 3.1, with
/// the largest divisor as the factor. They are accepted only if they give the stored divisors back.
fn llama3_parameters(file: &GgufFile, theta: f64, head_dim: usize) -> Result<Value> {
    let divisors = file
        .tensors
        .get("rope_freqs.weight")
        .map(|tensor| file.values(tensor))
        .unwrap_or_default();
    let factor = f64::from(divisors.iter().fold(1f32, |most, divisor| most.max(*divisor)));
    let scaling = RopeScaling::Llama3 {
        factor,
        low_freq_factor: 1.0,
        high_freq_factor: 4.0,
        original_max_position_embeddings: 8192.0,
    };
    let plain = RopeScaling::None.frequencies(theta, head_dim);
    let scaled = scaling.frequencies(theta, head_dim);
    let agree = divisors.len() == plain.len()
        && plain
            .iter()
            .zip(&scaled)
            .zip(&divisors)
            .all(|((plain, scaled), divisor)| (plain / scaled / divisor - 1.0).abs() < 1e-3);
    if !agree {
        return Err(file.refuse(
            "its rotary frequencies (rope_freqs) are not those of Llama 3.1",
            "Use the model's original safetensors weights.",
        ));
    }
    Ok(json!({
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }))
}
