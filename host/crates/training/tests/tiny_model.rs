//! A tiny model with a tokenizer and a data set, for runs from files to files.

use std::path::{Path, PathBuf};

use nl2sql_training::dataset::Description;
use nl2sql_training::events::TrainEvent;
use nl2sql_training::settings::{Every, TrainSettings};
use serde_json::json;

/// Copies the llama fixture into `folder` with a tokenizer of 300 words beside it.
pub fn model(folder: &Path) -> PathBuf {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures/llama-tiny");
    let model = folder.join("model");
    std::fs::create_dir_all(&model).unwrap();
    for name in ["config.json", "model.safetensors"] {
        std::fs::copy(fixture.join(name), model.join(name)).unwrap();
    }
    let mut vocabulary = serde_json::Map::new();
    for (id, word) in ["<pad>", "<s>", "</s>", "<unk>", "Human", "Assistant", ":"]
        .iter()
        .enumerate()
    {
        vocabulary.insert((*word).into(), json!(id));
    }
    for id in vocabulary.len()..300 {
        vocabulary.insert(format!("w{id}"), json!(id));
    }
    let special = |id: usize, text: &str| {
        json!({ "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            "special": true })
    };
    let tokenizer = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [special(0, "<pad>"), special(1, "<s>"), special(2, "</s>")],
        "normalizer": null,
        "pre_tokenizer": { "type": "Whitespace" },
        "post_processor": null,
        "decoder": null,
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>" },
    });
    std::fs::write(model.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let config = json!({ "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>" });
    std::fs::write(model.join("tokenizer_config.json"), config.to_string()).unwrap();
    model
}

/// Writes `rows` Alpaca rows of different lengths.
pub fn alpaca(folder: &Path, rows: usize) -> PathBuf {
    let words = |from: usize, count: usize| {
        (0..count)
            .map(|i| format!("w{}", 10 + (from * 31 + i * 17) % 280))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let rows: Vec<_> = (0..rows)
        .map(|i| json!({ "instruction": words(i, 4 + i % 7), "input": "", "output": words(i + 5, 3 + i % 5) }))
        .collect();
    let path = folder.join("train.json");
    std::fs::write(&path, json!(rows).to_string()).unwrap();
    path
}

/// A run of 12 steps that saves every second one.
pub fn settings(folder: &Path) -> TrainSettings {
    let mut settings = TrainSettings {
        model: model(folder),
        output: folder.join("out"),
        ..TrainSettings::default()
    };
    settings.data.train = vec![Description::file(alpaca(folder, 24))];
    settings.optimization.batch = 2;
    settings.optimization.accumulation = 2;
    settings.optimization.epochs = 2.0;
    settings.optimization.learning_rate = 1e-3;
    settings.adapter.dropout = 0.1;
    settings.watch.save = Every::Steps(2);
    settings.watch.log = 1;
    settings.compute.workers = 2;
    settings
}

/// Ignores events.
#[allow(dead_code, reason = "each test file is a crate of its own")]
pub fn unwatched(_: &TrainEvent) {}

/// The trained adapter's bytes.
#[allow(dead_code, reason = "each test file is a crate of its own")]
pub fn adapter_bytes(output: &Path) -> Vec<u8> {
    std::fs::read(output.join("adapter_model.safetensors")).unwrap()
}
