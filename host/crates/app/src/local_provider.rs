//! A model on this machine as a provider of the LLM stages, under the same interface as one behind a URL.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nl2sql_inference::Sampling;
use nl2sql_llm::{ChatAnswer, ChatProvider, ChatRequest, LlmError, ProviderFault, ProviderSettings, without_schema};
use nl2sql_model::templates::{ChatMessage, resolve_template};

use crate::diagnostic::advised;
use crate::local_model::{LocalModel, LocalModelSettings, Question, finish_reason};
use crate::local_models::LocalModels;
use crate::{off_runtime, weights_identity};

/// Least room for an answer, in tokens.
const LEAST_ROOM: usize = 64;

type Answer = Result<ChatAnswer, ProviderFault>;

/// The provider. The model is loaded when the first question comes that no earlier answer meets.
pub struct LocalProvider {
    /// Name in the profile.
    name: String,
    settings: ProviderSettings,
    weights: LocalModelSettings,
    models: LocalModels,
    /// The model, once it is loaded.
    model: Mutex<Option<Arc<LocalModel>>>,
}

impl LocalProvider {
    /// A provider over a model folder. Its `model` setting becomes the folder's identity, so that answers of other weights are not taken for its own.
    ///
    /// # Errors
    /// [`LlmError::Settings`] when the folder holds no model or the template is unknown.
    pub fn new(
        name: &str,
        settings: ProviderSettings,
        weights: LocalModelSettings,
        models: LocalModels,
    ) -> Result<Self, LlmError> {
        let wrong = |message: String| LlmError::Settings {
            provider: name.to_owned(),
            message,
        };
        let identity = weights_identity::of(&weights.model, weights.adapter.as_deref()).map_err(wrong)?;
        resolve_template(&weights.template, &weights.model).map_err(|error| wrong(advised(&error)))?;
        let label = weights.model.file_name().unwrap_or_default().to_string_lossy();
        let settings = ProviderSettings {
            model: format!("{label}@{identity}"),
            ..settings
        };
        Ok(Self {
            name: name.to_owned(),
            settings,
            weights,
            models,
            model: Mutex::default(),
        })
    }
}

#[async_trait]
impl ChatProvider for LocalProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    async fn complete(&self, request: &ChatRequest, idempotency_key: &str) -> Answer {
        let seed = idempotency_key
            .get(..16)
            .and_then(|hex| u64::from_str_radix(hex, 16).ok())
            .unwrap_or_default();
        let model = self.model().await?;
        let question = self.question(&model, request, seed)?;
        let generation = model.submit(question).map_err(|error| self.fault(advised(&error)))?;
        let completion = generation.completion().await;
        let completion = completion.map_err(|error| self.fault(advised(error.as_ref())))?;
        Ok(ChatAnswer {
            content: completion.text.trim().to_owned(),
            finish_reason: finish_reason(completion.finish),
            input_tokens: completion.prompt_tokens as u32,
            output_tokens: completion.tokens.len().max(1) as u32,
        })
    }
}

impl LocalProvider {
    /// The model, which the first caller loads; the others wait.
    async fn model(&self) -> Result<Arc<LocalModel>, ProviderFault> {
        let known = || self.model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*known() {
            return Ok(model.clone());
        }
        let (models, weights) = (self.models.clone(), self.weights.clone());
        let loaded = off_runtime(move || models.get(&weights)).await;
        let model = loaded.map_err(|error| self.fault(advised(&error)))?;
        *known() = Some(model.clone());
        Ok(model)
    }

    /// The prompt in tokens, with as much room for the answer as the model's context leaves.
    fn question(&self, model: &LocalModel, request: &ChatRequest, seed: u64) -> Result<Question, ProviderFault> {
        let (system, turns) = turns(request);
        let prompt = model
            .encode(&system, &turns)
            .map_err(|error| self.fault(advised(&error)))?;
        let room = model.context().saturating_sub(prompt.len());
        if room < LEAST_ROOM {
            return Err(self.fault(format!(
                "the prompt for {} has {} tokens, and the model's context ends at {}; lower plan.options.page_tokens and \
                 generate.options.schema_tokens, or choose a model with a longer context",
                request.purpose,
                prompt.len(),
                model.context()
            )));
        }
        let sampling = &self.settings.sampling;
        Ok(Question {
            prompt,
            constraint: None,
            max_new_tokens: (request.max_tokens.unwrap_or(self.settings.max_tokens) as usize).min(room),
            sampling: Sampling {
                temperature: request.temperature.or(sampling.temperature).unwrap_or(0.0),
                top_p: sampling.top_p.unwrap_or(1.0),
                seed: sampling.seed.map_or(seed, |own| seed ^ own.unsigned_abs()),
                ..Sampling::GREEDY
            },
        })
    }

    fn fault(&self, message: String) -> ProviderFault {
        ProviderFault::Final(format!("{}: {message}", self.name))
    }
}

/// System text and turns, the schema spelled out since nothing else holds the model to it.
fn turns(request: &ChatRequest) -> (String, Vec<ChatMessage>) {
    let (system, rest) = without_schema(request);
    let turns = rest
        .iter()
        .map(|message| match message.role {
            nl2sql_llm::Role::Assistant => ChatMessage::assistant(&message.content),
            _ => ChatMessage::user(&message.content),
        })
        .collect();
    (system, turns)
}
