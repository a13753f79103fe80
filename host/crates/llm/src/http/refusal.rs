//! A response whose status is no success.

use std::time::Duration;

use reqwest::Response;

use super::json_of;
use super::retry_after::retry_after;
use crate::api_error::ApiError;
use crate::wire::ProviderCapabilities;
use crate::{ChatRequest, ProviderFault};

/// How much of a body without a message is kept, in bytes.
const KEPT: usize = 2_000;

/// What a server said instead of an answer.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    retry_after: Option<Duration>,
    pub api_error: Option<ApiError>,
    text: String,
}

impl Refusal {
    /// Reads the body as far as it comes.
    pub async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = response.bytes().await.unwrap_or_default();
        let api_error = json_of(&body).and_then(|body| ApiError::read(&body));
        let text = String::from_utf8_lossy(&body[..body.len().min(KEPT)]);
        Self {
            status,
            retry_after,
            api_error,
            text: without_tags(&text),
        }
    }

    fn message(&self) -> &str {
        self.api_error
            .as_ref()
            .map_or(&self.text, |api_error| &api_error.message)
    }

    /// What is left to ask for, when the server declined a capability rather than the request.
    pub fn simpler(&self, capabilities: ProviderCapabilities, request: &ChatRequest) -> Option<ProviderCapabilities> {
        if !matches!(self.status, 400 | 404 | 422 | 500 | 501) {
            return None;
        }
        let api_error = self.api_error.as_ref()?;
        capabilities.after(api_error, request)
    }

    /// What a filter of the provider said when it declined the prompt.
    pub fn filtered(&self) -> Option<&str> {
        let api_error = self.api_error.as_ref()?;
        (matches!(self.status, 400 | 403 | 422) && api_error.is_filtered()).then_some(&api_error.message)
    }

    /// What follows from it: another try, or another provider.
    pub fn into_fault(self, base_url: &str) -> ProviderFault {
        let unpaid = self.api_error.as_ref().is_some_and(ApiError::is_unpaid);
        let passing = matches!(self.status, 408 | 409 | 425 | 429 | 500..=599) && !(unpaid && self.status < 500);
        let mut message = format!("HTTP {}", self.status);
        if !self.message().trim().is_empty() {
            message = format!("{message}: {}", self.message().trim());
        }
        if passing {
            return ProviderFault::Passing {
                message,
                retry_after: self.retry_after,
                overloaded: self.status == 429 || self.status >= 500,
            };
        }
        let advice = match self.status {
            401 | 403 => "check the key and what it may do",
            402 | 429 => "the account has no credit left",
            404 | 405 => "check base_url and model",
            413 => "the prompt is too large; lower plan.options.page_tokens or generate.options.schema_tokens",
            300..=399 => "the server sends requests elsewhere; correct base_url",
            _ => return ProviderFault::Final(message),
        };
        let message = format!("{message} ({advice}; the server is {base_url})");
        match self.status {
            401..=403 | 429 => ProviderFault::Denied(message),
            _ => ProviderFault::Final(message),
        }
    }
}

/// The words of an HTML page; other text as it is.
fn without_tags(text: &str) -> String {
    if !text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let mut words = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            _ if inside => {}
            c => words.push(c),
        }
    }
    words
}
