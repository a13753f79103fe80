//! A provider reached over HTTP.

use std::sync::Once;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use futures::StreamExt;
use reqwest::{Response, StatusCode, header::HeaderMap};

use crate::sse::EventSplitter;
use crate::wire::{PartialAnswer, Wire, anthropic::Anthropic, openai::Openai};
use crate::{ChatAnswer, ChatProvider, ChatRequest, LlmError, Protocol, ProviderFault, ProviderSettings, Secret};

/// Largest response body that is read, in bytes; more is no chat answer.
const BODY_CAP: usize = 16 << 20;
/// How much of an error body is quoted, in characters.
const QUOTE: usize = 300;

/// A chat provider over HTTP.
pub struct HttpProvider {
    settings: ProviderSettings,
    key: Option<Secret>,
    wire: Box<dyn Wire>,
    client: reqwest::Client,
}

impl HttpProvider {
    /// Reads the key and prepares the connection pool; nothing is sent yet.
    ///
    /// # Errors
    /// [`LlmError::Key`] for a missing key, [`LlmError::Settings`] for a proxy, CA file or header that cannot be used.
    pub fn new(settings: ProviderSettings) -> Result<Self, LlmError> {
        let key = settings.key.read(&settings.name)?;
        let client = build_client(&settings).map_err(|message| LlmError::Settings {
            provider: settings.name.clone(),
            message,
        })?;
        let wire: Box<dyn Wire> = match settings.protocol {
            Protocol::Openai => Box::new(Openai),
            Protocol::Anthropic => Box::new(Anthropic),
        };
        Ok(Self {
            settings,
            key,
            wire,
            client,
        })
    }

    /// Makes what a server or the transport said safe to show: no key, no URL with credentials, bounded length.
    fn quote(&self, text: &str) -> String {
        let text = self
            .key
            .as_ref()
            .map_or_else(|| text.to_owned(), |key| key.redact(text));
        text.chars().take(QUOTE).collect()
    }

    fn transport_fault(&self, error: reqwest::Error) -> ProviderFault {
        let reason = if error.is_timeout() {
            "timed out".to_owned()
        } else if error.is_connect() {
            format!("cannot connect to {}", self.settings.base_url)
        } else {
            self.quote(&innermost(&error.without_url()))
        };
        ProviderFault::passing(format!("{}: {reason}", self.settings.name))
    }

    async fn status_fault(&self, response: Response) -> ProviderFault {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let body = response.text().await.unwrap_or_default();
        let message = format!(
            "{}: HTTP {}: {}",
            self.settings.name,
            status.as_u16(),
            self.quote(body.trim())
        );
        let overloaded = matches!(status.as_u16(), 429 | 503 | 529);
        if overloaded
            || status.is_server_error()
            || status == StatusCode::REQUEST_TIMEOUT
            || status == StatusCode::CONFLICT
        {
            ProviderFault::Passing {
                message,
                retry_after,
                overloaded,
            }
        } else {
            ProviderFault::Final(message)
        }
    }

    async fn whole_answer(&self, response: Response) -> Result<ChatAnswer, ProviderFault> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk.map_err(|error| self.transport_fault(error))?);
            if body.len() > BODY_CAP {
                return Err(ProviderFault::Final(format!(
                    "{}: the answer is larger than {BODY_CAP} bytes",
                    self.settings.name
                )));
            }
        }
        let json = serde_json::from_slice(&body).map_err(|error| {
            ProviderFault::passing(format!("{}: the answer is not JSON: {error}", self.settings.name))
        })?;
        self.wire.answer(&json)
    }

    async fn streamed_answer(&self, response: Response) -> Result<ChatAnswer, ProviderFault> {
        let mut chunks = response.bytes_stream();
        let mut splitter = EventSplitter::default();
        let mut partial = PartialAnswer::default();
        loop {
            let silence = || ProviderFault::passing(format!("{}: the stream stalled", self.settings.name));
            let chunk = tokio::time::timeout(self.settings.idle_timeout, chunks.next())
                .await
                .map_err(|_| silence())?;
            let Some(chunk) = chunk else { return partial.finish() };
            for payload in splitter.push(&chunk.map_err(|error| self.transport_fault(error))?) {
                if payload == "[DONE]" {
                    return partial.finish();
                }
                let event = serde_json::from_str(&payload).map_err(|error| {
                    ProviderFault::passing(format!("{}: garbled event: {error}", self.settings.name))
                })?;
                self.wire.fold(&mut partial, &event)?;
            }
            if partial.content.len() > BODY_CAP {
                return Err(ProviderFault::Final(format!(
                    "{}: the answer is larger than {BODY_CAP} bytes",
                    self.settings.name
                )));
            }
        }
    }
}

#[async_trait]
impl ChatProvider for HttpProvider {
    fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    async fn complete(&self, request: &ChatRequest, idempotency_key: &str) -> Result<ChatAnswer, ProviderFault> {
        let mut call = self
            .client
            .post(self.wire.url(&self.settings))
            .header("idempotency-key", idempotency_key);
        for (name, value) in self.wire.headers(self.key.as_ref().map(Secret::expose)) {
            call = call.header(name, value);
        }
        for (name, value) in &self.settings.headers {
            call = call.header(name, value);
        }
        let response = call
            .json(&self.wire.body(&self.settings, request))
            .send()
            .await
            .map_err(|error| self.transport_fault(error))?;
        if !response.status().is_success() {
            return Err(self.status_fault(response).await);
        }
        if self.settings.stream {
            self.streamed_answer(response).await
        } else {
            self.whole_answer(response).await
        }
    }
}

fn build_client(settings: &ProviderSettings) -> Result<reqwest::Client, String> {
    static TLS: Once = Once::new();
    // A second provider of cryptography may be installed by another part of the program; either serves.
    TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut builder = reqwest::Client::builder()
        .connect_timeout(settings.connect_timeout)
        .timeout(settings.request_timeout)
        .user_agent(concat!("nl2sql/", env!("CARGO_PKG_VERSION")));
    if let Some(proxy) = &settings.proxy {
        builder = builder.proxy(
            reqwest::Proxy::all(proxy)
                .map_err(|error| format!("the proxy URL cannot be used: {}", innermost(&error)))?,
        );
    }
    if let Some(path) = &settings.ca_file {
        let pem =
            std::fs::read(path).map_err(|error| format!("the CA file {} cannot be read: {error}", path.display()))?;
        let certificate = reqwest::Certificate::from_pem(&pem)
            .map_err(|_| format!("the CA file {} is not a PEM certificate", path.display()))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| innermost(&error))
}

/// The last cause of an error, which is where the transport says what happened.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3), or Anthropic's and OpenAI's millisecond form.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|value| value.parse::<u64>().ok()) {
        return Some(Duration::from_millis(millis));
    }
    let value = text("retry-after")?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}
