//! A running server over a model of random weights.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_app::ask::Assistant;
use nl2sql_app::{ServedModel, ServedModelSettings};
use nl2sql_inference::SchedulerOptions;
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::gguf::import_gguf;
use nl2sql_model::templates::Thinking;
use nl2sql_model::weights::Dtype;
use nl2sql_profile::ServeSettings;
use nl2sql_serving::{Backend, Server};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Folder of the model crate's fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures")
}

/// A model folder of random weights, with room for a conversation.
pub fn model_folder(place: &Path) -> PathBuf {
    let folder = place.join("tiny");
    import_gguf(&fixtures().join("llama-tiny.gguf"), &folder, Dtype::F32).unwrap();
    let path = folder.join("config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    config["max_position_embeddings"] = 4_096.into();
    std::fs::write(&path, config.to_string()).unwrap();
    folder
}

/// The model, loaded.
pub fn model(place: &Path, scheduler: SchedulerOptions) -> Arc<ServedModel> {
    let settings = ServedModelSettings {
        model: model_folder(place),
        name: "tiny".into(),
        device: DeviceChoice::Cpu,
        template: "default".into(),
        thinking: Thinking::Disabled,
        scheduler,
        key_value_bytes: 64 << 20,
    };
    Arc::new(ServedModel::load(&settings).unwrap())
}

/// A server that runs until it is dropped.
pub struct Served {
    pub url: String,
    pub stop: CancellationToken,
    pub ended: JoinHandle<()>,
    pub client: Client,
    /// Kept as long as the model is read from it.
    _place: tempfile::TempDir,
}

impl Served {
    /// A server on a free port with these settings.
    pub async fn with(settings: ServeSettings) -> Self {
        let place = tempfile::tempdir().unwrap();
        let scheduler = SchedulerOptions {
            rows_at_once: settings.rows as usize,
            max_waiting: settings.queue as usize,
            prefill_tokens: settings.prefill_tokens as usize,
        };
        let backend = Backend::Local(model(place.path(), scheduler));
        Self::over(backend, settings, place).await
    }

    /// A server over any backend and no database.
    pub async fn over(backend: Backend, settings: ServeSettings, place: tempfile::TempDir) -> Self {
        Self::over_database(backend, None, settings, place).await
    }

    /// A server over any backend and database.
    pub async fn over_database(
        backend: Backend,
        assistant: Option<Arc<Assistant>>,
        settings: ServeSettings,
        place: tempfile::TempDir,
    ) -> Self {
        let server = Server::bind(&ServeSettings { port: 0, ..settings }, backend, assistant).unwrap();
        let (url, stop) = (server.url(), CancellationToken::new());
        let stopped = stop.clone();
        let ended = tokio::spawn(async move { server.serve(stopped).await.unwrap() });
        Self {
            url,
            stop,
            ended,
            client: Client::builder().build().unwrap(),
            _place: place,
        }
    }

    /// As the settings have it by default.
    pub async fn usual() -> Self {
        Self::with(ServeSettings::default()).await
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).json(body)
    }

    /// Status and body of an answer.
    pub async fn answer(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.post(path, body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    /// The data of an answer's events.
    pub async fn events(&self, path: &str, body: &Value) -> Vec<String> {
        let text = self.post(path, body).send().await.unwrap().text().await.unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(str::to_owned).collect()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A question to the model.
pub fn question(more: Value) -> Value {
    let mut body =
        json!({ "model": "tiny", "max_tokens": 12, "messages": [{ "role": "user", "content": "How many singers?" }] });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}
