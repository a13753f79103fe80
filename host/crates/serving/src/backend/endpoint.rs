//! An endpoint that speaks OpenAI's API, e.g. vLLM: requests are handed on, answers handed back as they come.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::Response;
use nl2sql_profile::{ExposeSecret, SecretString};
use reqwest::redirect::Policy;
use serde_json::Value;

use crate::api_error::ApiError;
use crate::tls_provider;

/// Headers of an answer that are handed back; others may tell of what is behind the server.
const HANDED_BACK: [HeaderName; 2] = [header::CONTENT_TYPE, header::RETRY_AFTER];

/// Where the endpoint is.
#[derive(Clone, Debug)]
pub struct OpenAiEndpointSettings {
    /// URL up to and including `/v1`.
    pub base_url: String,
    /// Its key, if it takes one.
    pub key: Option<SecretString>,
    /// The model that is asked where a request names none of its own.
    pub model: String,
    /// Most time for an answer to begin.
    pub timeout: Duration,
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
        if let Some(fields) = body
            .as_object_mut()
            .filter(|fields| fields.get("model").is_none_or(Value::is_null))
        {
            fields.insert("model".to_owned(), self.settings.model.clone().into());
        }
        let text = body.to_string();
        let request = self
            .client
            .post(self.url(path))
            .header(header::CONTENT_TYPE, "application/json")
            .body(text);
        self.send(request).await
    }

    /// The endpoint's models.
    pub(crate) async fn models(&self) -> Result<Response, ApiError> {
        self.send(self.client.get(self.url("models"))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.settings.base_url.trim_end_matches('/'))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Response, ApiError> {
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
        return Err(bad_gateway("the model's endpoint failed; the server's log says how"));
    }
    Ok(())
}

fn bad_gateway(message: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_GATEWAY, "server_error", "bad_gateway", message)
}
