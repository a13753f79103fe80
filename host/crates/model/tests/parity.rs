//! Logits against reference numbers of transformers and PEFT.

use std::path::Path;

use burn::tensor::Device;
use nl2sql_model::architecture::{Activation, KNOWN, LayerNorms};
use nl2sql_model::weights::ShardedTensors;
use nl2sql_model::{Decoder, LoadOptions, ModelConfig, attach_adapter, load_decoder};
use serde_json::Value;

use crate::reference_models::{reference_model, reference_models};

fn base(folder: &Path) -> Decoder {
    load_decoder(folder, &LoadOptions::f32(Device::flex())).unwrap()
}

/// The reference adapter under the name PEFT gives it.
fn adapter_folder(folder: &Path, weights: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join(weights), target.path().join("adapter_model.safetensors")).unwrap();
    std::fs::copy(
        folder.join("adapter_config.json"),
        target.path().join("adapter_config.json"),
    )
    .unwrap();
    target
}

fn first_batch(folder: &Path) -> Vec<Vec<u32>> {
    let text = std::fs::read_to_string(folder.join("batches.json")).unwrap();
    let batches: Value = serde_json::from_str(&text).unwrap();
    let ids = |row: &Value| serde_json::from_value(row["input_ids"].clone()).unwrap();
    batches[0][0].as_array().unwrap().iter().map(ids).collect()
}

fn assert_logits(decoder: &Decoder, folder: &Path, name: &str, tolerance: f32) {
    let rows = first_batch(folder);
    let logits = decoder.logits(&rows);
    let [_, length, vocab] = logits.dims();
    let ours = logits.into_data();
    let ours = ours.as_slice::<f32>().unwrap();
    let expected = ShardedTensors::open_files(vec![folder.join("expected.safetensors")]).unwrap();
    let expected = expected.get(name).unwrap().to_f32().unwrap();
    assert_eq!(ours.len(), expected.len());
    for (number, row) in rows.iter().enumerate() {
        let range = number * length * vocab..(number * length + row.len()) * vocab;
        for (ours, expected) in ours[range.clone()].iter().zip(&expected[range]) {
            assert!(
                (ours - expected).abs() <= tolerance,
                "{}: {name} differs: {ours} instead of {expected}",
                folder.display()
            );
        }
    }
}

#[test]
fn base_logits_equal_the_reference() {
    for folder in reference_models() {
        assert_logits(&base(&folder), &folder, "logits_base", 1e-4);
    }
}

#[test]
fn adapter_logits_equal_the_reference() {
    for folder in reference_models() {
        let adapter = adapter_folder(&folder, "adapter_init.safetensors");
        let mut decoder = base(&folder);
        attach_adapter(&mut decoder, adapter.path()).unwrap();
        assert_logits(&decoder, &folder, "logits_lora", 1e-4);
    }
}

#[test]
fn a_merged_adapter_gives_the_same_logits() {
    for folder in reference_models() {
        let adapter = adapter_folder(&folder, "adapter_init.safetensors");
        let mut decoder = base(&folder);
        attach_adapter(&mut decoder, adapter.path()).unwrap();
        let merged = tempfile::tempdir().unwrap();
        let limit = nl2sql_model::weights::ShardLimit(60_000);
        nl2sql_model::save_decoder(&decoder, merged.path(), safetensors::Dtype::F32, limit).unwrap();
        assert!(merged.path().join("model.safetensors.index.json").exists());
        assert_logits(&base(merged.path()), &folder, "logits_lora", 1e-4);

        nl2sql_model::adapter::merge_adapter(&mut decoder);
        assert_logits(&decoder, &folder, "logits_lora", 1e-4);
    }
}

#[test]
fn an_adapter_survives_being_written_and_read() {
    for folder in reference_models() {
        let adapter = adapter_folder(&folder, "adapter_init.safetensors");
        let mut decoder = base(&folder);
        let config = attach_adapter(&mut decoder, adapter.path()).unwrap();
        let written = tempfile::tempdir().unwrap();
        nl2sql_model::save_adapter(&decoder, &config, written.path()).unwrap();
        let mut again = base(&folder);
        let read = attach_adapter(&mut again, written.path()).unwrap();
        assert_eq!(read, config);
        assert_logits(&again, &folder, "logits_lora", 1e-4);
    }
}

/// Engines are checked on reference models alone, so that an architecture without one would be checked by nobody.
#[test]
fn every_known_architecture_has_a_whole_reference_model() {
    for known in KNOWN {
        let folder = reference_model(known.model_type());
        for name in [
            "model.safetensors",
            "adapter_config.json",
            "adapter_init.safetensors",
            "adapter_final.safetensors",
            "batches.json",
            "expected.json",
            "expected_bf16.json",
            "expected.safetensors",
        ] {
            assert!(folder.join(name).exists(), "{} has no {name}", folder.display());
        }
    }
}

/// A design that no reference model has is one that nobody checked: each value of the description is met by one of them.
#[test]
fn reference_models_cover_what_a_design_can_say() {
    let configs = KNOWN.map(|known| ModelConfig::read(&reference_model(known.model_type())).unwrap());
    let layers = || configs.iter().flat_map(|config| &config.design.layers);
    let said: [(&str, bool); 12] = [
        ("a bias on queries", layers().any(|layer| layer.query_key_value_bias)),
        ("norms of heads", layers().any(|layer| layer.query_key_norm)),
        (
            "norms of inputs alone",
            layers().any(|layer| layer.norms == LayerNorms::BEFORE),
        ),
        (
            "norms of outputs",
            layers().any(|layer| layer.norms == LayerNorms::AROUND),
        ),
        ("SiLU", layers().any(|layer| layer.activation == Activation::Silu)),
        ("GELU", layers().any(|layer| layer.activation == Activation::GeluTanh)),
        ("full attention", layers().any(|layer| layer.attention.window.is_none())),
        ("a window", layers().any(|layer| layer.attention.window.is_some())),
        ("rotary positions by layer", layers().any(|layer| layer.rotary > 0)),
        (
            "an offset of norms",
            configs.iter().any(|config| config.design.norm_offset != 0.0),
        ),
        (
            "a scaled embedding",
            configs.iter().any(|config| config.design.embedding_scale != 1.0),
        ),
        (
            "scores by another scale than the head's width",
            configs.iter().any(|config| {
                let usual = (config.head_dim as f64).powf(-0.5);
                config.design.layers.iter().any(|layer| layer.attention.scale != usual)
            }),
        ),
    ];
    for (what, met) in said {
        assert!(met, "no reference model has {what}");
    }
}
