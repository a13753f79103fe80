//! The service `llm` of plugins, over the providers of the profile.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nl2sql_llm::{
    AnswerStore, BudgetCaps, ChatProvider, ChatRequest, HttpProvider, KeySource, LlmClient, LlmClientBuilder, LlmError,
    Message, Price, Protocol, RateLimits, RetryPolicy, Role, Sampling, StructuredOutput,
};
use nl2sql_plugin_host::{ChatAnswer, ChatError, LlmService};
use nl2sql_profile::{CapSettings, LlmSettings, ProtocolKind, ProviderSettings};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// Chat requests of one stage.
pub struct StageLlm {
    client: Arc<LlmClient>,
    runtime: Handle,
    stage: &'static str,
}

impl StageLlm {
    /// The service for the plugins of one stage. Calls block, so they must not come from a thread of `runtime`.
    pub fn new(client: Arc<LlmClient>, runtime: Handle, stage: &'static str) -> Self {
        Self { client, runtime, stage }
    }

    fn request(&self, request: nl2sql_plugin_host::ChatRequest) -> Result<ChatRequest, ChatError> {
        let schema = request
            .schema
            .map(|schema| serde_json::from_str(&schema))
            .transpose()
            .map_err(|error| ChatError {
                code: "rejected".to_owned(),
                message: format!("the plugin's JSON schema is not JSON: {error}"),
            })?;
        Ok(ChatRequest {
            messages: request
                .messages
                .into_iter()
                .map(|message| Message {
                    role: role(&message.role),
                    content: message.content,
                })
                .collect(),
            schema,
            temperature: request.temperature,
            max_tokens: request.max_tokens,
            stage: self.stage.to_owned(),
            purpose: request.purpose,
            attempt: request.attempt,
        })
    }
}

impl LlmService for StageLlm {
    fn chat(&self, request: nl2sql_plugin_host::ChatRequest) -> Result<ChatAnswer, ChatError> {
        let request = self.request(request)?;
        answer(self.runtime.block_on(self.client.chat(&request)))
    }

    fn chat_all(&self, requests: Vec<nl2sql_plugin_host::ChatRequest>) -> Vec<Result<ChatAnswer, ChatError>> {
        let requests: Result<Vec<ChatRequest>, ChatError> =
            requests.into_iter().map(|request| self.request(request)).collect();
        match requests {
            Ok(requests) => self
                .runtime
                .block_on(self.client.chat_all(&requests))
                .into_iter()
                .map(answer)
                .collect(),
            Err(error) => vec![Err(error)],
        }
    }
}

fn answer(answer: Result<nl2sql_llm::ChatAnswer, LlmError>) -> Result<ChatAnswer, ChatError> {
    let answer = answer.map_err(|error| ChatError {
        code: error.code().to_owned(),
        message: error.to_string(),
    })?;
    Ok(ChatAnswer {
        finish_reason: answer.finish_reason.name().to_owned(),
        content: answer.content,
        input_tokens: answer.input_tokens,
        output_tokens: answer.output_tokens,
    })
}

fn role(name: &str) -> Role {
    match name {
        "system" => Role::System,
        "assistant" => Role::Assistant,
        _ => Role::User,
    }
}

/// The client of a run: the profile's chain of providers over its answer store.
///
/// # Errors
/// When the profile names no provider, a key is missing, or the store cannot be opened.
pub fn connect(
    settings: &LlmSettings,
    run: &str,
    run_folder: &Path,
    cancellation: CancellationToken,
) -> Result<LlmClient, LlmError> {
    let store = AnswerStore::open(settings.cache.as_deref().unwrap_or(&run_folder.join("llm.sqlite")))?;
    let chain = std::iter::once(&settings.provider)
        .chain(&settings.fallback)
        .filter(|name| !name.is_empty());
    let providers = chain
        .filter_map(|name| settings.providers.get_key_value(name))
        .map(|(name, provider)| open(name, provider, settings.offline))
        .collect::<Result<Vec<_>, _>>()?;
    let stages = settings
        .stage_budgets
        .iter()
        .map(|(stage, caps)| (stage.clone(), budget(caps)))
        .collect();
    LlmClientBuilder::new(run, store, providers)
        .budget(budget(&settings.budget), stages)
        .retry(RetryPolicy {
            tries: settings.attempts.max(1),
            ..RetryPolicy::default()
        })
        .offline(settings.offline)
        .cancellation(cancellation)
        .build()
}

/// Offline no key is needed: a recording can be replayed where there is none.
fn open(name: &str, provider: &ProviderSettings, offline: bool) -> Result<Box<dyn ChatProvider>, LlmError> {
    let mut settings = provider_settings(name, provider);
    if offline {
        settings.key = KeySource::None;
    }
    Ok(Box::new(HttpProvider::new(settings)?))
}

fn budget(caps: &CapSettings) -> BudgetCaps {
    BudgetCaps {
        tokens: caps.tokens,
        cost: caps.cost,
    }
}

/// The profile's words in those of the `llm` crate.
pub fn provider_settings(name: &str, provider: &ProviderSettings) -> nl2sql_llm::ProviderSettings {
    let protocol = match provider.kind {
        ProtocolKind::Openai => Protocol::Openai,
        ProtocolKind::Anthropic => Protocol::Anthropic,
    };
    let structured = match provider.structured {
        nl2sql_profile::StructuredOutput::Schema => StructuredOutput::Schema,
        nl2sql_profile::StructuredOutput::Json => StructuredOutput::Json,
        nl2sql_profile::StructuredOutput::Prompt => StructuredOutput::Prompt,
    };
    let sampling = &provider.sampling;
    nl2sql_llm::ProviderSettings {
        key: match (&provider.key_env, &provider.key_file) {
            (Some(name), _) => KeySource::Env(name.clone()),
            (None, Some(path)) => KeySource::File(path.clone()),
            (None, None) => KeySource::None,
        },
        headers: provider.headers.clone(),
        proxy: provider.proxy.clone(),
        ca_file: provider.ca.clone(),
        connect_timeout: Duration::from_millis(provider.connect_timeout_ms),
        request_timeout: Duration::from_millis(provider.request_timeout_ms),
        idle_timeout: Duration::from_millis(provider.idle_timeout_ms),
        stream: provider.stream,
        sampling: Sampling {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            frequency_penalty: sampling.frequency_penalty,
            presence_penalty: sampling.presence_penalty,
            seed: sampling.seed,
        },
        max_tokens: provider.max_tokens,
        structured,
        extra_body: provider.body.clone().into_iter().collect(),
        price: Price {
            input: provider.price.input,
            output: provider.price.output,
        },
        limits: RateLimits {
            concurrency: provider.rate.concurrency,
            requests_per_minute: provider.rate.requests_per_minute,
            tokens_per_minute: provider.rate.tokens_per_minute,
        },
        ..nl2sql_llm::ProviderSettings::new(name, protocol, &provider.base_url, &provider.model)
    }
}
