//! Adapters that come and go while the server runs.

use std::path::Path;

use nl2sql_profile::ServeSettings;
use serde_json::{Value, json};

use crate::served::{Served, fixtures, question};

/// An adapter of the fixture, below `adapters`.
pub(crate) fn adapter(adapters: &Path, name: &str) {
    let (fixture, folder) = (fixtures().join("llama-tiny"), adapters.join(name));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(fixture.join("adapter_config.json"), folder.join("adapter_config.json")).unwrap();
    let weights = folder.join("adapter_model.safetensors");
    std::fs::copy(fixture.join("adapter_final.safetensors"), weights).unwrap();
}

async fn text(served: &Served, model: &str) -> Value {
    let (status, answer) = served
        .answer("/v1/chat/completions", &question(json!({ "model": model })))
        .await;
    assert_eq!(status, 200, "{answer}");
    answer["choices"][0]["message"]["content"].clone()
}

#[tokio::test]
async fn an_adapter_is_loaded_answers_beside_the_model_and_is_unloaded() {
    let adapters = tempfile::tempdir().unwrap();
    adapter(adapters.path(), "shop");
    let served = Served::with(ServeSettings {
        adapters: Some(adapters.path().to_owned()),
        ..ServeSettings::default()
    })
    .await;
    let load = json!({ "lora_name": "shop", "lora_path": "shop" });
    let base = text(&served, "tiny").await;
    let loaded = served.post("/v1/load_lora_adapter", &load).send().await.unwrap();
    assert_eq!(loaded.status(), 200, "{}", loaded.text().await.unwrap());
    let adapted = text(&served, "shop").await;
    assert_ne!(adapted, base);
    assert_eq!(text(&served, "tiny").await, base, "the model itself is unchanged");
    let models: Value = served
        .client
        .get(format!("{}/v1/models", served.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(models["data"][1]["parent"], "tiny");
    let (status, twice) = served.answer("/v1/load_lora_adapter", &load).await;
    assert_eq!(status, 400, "{twice}");
    let unload = json!({ "lora_name": "shop" });
    assert_eq!(
        served
            .post("/v1/unload_lora_adapter", &unload)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let (status, _) = served
        .answer("/v1/chat/completions", &question(json!({ "model": "shop" })))
        .await;
    assert_eq!(status, 404);
    assert_eq!(served.answer("/v1/unload_lora_adapter", &unload).await.0, 404);
}

#[tokio::test]
async fn what_lies_outside_of_the_folder_cannot_be_loaded_and_is_not_told_of() {
    let adapters = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(adapters.path().join("empty")).unwrap();
    let served = Served::with(ServeSettings {
        adapters: Some(adapters.path().to_owned()),
        ..ServeSettings::default()
    })
    .await;
    for path in ["../tiny", "/etc", "empty", "missing", ""] {
        let (status, answer) = served
            .answer("/v1/load_lora_adapter", &json!({ "lora_name": "a", "lora_path": path }))
            .await;
        assert_eq!(status, 400, "{answer}");
        let said = answer.to_string();
        assert!(!said.contains(&adapters.path().display().to_string()), "{said}");
    }
    let closed = Served::usual().await;
    let (status, answer) = closed
        .answer(
            "/v1/load_lora_adapter",
            &json!({ "lora_name": "a", "lora_path": "empty" }),
        )
        .await;
    assert_eq!(status, 400, "{answer}");
}
