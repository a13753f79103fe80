//! `[llm]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Options, redact};

/// Protocol a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// OpenAI-compatible chat completions.
    #[default]
    Openai,
    /// Anthropic messages.
    Anthropic,
    /// A model in this process, read from a folder.
    Local,
}

/// How a provider is made to answer in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Price {
    /// Per million input tokens.
    pub input: f64,
    /// Per million output tokens.
    pub output: f64,
}

/// Rate limits of a provider; 0 is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    /// Requests in flight.
    pub concurrency: u32,
    /// Requests per minute.
    pub requests_per_minute: u32,
    /// Tokens per minute, input and output together.
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

/// One provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderSettings {
    /// Protocol.
    pub kind: Protocol,
    /// The part of the URL before `/chat/completions` or `/v1/messages`, with or without `/v1`.
    #[serde(serialize_with = "redact::url")]
    pub base_url: String,
    /// Model as the provider names it.
    pub model: String,
    /// Hugging Face folder of a local model; unset: `model.path`.
    pub path: Option<PathBuf>,
    /// PEFT folder of an adapter laid over a local model.
    pub adapter: Option<PathBuf>,
    /// Chat template of a local model; unset: `model.template`.
    pub template: Option<String>,
    /// Environment variable that holds the key.
    pub key_env: Option<String>,
    /// File that holds the key.
    pub key_file: Option<PathBuf>,
    /// Further headers. Values that are secrets belong in `headers_env`; where a name here looks like one, its value is written nowhere.
    #[serde(serialize_with = "redact::headers")]
    pub headers: BTreeMap<String, String>,
    /// Further headers, each with the environment variable that holds its value.
    pub headers_env: BTreeMap<String, String>,
    /// Proxy URL (`http`, `https` or `socks5`); `none` ignores the environment's.
    #[serde(serialize_with = "redact::optional_url")]
    pub proxy: Option<String>,
    /// PEM file of a certificate authority trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// Time limit for connecting, milliseconds.
    pub connect_timeout_ms: u64,
    /// Time limit for a whole answer, milliseconds.
    pub request_timeout_ms: u64,
    /// Maximum silence within the body of an answer, milliseconds.
    pub idle_timeout_ms: u64,
    /// Ask for streamed answers.
    pub stream: bool,
    /// Sampling.
    pub sampling: Sampling,
    /// Cap on output tokens of one answer.
    pub max_tokens: u32,
    /// How it is made to answer in JSON.
    pub structured: StructuredOutput,
    /// Further fields of the request body, such as reasoning and thinking switches, as the provider spells them.
    pub body: Options,
    /// Price; a model that costs nothing has one of 0.
    pub price: Option<Price>,
    /// Rate limits.
    pub rate: RateLimits,
}

impl Default for ProviderSettings {
    fn default() -> Self {
        Self {
            kind: Protocol::default(),
            base_url: String::new(),
            model: String::new(),
            path: None,
            adapter: None,
            template: None,
            key_env: None,
            key_file: None,
            headers: BTreeMap::new(),
            headers_env: BTreeMap::new(),
            proxy: None,
            ca: None,
            connect_timeout_ms: 10_000,
            request_timeout_ms: 300_000,
            idle_timeout_ms: 60_000,
            stream: false,
            sampling: Sampling::default(),
            max_tokens: 4_096,
            structured: StructuredOutput::default(),
            body: Options::new(),
            price: None,
            rate: RateLimits::default(),
        }
    }
}

/// Hard caps; what is unset is not capped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetCaps {
    /// Input and output tokens together.
    pub tokens: Option<u64>,
    /// Money, in the currency of the prices.
    pub cost: Option<f64>,
}

/// Language model providers and what they may cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LlmSettings {
    /// Provider that answers.
    pub provider: String,
    /// Providers tried after it, in order.
    pub fallback: Vec<String>,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderSettings>,
    /// Caps of the whole run.
    pub budget: BudgetCaps,
    /// Caps per stage: `plan`, `generate`.
    pub stage_budgets: BTreeMap<String, BudgetCaps>,
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
            budget: BudgetCaps::default(),
            stage_budgets: BTreeMap::new(),
            attempts: 8,
            cache: None,
            offline: false,
        }
    }
}

/// Stages that ask a language model.
const STAGES: [&str; 4] = ["plan", "generate", "validate", "predict"];

impl LlmSettings {
    /// The provider and its fallbacks, in the order they are asked.
    pub fn chain(&self) -> impl Iterator<Item = (&String, &ProviderSettings)> {
        std::iter::once(&self.provider)
            .chain(&self.fallback)
            .filter_map(|name| self.providers.get_key_value(name))
    }

    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let named = std::iter::once((&self.provider, "llm.provider"))
            .chain(self.fallback.iter().map(|name| (name, "llm.fallback")));
        for (name, key) in named {
            if !name.is_empty() && !self.providers.contains_key(name) {
                return Err((key.into(), format!("there is no [llm.providers.{name}] section")));
            }
        }
        for (name, provider) in self.chain() {
            provider.check(&format!("llm.providers.{name}"))?;
        }
        self.check_caps()
    }

    fn check_caps(&self) -> Result<(), (String, String)> {
        let run = std::iter::once(("llm.budget".to_owned(), &self.budget));
        let stages = self
            .stage_budgets
            .iter()
            .map(|(stage, caps)| (format!("llm.stage_budgets.{stage}"), caps));
        for (key, caps) in run.chain(stages) {
            if caps.cost.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
                return Err((format!("{key}.cost"), "a cap must not be negative".into()));
            }
            let unpriced = self.chain().find(|(_, provider)| provider.is_unpriced());
            if let (Some(_), Some((name, _))) = (caps.cost, unpriced) {
                let reason = format!(
                    "a cap on money needs prices: set input and output, per million tokens, in [llm.providers.{name}.price] (0 where nothing is paid)"
                );
                return Err((format!("{key}.cost"), reason));
            }
        }
        match self
            .stage_budgets
            .keys()
            .find(|stage| !STAGES.contains(&stage.as_str()))
        {
            Some(stage) => Err((
                format!("llm.stage_budgets.{stage}"),
                format!(
                    "no such stage asks a language model; those that do are {}",
                    STAGES.join(", ")
                ),
            )),
            None => Ok(()),
        }
    }
}

impl Price {
    /// Cost of one exchange.
    pub fn of(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        (input_tokens as f64 * self.input + output_tokens as f64 * self.output) / 1e6
    }
}

impl ProviderSettings {
    /// Cost of one exchange; 0 where no price is set.
    pub fn cost(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        self.price.unwrap_or_default().of(input_tokens, output_tokens)
    }

    /// Whether what it costs is not known; a model on this machine costs nothing.
    pub fn is_unpriced(&self) -> bool {
        self.price.is_none() && self.kind != Protocol::Local
    }

    fn check(&self, section: &str) -> Result<(), (String, String)> {
        let fail = |key: &str, reason: &str| Err((format!("{section}.{key}"), reason.to_owned()));
        let remote = self.kind != Protocol::Local;
        if remote && self.base_url.is_empty() {
            return fail("base_url", "it must be set, e.g. to https://api.example.com/v1");
        }
        if remote && self.model.is_empty() {
            return fail("model", "it must be set to a model as the provider names it");
        }
        if self.max_tokens == 0 {
            return fail("max_tokens", "an answer must be allowed at least one token");
        }
        if self.rate.concurrency == 0 {
            return fail("rate.concurrency", "at least one request must be allowed at a time");
        }
        if let Some(price) = &self.price
            && [price.input, price.output]
                .iter()
                .any(|price| !price.is_finite() || *price < 0.0)
        {
            return fail("price", "prices must not be negative");
        }
        Ok(())
    }
}
