//! How one provider is reached and asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{LlmError, Secret};

/// The protocol a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// `POST {base_url}/chat/completions`: OpenAI, DeepSeek, Qwen/DashScope, vLLM, Ollama, LM Studio.
    #[default]
    Openai,
    /// `POST {base_url}/v1/messages`: Anthropic.
    Anthropic,
    /// A model in this process, behind a [`ChatProvider`](crate::ChatProvider) of the host's.
    Local,
}

/// How a provider is made to answer in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructuredOutput {
    /// The JSON schema goes with the request.
    #[default]
    Schema,
    /// JSON mode: any JSON object; the schema is spelled out in the prompt.
    Json,
    /// Nothing but the prompt.
    Prompt,
}

/// Where an API key comes from. Keys themselves are never part of any settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// No key: a local server.
    #[default]
    None,
    /// Name of an environment variable.
    Env(String),
    /// A file that holds the key alone.
    File(PathBuf),
}

impl KeySource {
    /// Reads the key.
    ///
    /// # Errors
    /// [`LlmError::Key`] when the variable is unset or empty, or the file cannot be read.
    pub fn read(&self, provider: &str) -> Result<Option<Secret>, LlmError> {
        let (origin, value) = match self {
            Self::None => return Ok(None),
            Self::Env(name) => (format!("the environment variable {name}"), std::env::var(name).ok()),
            Self::File(path) => (
                format!("the file {}", path.display()),
                std::fs::read_to_string(path).ok(),
            ),
        };
        match value.map(Secret::new) {
            Some(key) if !key.expose().is_empty() => Ok(Some(key)),
            _ => Err(LlmError::Key {
                provider: provider.to_owned(),
                origin,
            }),
        }
    }
}

/// Sampling sent with every request unless the request says otherwise; what is `None` is left to the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sampling {
    /// Temperature.
    pub temperature: Option<f32>,
    /// Nucleus mass.
    pub top_p: Option<f32>,
    /// Penalty on tokens by how often they occurred (OpenAI protocol).
    pub frequency_penalty: Option<f32>,
    /// Penalty on tokens that occurred (OpenAI protocol).
    pub presence_penalty: Option<f32>,
    /// Seed (OpenAI protocol).
    pub seed: Option<i64>,
}

/// Price per million tokens, in whatever currency the budget is kept in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Per million input tokens.
    pub input: f64,
    /// Per million output tokens.
    pub output: f64,
}

impl Price {
    /// Cost of one exchange.
    pub fn of(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        (input_tokens as f64 * self.input + output_tokens as f64 * self.output) / 1e6
    }
}

/// What a provider allows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimits {
    /// Most requests in flight.
    pub concurrency: u32,
    /// Requests per minute; 0 is unlimited.
    pub requests_per_minute: u32,
    /// Tokens per minute, input and expected output together; 0 is unlimited.
    pub tokens_per_minute: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            concurrency: 8,
            requests_per_minute: 0,
            tokens_per_minute: 0,
        }
    }
}

/// Everything about one provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProviderSettings {
    /// Name in the profile.
    pub name: String,
    /// Protocol.
    pub protocol: Protocol,
    /// Base URL: the part before `/chat/completions` or `/v1/messages`, with or without `/v1`.
    pub base_url: String,
    /// Model name as the provider knows it.
    pub model: String,
    /// Where the key comes from.
    pub key: KeySource,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// Further headers whose values are secrets.
    pub secret_headers: BTreeMap<String, KeySource>,
    /// Proxy URL (`http`, `https` or `socks5`); `none` passes over the environment's.
    pub proxy: Option<String>,
    /// PEM file of a CA to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one whole answer.
    pub request_timeout: Duration,
    /// Longest silence within the body of an answer.
    pub idle_timeout: Duration,
    /// Ask for a streamed answer, so that long ones are not cut by idle proxies.
    pub stream: bool,
    /// Sampling.
    pub sampling: Sampling,
    /// Cap on output tokens.
    pub max_tokens: u32,
    /// Structured output.
    pub structured: StructuredOutput,
    /// Further fields for the request body: reasoning and thinking switches and the like, as the provider spells them. They have the last word;
    /// an empty text takes a field out.
    pub extra_body: serde_json::Map<String, serde_json::Value>,
    /// Price.
    pub price: Price,
    /// Limits.
    pub limits: RateLimits,
}

impl ProviderSettings {
    /// A provider with every setting but the required ones at its default.
    pub fn new(name: &str, protocol: Protocol, base_url: &str, model: &str) -> Self {
        Self {
            name: name.to_owned(),
            protocol,
            base_url: base_url.to_owned(),
            model: model.to_owned(),
            key: KeySource::None,
            headers: BTreeMap::new(),
            secret_headers: BTreeMap::new(),
            proxy: None,
            ca_file: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(60),
            stream: false,
            sampling: Sampling::default(),
            max_tokens: 4096,
            structured: StructuredOutput::default(),
            extra_body: serde_json::Map::new(),
            price: Price::default(),
            limits: RateLimits::default(),
        }
    }
}
