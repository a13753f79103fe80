//! Broken and foreign input is refused with the reason and what to do.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use miette::Diagnostic;
use nl2sql_model::gguf::import_gguf;
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{
    AdapterConfig, Decoder, LoadOptions, ModelConfig, ModelError, TargetModules, attach_adapter, attach_initial,
    load_decoder,
};
use serde_json::{Value, json};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn load(folder: &Path) -> Result<Decoder, ModelError> {
    load_decoder(folder, &LoadOptions::f32(Device::flex()))
}

/// A copy of a fixture's model with some settings of config.json replaced.
fn model_with(settings: &[(&str, Value)]) -> TempDir {
    let source = fixture("llama-tiny");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        source.join("model.safetensors"),
        folder.path().join("model.safetensors"),
    )
    .unwrap();
    let text = std::fs::read_to_string(source.join("config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (name, value) in settings {
        config[*name] = value.clone();
    }
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    folder
}

fn adapter_of(name: &str, settings: &[(&str, Value)]) -> TempDir {
    let source = fixture(name);
    let folder = tempfile::tempdir().unwrap();
    let weights = folder.path().join("adapter_model.safetensors");
    std::fs::copy(source.join("adapter_init.safetensors"), weights).unwrap();
    let text = std::fs::read_to_string(source.join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (name, value) in settings {
        config[*name] = value.clone();
    }
    std::fs::write(folder.path().join("adapter_config.json"), config.to_string()).unwrap();
    folder
}

/// The error says each of the words, in its message or its help.
fn assert_says<T>(result: Result<T, ModelError>, words: &[&str]) {
    let Err(error) = result else {
        panic!("nothing was refused; expected {words:?}");
    };
    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
    let text = format!("{error} {help}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn an_unknown_architecture_lists_the_known_ones() {
    let folder = model_with(&[("model_type", json!("mamba"))]);
    assert_says(load(folder.path()), &["mamba", "qwen3", "qwen2", "llama"]);
}

#[test]
fn settings_that_change_the_arithmetic_are_refused() {
    let cases = [
        ("hidden_act", json!("gelu"), "gelu"),
        (
            "rope_parameters",
            json!({"rope_type": "dynamic", "factor": 2.0}),
            "dynamic",
        ),
        ("rope_parameters", json!({"rope_type": "linear"}), "factor"),
        ("layer_types", json!(["sliding_attention", "full_attention"]), "sliding"),
        ("quantization_config", json!({"bits": 4}), "quantised"),
        ("num_key_value_heads", json!(4), "multiple"),
        ("hidden_size", json!(0), "hidden_size"),
        ("vocab_size", Value::Null, "vocab_size"),
    ];
    for (name, value, word) in cases {
        let folder = model_with(&[(name, value)]);
        assert_says(ModelConfig::read(folder.path()), &[word, "config.json"]);
    }
}

#[test]
fn missing_weights_are_named() {
    let folder = model_with(&[]);
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert_says(load(folder.path()), &["model.safetensors"]);
    assert_says(load(Path::new("no/such/folder")), &["config.json"]);
}

#[test]
fn truncated_weights_are_refused_at_every_length() {
    let whole = std::fs::read(fixture("llama-tiny").join("model.safetensors")).unwrap();
    for length in [0, 4, 8, 100, whole.len() / 2, whole.len() - 1] {
        let folder = model_with(&[]);
        std::fs::write(folder.path().join("model.safetensors"), &whole[..length]).unwrap();
        assert_says(load(folder.path()), &["model.safetensors", "fetch"]);
    }
}

#[test]
fn weights_of_another_shape_are_refused() {
    let wider = model_with(&[("intermediate_size", json!(100))]);
    assert_says(load(wider.path()), &["mlp", "[100, 36]"]);
    let deeper = model_with(&[("num_hidden_layers", json!(3))]);
    assert_says(load(deeper.path()), &["model.layers.2", "missing"]);
}

#[test]
fn a_shard_that_is_not_there_is_named() {
    let folder = model_with(&[]);
    let index = json!({"weight_map": {"model.norm.weight": "model-00001-of-00002.safetensors"}});
    std::fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    assert_says(load(folder.path()), &["model-00001-of-00002.safetensors"]);
}

#[test]
fn an_adapter_of_another_base_is_refused() {
    let mut decoder = load(&fixture("llama-tiny")).unwrap();
    let adapter = adapter_of("qwen3-tiny", &[]);
    assert_says(attach_adapter(&mut decoder, adapter.path()), &["another base model"]);
    let shallower = model_with(&[("num_hidden_layers", json!(1))]);
    let mut decoder = load(shallower.path()).unwrap();
    let adapter = adapter_of("llama-tiny", &[]);
    assert_says(
        attach_adapter(&mut decoder, adapter.path()),
        &["layers.1", "another base model"],
    );
}

#[test]
fn adapter_features_that_are_not_supported_are_named() {
    let cases = [
        ("rank_pattern", json!({"q_proj": 4}), "rank_pattern"),
        ("bias", json!("all"), "bias"),
        ("peft_type", json!("IA3"), "IA3"),
        ("r", json!(0), "rank"),
        ("target_modules", json!(["query"]), "q_proj"),
        ("target_modules", json!(["lm_head"]), "lm_head"),
    ];
    let mut decoder = load(&fixture("llama-tiny")).unwrap();
    for (name, value, word) in cases {
        let adapter = adapter_of("llama-tiny", &[(name, value)]);
        assert_says(attach_adapter(&mut decoder, adapter.path()), &[word]);
    }
}

#[test]
fn a_new_adapter_needs_targets_and_a_rank() {
    let mut decoder = load(&fixture("llama-tiny")).unwrap();
    let mut config = AdapterConfig {
        rank: 0,
        alpha: 16.0,
        dropout: 0.0,
        targets: TargetModules::All,
        rank_stabilised: false,
        weight_decomposed: false,
        modules_to_save: Default::default(),
        base_model: String::new(),
    };
    assert_says(attach_initial(&mut decoder, &config, 1), &["rank is 0"]);
    config.rank = 4;
    config.targets = TargetModules::Named(["wq".to_owned()].into());
    assert_says(attach_initial(&mut decoder, &config, 1), &["wq", "q_proj"]);
}

#[test]
fn broken_gguf_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let endless = [
        b"GGUF".as_slice(),
        &3u32.to_le_bytes(),
        &u64::MAX.to_le_bytes(),
        &[0; 8],
    ]
    .concat();
    for bytes in [
        b"".as_slice(),
        b"GGU",
        b"PK\x03\x04 not a model",
        b"GGUF\x03\0\0\0",
        &endless,
    ] {
        std::fs::write(&path, bytes).unwrap();
        let result = import_gguf(&path, &folder.path().join("out"), safetensors::Dtype::F32);
        assert_says(result, &["model.gguf", "GGUF"]);
    }
}

#[test]
fn a_missing_or_broken_tokenizer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert_says(TextTokenizer::read(folder.path()), &["tokenizer.json"]);
    std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    assert_says(TextTokenizer::read(folder.path()), &["tokenizer.json", "damaged"]);
}

/// Gemma 3 1B's tokenizer has a token for images, for which the model has no vector.
#[test]
fn special_tokens_beyond_the_models_vectors_are_refused_in_texts_alone() {
    let folder = tempfile::tempdir().unwrap();
    let token = |id: usize, text: &str, special: bool| {
        json!({ "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": special })
    };
    let write = |added: Value| {
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": null,
            "pre_tokenizer": { "type": "Whitespace" }, "post_processor": null, "decoder": null,
            "model": { "type": "WordLevel", "vocab": { "<unk>": 0, "a": 1 }, "unk_token": "<unk>" },
        });
        std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        TextTokenizer::read(folder.path()).unwrap()
    };
    let config = ModelConfig::read(model_with(&[("vocab_size", json!(2))]).path()).unwrap();
    let fitted = write(json!([token(2, "<image>", true)])).fitted(&config).unwrap();
    assert_eq!(fitted.encode("a a").unwrap(), [1, 1]);
    assert_eq!(fitted.token_bytes().len(), 2);
    assert_says(fitted.encode("a <image>"), &["<image>", "no vector"]);
    let foreign = write(json!([token(2, "b", false)])).fitted(&config);
    assert_says(foreign, &["largest token is 2", "2 token vectors", "another model"]);
}
