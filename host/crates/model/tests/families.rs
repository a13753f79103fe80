//! How config.json of each family is read into the description of its layers.

use std::path::Path;

use miette::Diagnostic;
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
