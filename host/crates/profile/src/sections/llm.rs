//! `[llm]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Options;

/// Protocol a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolKind {
    /// OpenAI-compatible chat completions.
    #[default]
    Openai,
    /// Anthropic messages.
    Anthropic,
}

/// How a provider is made to answer in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StructuredOutput {
    /// The JSON schema goes with the request.
    #[default]
    Schema,
    /// JSON mode.
    Json,
    /// The prompt alone.
    Prompt,
}

/// Sampling; what is unset is left to the provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingSettings {
    /// Temperature.
    pub temperature: Option<f32>,
    /// Nucleus mass.
    pub top_p: Option<f32>,
    /// Penalty on tokens by how often they occurred.
    pub frequency_penalty: Option<f32>,
    /// Penalty on tokens that occurred.
    pub presence_penalty: Option<f32>,
    /// Seed.
    pub seed: Option<i64>,
}

/// Price per million tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriceSettings {
    /// Per million input tokens.
    pub input: f64,
    /// Per million output tokens.
    pub output: f64,
}

/// Rate limits of a provider; 0 is unlimited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateSettings {
    /// Requests in flight.
    pub concurrency: u32,
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Tokens per minute, input and output together.
    pub tokens_per_minute: u32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            requests_per_minute: 0,
            tokens_per_minute: 0,
        }
    }
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderSettings {
    /// Protocol.
    pub kind: ProtocolKind,
    /// The part of the URL before `/chat/completions` or `/v1/messages`.
    pub base_url: String,
    /// Model as the provider names it.
    pub model: String,
    /// Environment variable that holds the key.
    pub key_env: Option<String>,
    /// File that holds the key.
    pub key_file: Option<PathBuf>,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// Proxy URL (`http`, `https` or `socks5`).
    pub proxy: Option<String>,
    /// PEM file of a certificate authority trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// Longest wait for a connection, milliseconds.
    pub connect_timeout_ms: u64,
    /// Longest wait for a whole answer, milliseconds.
    pub request_timeout_ms: u64,
    /// Longest silence within a streamed answer, milliseconds.
    pub idle_timeout_ms: u64,
    /// Ask for streamed answers.
    pub stream: bool,
    /// Sampling.
    pub sampling: SamplingSettings,
    /// Cap on output tokens of one answer.
    pub max_tokens: u32,
    /// How it is made to answer in JSON.
    pub structured: StructuredOutput,
    /// Further fields of the request body, such as reasoning and thinking switches, as the provider spells them.
    pub body: Options,
    /// Price.
    pub price: PriceSettings,
    /// Rate limits.
    pub rate: RateSettings,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            kind: ProtocolKind::default(),
            base_url: String::new(),
            model: String::new(),
            key_env: None,
            key_file: None,
            headers: BTreeMap::new(),
            proxy: None,
            ca: None,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 300_000,
            idle_timeout_ms: 60_000,
            stream: false,
            sampling: SamplingSettings::default(),
            max_tokens: 4_096,
            structured: StructuredOutput::default(),
            body: Options::new(),
            price: PriceSettings::default(),
            rate: RateSettings::default(),
        }
    }
}

/// Hard caps; what is unset is not capped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapSettings {
    /// Input and output tokens together.
    pub tokens: Option<u64>,
    /// Money, in the currency of the prices.
    pub cost: Option<f64>,
}

/// Language model providers and what they may cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LlmSettings {
    /// Provider that answers.
    pub provider: String,
    /// Providers tried after it, in order.
    pub fallback: Vec<String>,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Caps of the whole run.
    pub budget: CapSettings,
    /// Caps per stage: `plan`, `generate`.
    pub stage_budgets: BTreeMap<String, CapSettings>,
    /// Attempts per request and provider.
    pub attempts: u32,
    /// Answer store; unset: `llm.sqlite` in the run folder.
    pub cache: Option<PathBuf>,
    /// Answer from the store alone.
    pub offline: bool,
}

impl Default for LlmSettings {
    fn default() -> Self {
        Self {
            provider: String::new(),
            fallback: Vec::new(),
            providers: BTreeMap::new(),
            budget: CapSettings::default(),
            stage_budgets: BTreeMap::new(),
            attempts: 5,
            cache: None,
            offline: false,
        }
    }
}

impl LlmSettings {
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let named = std::iter::once((&self.provider, "llm.provider"))
            .chain(self.fallback.iter().map(|name| (name, "llm.fallback")));
        for (name, key) in named {
            if !name.is_empty() && !self.providers.contains_key(name) {
                return Err((key.into(), format!("there is no [llm.providers.{name}] section")));
            }
        }
        Ok(())
    }
}
