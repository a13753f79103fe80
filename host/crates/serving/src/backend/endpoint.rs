//! An endpoint that speaks OpenAI's API, e.g. vLLM: requests are handed on, answers handed back as they come.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use nl2sql_profile::{ExposeSecret, SecretString};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::tls_provider;

/// Headers of an answer that are handed back; others may tell of what is behind the server.
const HANDED_BACK: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// What callers hear where an endpoint answers with something else than its API.
const FAILED: &str = "the model's endpoint failed; the server's log says how";

/// Where the endpoint is.
#[derive(Clone, Debug)]
pub struct OpenAiEndpointSettings {
    /// URL up to and including `/v1`.
    pub base_url: String,
    /// Its key, if it takes one.
    pub key: Option<SecretString>,
    /// The model that is asked where a request names none.
    pub model: String,
    /// Others that requests may name; `*` stands for every model.
    pub others: Vec<String>,
    /// Most time for an answer to begin.
    pub timeout: Duration,
}

/// What an endpoint says of its models.
#[derive(Deserialize)]
struct EndpointModels {
    data: Vec<Value>,
}

/// The endpoint.
pub struct OpenAiEndpoint {
    client: reqwest::Client,
    settings: OpenAiEndpointSettings,
}

impl OpenAiEndpoint {
    /// A client of the endpoint. Redirects are not followed: the profile says where requests go, nobody else.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: OpenAiEndpointSettings) -> Result<Self, reqwest::Error> {
        tls_provider::install();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(settings.timeout)
            .read_timeout(settings.timeout)
            .build()?;
        Ok(Self { client, settings })
    }

    /// Name of the model.
    pub fn model(&self) -> &str {
        &self.settings.model
    }

    /// Hands a request on. `path` is below the base URL. The model is the profile's where the request names none.
    pub(crate) async fn forward(&self, path: &str, mut body: Value) -> Result<Response, ApiError> {
        let fields = body.as_object_mut();
        let fields = fields.ok_or_else(|| ApiError::invalid("body", "a request is a JSON object"))?;
        match fields.get("model").unwrap_or(&Value::Null) {
            Value::Null => drop(fields.insert("model".to_owned(), self.settings.model.clone().into())),
            Value::String(name) if self.may_be_asked(name) => {}
            Value::String(name) => return Err(ApiError::no_model(name)),
            _ => return Err(ApiError::invalid("model", "the name of a model is text")),
        }
        let text = body.to_string();
        let request = self
            .client
            .post(self.url(path))
            .header(header::CONTENT_TYPE, "application/json")
            .body(text);
        self.send(request).await
    }

    /// Those of the endpoint's models that may be asked, as it describes them. The provider's is among them by the profile's word: some
    /// endpoints answer by any name, or keep no list.
    pub(crate) async fn models(&self) -> Result<Vec<Value>, ApiError> {
        let mut models = self.listed().await?;
        models.retain(|model| model["id"].as_str().is_some_and(|name| self.may_be_asked(name)));
        let own = &self.settings.model;
        if models.iter().all(|model| model["id"] != own.as_str()) {
            models.insert(
                0,
                json!({ "id": own, "object": "model", "created": 0, "owned_by": "endpoint" }),
            );
        }
        Ok(models)
    }

    /// What the endpoint lists; nothing where it knows no lists.
    async fn listed(&self) -> Result<Vec<Value>, ApiError> {
        let answer = self.answer(self.client.get(self.url("models"))).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let list: EndpointModels = answer.json().await.map_err(|error| {
            tracing::warn!("the endpoint's list of models cannot be read: {}", error.without_url());
            bad_gateway(FAILED)
        })?;
        Ok(list.data)
    }

    /// One of them.
    pub(crate) async fn one_model(&self, name: &str) -> Result<Value, ApiError> {
        let models = self.models().await?;
        let named = models.into_iter().find(|model| model["id"] == name);
        named.ok_or_else(|| ApiError::no_model(name))
    }

    fn may_be_asked(&self, name: &str) -> bool {
        let mut others = self.settings.others.iter();
        name == self.settings.model || others.any(|other| other == name || other == "*")
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.base_url.trim_end_matches('/'))
    }

    /// What the endpoint answers, as it comes.
    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ApiError> {
        let answer = self.answer(request).await?;
        let mut response = Response::builder().status(answer.status());
        for name in HANDED_BACK {
            if let Some(value) = answer.headers().get(&name) {
                response = response.header(name, value);
            }
        }
        response
            .body(Body::from_stream(answer.bytes_stream()))
            .map_err(|error| ApiError::internal(error.to_string()))
    }

    /// An answer that is the endpoint's word on the request.
    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, ApiError> {
        let request = match &self.settings.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        };
        let answer = request.send().await.map_err(|error| {
            let late = error.is_timeout();
            tracing::warn!("the endpoint did not answer: {}", error.without_url());
            if late {
                ApiError::timed_out(self.settings.timeout.as_secs() as u32)
            } else {
                bad_gateway("the model's endpoint did not answer")
            }
        })?;
        refuse_what_is_its_own(&answer)?;
        Ok(answer)
    }
}

/// What an endpoint says of requests is for callers; what it says of itself may name its insides, and of its key is the server's affair.
fn refuse_what_is_its_own(answer: &reqwest::Response) -> Result<(), ApiError> {
    let status = answer.status();
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
        tracing::warn!("the endpoint does not accept the key of its provider: HTTP {status}");
        return Err(ApiError::internal(
            "the model's endpoint does not accept the server's key",
        ));
    }
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let spoken = ["application/json", "text/event-stream"];
    let speaks = spoken.iter().any(|usual| kind.trim_start().starts_with(usual));
    let failed = status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE;
    if failed || !speaks || status.is_redirection() {
        tracing::warn!("the endpoint answered with HTTP {status} and the content type `{kind}`");
        return Err(bad_gateway(FAILED));
    }
    Ok(())
}

fn bad_gateway(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, "server_error", "bad_gateway", message)
}
