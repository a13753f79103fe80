//! How config.json of each family is read into the description of its layers.

use std::path::Path;

use miette::Diagnostic;
use nl2sql_model::architecture::RotarySettings;
use nl2sql_model::config::RopeScaling;
use nl2sql_model::{ModelConfig, ModelError};
use serde_json::{Map, Value, json};

use crate::reference_models::reference_model;

fn document(model_type: &str) -> Map<String, Value> {
    ModelConfig::read(&reference_model(model_type)).unwrap().document
}

/// A reference model's config.json with some settings replaced; `None` leaves one out.
fn config_with(model_type: &str, settings: &[(&str, Option<Value>)]) -> Result<ModelConfig, ModelError> {
    let mut document = document(model_type);
    for (name, value) in settings {
        match value {
            Some(value) => document.insert((*name).to_owned(), value.clone()),
            None => document.remove(*name),
        };
    }
    ModelConfig::from_document(document, Path::new("config.json"))
}

fn windows(config: &ModelConfig) -> Vec<Option<usize>> {
    let layers = config.design.layers.iter();
    layers.map(|layer| layer.attention.window).collect()
}

fn assert_refused(result: Result<ModelConfig, ModelError>, words: &[&str]) {
    let error = result.expect_err(&format!("nothing was refused; expected {words:?}"));
    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
    let text = format!("{error} {help}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn mistrals_window_is_that_of_config_json() {
    let window = |value: Option<Value>| windows(&config_with("mistral", &[("sliding_window", value)]).unwrap())[0];
    assert_eq!(window(Some(json!(8))), Some(8));
    assert_eq!(window(Some(Value::Null)), None);
    assert_eq!(window(None), Some(4096), "transformers fills it in");
    assert_refused(
        config_with("mistral", &[("sliding_window", Some(json!(0)))]),
        &["sliding_window"],
    );
}

#[test]
fn gemmas_local_layers_have_windows_and_rotary_positions_of_their_own() {
    let config = config_with("gemma3_text", &[]).unwrap();
    assert_eq!(windows(&config), [Some(8), None, Some(8)]);
    let rotary = |layer: usize| &config.design.rotary[config.design.layers[layer].rotary];
    let global = RotarySettings {
        theta: 1_000_000.0,
        scaling: RopeScaling::Linear { factor: 4.0 },
    };
    let local = RotarySettings {
        theta: 10_000.0,
        scaling: RopeScaling::None,
    };
    assert_eq!([rotary(0), rotary(1), rotary(2)], [&local, &global, &local]);
}

/// transformers 4.x wrote both bases beside each other and counted local layers by a pattern.
#[test]
fn both_spellings_of_gemmas_config_mean_the_same() {
    let older = |linear: Value| {
        [
            ("rope_parameters", None),
            ("rope_theta", Some(json!(1_000_000))),
            ("rope_local_base_freq", Some(json!(10_000))),
            ("rope_scaling", Some(linear)),
            ("layer_types", None),
            ("sliding_window_pattern", Some(json!(2))),
        ]
    };
    let newer = config_with("gemma3_text", &[]).unwrap().design;
    let scaled = json!({ "rope_type": "linear", "factor": 4.0 });
    assert_eq!(config_with("gemma3_text", &older(scaled)).unwrap().design, newer);
    let plain = config_with("gemma3_text", &older(Value::Null)).unwrap().design;
    assert_eq!(plain.layers, newer.layers);
    assert_eq!(plain.rotary[0].scaling, RopeScaling::None);
}

#[test]
fn what_gemmas_config_leaves_out_is_what_transformers_fills_in() {
    let left_out = [
        "head_dim",
        "num_key_value_heads",
        "query_pre_attn_scalar",
        "tie_word_embeddings",
        "hidden_activation",
        "layer_types",
        "rope_parameters",
        "sliding_window",
    ];
    let mut settings: Vec<_> = left_out.iter().map(|name| (*name, None)).collect();
    settings.push(("num_hidden_layers", Some(json!(12))));
    let config = config_with("gemma3_text", &settings).unwrap();
    assert_eq!((config.head_dim, config.num_key_value_heads), (256, 4));
    assert!(config.tie_word_embeddings);
    assert_eq!(config.design.layers[0].attention.scale, 1.0 / 16.0);
    let global: Vec<usize> = (0..12).filter(|layer| windows(&config)[*layer].is_none()).collect();
    assert_eq!(global, [5, 11]);
    assert_eq!(windows(&config)[0], Some(4096));
    assert_eq!(
        [config.design.rotary[0].theta, config.design.rotary[1].theta],
        [1e6, 1e4]
    );
}

#[test]
fn what_gemma_cannot_honour_is_refused_by_name() {
    for (name, value) in [
        ("attn_logit_softcapping", json!(50.0)),
        ("final_logit_softcapping", json!(30.0)),
        ("use_bidirectional_attention", json!(true)),
        ("use_bidirectional_attention", json!("all")),
        ("hidden_activation", json!("gelu")),
        ("query_pre_attn_scalar", json!(0)),
        ("layer_types", json!(["full_attention"])),
        (
            "layer_types",
            json!(["chunked_attention", "full_attention", "full_attention"]),
        ),
        (
            "rope_parameters",
            json!({ "rope_type": "default", "rope_theta": 10_000.0 }),
        ),
    ] {
        let word = match &value {
            Value::Array(kinds) if kinds.len() == 3 => "chunked_attention",
            _ => name,
        };
        assert_refused(config_with("gemma3_text", &[(name, Some(value))]), &[word]);
    }
}

#[test]
fn a_gemma_that_reads_images_is_refused_with_what_to_do() {
    let refused = config_with("gemma3_text", &[("model_type", Some(json!("gemma3")))]);
    assert_refused(refused, &["gemma3", "gemma3_text", "Gemma3ForCausalLM"]);
}

#[test]
fn windows_of_families_that_have_none_are_refused() {
    for (name, value) in [
        ("use_sliding_window", json!(true)),
        ("layer_types", json!(["sliding_attention", "full_attention"])),
    ] {
        for model_type in ["llama", "qwen2", "qwen3"] {
            let refused = config_with(model_type, &[(name, Some(value.clone()))]);
            assert_refused(refused, &["sliding-window", "full context"]);
        }
    }
}
