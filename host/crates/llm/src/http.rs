//! A provider reached over HTTP.

mod connection;
mod reading;
mod refusal;
mod retry_after;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Response, Url};

use crate::chat::declined_by_filter;
use crate::wire::{ProviderCapabilities, Wire, anthropic::Anthropic, openai::Openai};
use crate::{ChatAnswer, ChatProvider, ChatRequest, LlmError, Protocol, ProviderFault, ProviderSettings, Secret};

use crate::secret::read_key;
use connection::{build_client, innermost, shown_url};
use reading::Body;
use refusal::Refusal;

/// Redirects of one request that are followed.
const MAX_REDIRECTS: usize = 3;
/// How much of what a server says is quoted, in characters.
const QUOTE: usize = 300;

/// A chat provider over HTTP.
pub struct HttpProvider {
    /// Name in the profile.
    name: String,
    settings: ProviderSettings,
    key: Option<Secret>,
    /// Everything that must not be shown: the key, header values, the proxy's password.
    secrets: Vec<Secret>,
    wire: Box<dyn Wire>,
    client: reqwest::Client,
    /// Where to post; the likeliest first.
    places: Vec<Url>,
    /// The place that answered.
    place: AtomicUsize,
    capabilities: Mutex<ProviderCapabilities>,
}

impl HttpProvider {
    /// Reads the key and prepares the connection pool; nothing is sent yet.
    ///
    /// # Errors
    /// [`LlmError::Key`] for a missing key, [`LlmError::Settings`] for a URL, proxy, CA file or header that cannot be used.
    pub fn new(name: &str, settings: ProviderSettings) -> Result<Self, LlmError> {
        let wrong = |message: String| LlmError::Settings {
            provider: name.to_owned(),
            message,
        };
        let wire: Box<dyn Wire> = match settings.kind {
            Protocol::Openai => Box::new(Openai),
            Protocol::Anthropic => Box::new(Anthropic),
            Protocol::Local => return Err(wrong("a local model is not reached over HTTP".to_owned())),
        };
        let places = places(wire.as_ref(), &settings.base_url).map_err(wrong)?;
        let key = read_key(name, settings.key_env.as_deref(), settings.key_file.as_deref())?;
        let client = build_client(&settings).map_err(wrong)?;
        let mut headers = settings.headers.clone();
        for (header, variable) in &settings.headers_env {
            if let Some(value) = read_key(name, Some(variable), None)? {
                headers.insert(header.clone(), value.expose().to_owned());
            }
        }
        let secrets = secrets(&settings, &headers, key.as_ref());
        let settings = ProviderSettings { headers, ..settings };
        Ok(Self {
            name: name.to_owned(),
            key,
            secrets,
            wire,
            client,
            places,
            place: AtomicUsize::new(0),
            capabilities: Mutex::new(ProviderCapabilities::new(settings.structured)),
            settings,
        })
    }

    fn capabilities(&self) -> ProviderCapabilities {
        *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what a server or the transport said safe to show: no key, no header, bounded length, one line.
    fn quote(&self, text: &str) -> String {
        let text = self
            .secrets
            .iter()
            .fold(text.to_owned(), |text, secret| secret.redact(&text));
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = words.join(" ");
        match line.char_indices().nth(QUOTE) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    fn transport_fault(&self, error: reqwest::Error) -> ProviderFault {
        let cause = self.quote(&innermost(&error));
        let reason = if error.is_timeout() {
            "no whole answer in time (request_timeout_ms)".to_owned()
        } else if error.is_connect() {
            let advice = if cause.contains("certificate") {
                "; name the certificate authority in `ca`"
            } else {
                ""
            };
            format!(
                "cannot connect to {}: {cause}{advice}",
                shown_url(&self.settings.base_url)
            )
        } else {
            format!("the connection broke: {}", self.quote(&innermost(&error.without_url())))
        };
        ProviderFault::passing(reason)
    }

    /// Posts to the place that answered before, and where none is known to the next place as long as the server knows no such path.
    async fn send(
        &self,
        request: &ChatRequest,
        idempotency_key: &str,
        capabilities: ProviderCapabilities,
    ) -> Result<Result<Response, Refusal>, ProviderFault> {
        let body = self.wire.body(&self.settings, request, capabilities);
        let mut missing: Option<Refusal> = None;
        for index in self.place.load(Ordering::Relaxed)..self.places.len() {
            let response = self.post(&self.places[index], &body, idempotency_key).await?;
            if response.status().is_success() {
                self.place.store(index, Ordering::Relaxed);
                return Ok(Ok(response));
            }
            let refusal = Refusal::read(response).await;
            if !matches!(refusal.status, 404 | 405) {
                return Ok(Err(refusal));
            }
            // Of two places that are not there, the one that can say why is the right one.
            missing = match missing {
                Some(first) if first.api_error.is_some() || refusal.api_error.is_none() => Some(first),
                _ => Some(refusal),
            };
        }
        missing
            .map(Err)
            .ok_or_else(|| ProviderFault::Final("there is no place to post to".to_owned()))
    }

    /// Posts once, following redirects within the server.
    async fn post(
        &self,
        place: &Url,
        body: &serde_json::Value,
        idempotency_key: &str,
    ) -> Result<Response, ProviderFault> {
        let mut place = place.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut call = self
                .client
                .post(place.clone())
                .header("idempotency-key", idempotency_key);
            for (name, value) in self.wire.headers(self.key.as_ref().map(Secret::expose)) {
                if !self.settings.headers.keys().any(|own| own.eq_ignore_ascii_case(name)) {
                    call = call.header(name, value);
                }
            }
            for (name, value) in &self.settings.headers {
                call = call.header(name, value);
            }
            let response = call
                .json(body)
                .send()
                .await
                .map_err(|error| self.transport_fault(error))?;
            if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let Some(next) = target.and_then(|target| place.join(target).ok()) else {
                return Ok(response);
            };
            // The key goes to nobody but the host that the profile names.
            if next.host_str() != place.host_str() {
                return Err(ProviderFault::Final(format!(
                    "the server sends requests on to {}; set base_url to that if it is to be trusted",
                    shown_url(next.as_str())
                )));
            }
            place = next;
        }
        Err(ProviderFault::Final(format!(
            "more than {MAX_REDIRECTS} redirects; correct base_url"
        )))
    }

    async fn read(&self, response: Response) -> Result<ChatAnswer, ProviderFault> {
        let of_events = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.contains("event-stream"));
        let body = Body {
            wire: self.wire.as_ref(),
            idle_timeout: Duration::from_millis(self.settings.idle_timeout_ms),
        };
        body.read(response, of_events).await.map_err(|broken| match broken {
            reading::Broken::Transport(error) => self.transport_fault(error),
            reading::Broken::Fault(fault) => fault,
        })
    }

    /// Names the provider in a fault and takes out what must not be shown.
    fn named(&self, fault: ProviderFault) -> ProviderFault {
        let named = |message: &str| format!("{}: {}", self.name, self.quote(message));
        match fault {
            ProviderFault::Final(message) => ProviderFault::Final(named(&message)),
            ProviderFault::Denied(message) => ProviderFault::Denied(named(&message)),
            ProviderFault::Passing {
                message,
                retry_after,
                overloaded,
            } => ProviderFault::Passing {
                message: named(&message),
                retry_after,
                overloaded,
            },
        }
    }

    /// Sends, asking for less as long as the server declines what it does not understand.
    async fn ask(&self, request: &ChatRequest, idempotency_key: &str) -> Result<ChatAnswer, ProviderFault> {
        loop {
            let capabilities = self.capabilities();
            let refusal = match self.send(request, idempotency_key, capabilities).await? {
                Ok(response) => return self.read(response).await,
                Err(refusal) => refusal,
            };
            if let Some(simpler) = refusal.simpler(capabilities, request) {
                tracing::debug!(provider = self.name, ?simpler, "asking more simply");
                *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner) = simpler;
                continue;
            }
            return match refusal.filtered() {
                Some(message) => Ok(declined_by_filter(self.quote(message))),
                None => Err(refusal.into_fault(&shown_url(&self.settings.base_url))),
            };
        }
    }
}

#[async_trait]
impl ChatProvider for HttpProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    async fn complete(&self, request: &ChatRequest, idempotency_key: &str) -> Result<ChatAnswer, ProviderFault> {
        self.ask(request, idempotency_key)
            .await
            .map_err(|fault| self.named(fault))
    }
}

/// Everything of the settings that must not be shown. Short values are no secrets, and taking them out would garble messages.
fn secrets(
    settings: &ProviderSettings,
    headers: &std::collections::BTreeMap<String, String>,
    key: Option<&Secret>,
) -> Vec<Secret> {
    let password = |url: &str| Url::parse(url).ok()?.password().map(Secret::new);
    let proxy = settings.proxy.as_deref().and_then(password);
    let mut secrets: Vec<Secret> = key.cloned().into_iter().chain(proxy).collect();
    secrets.extend(password(&settings.base_url));
    for value in headers.values() {
        let bare = value.rsplit(' ').next().unwrap_or(value);
        secrets.extend([value.as_str(), bare].map(Secret::new));
    }
    secrets.retain(|secret| secret.expose().chars().count() >= 6);
    secrets
}

/// URLs to post to.
fn places(wire: &dyn Wire, base_url: &str) -> Result<Vec<Url>, String> {
    if base_url.is_empty() {
        return Err("base_url is not set".to_owned());
    }
    let base = Url::parse(base_url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("base_url is not an http or https URL: `{}`", shown_url(base_url)))?;
    let paths = wire.paths(base.path());
    Ok(paths
        .into_iter()
        .map(|path| {
            let mut place = base.clone();
            place.set_path(&path);
            place
        })
        .collect())
}

/// `text` as JSON.
fn json_of(body: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)).ok()
}
