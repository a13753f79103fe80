//! Who answers the questions of a prediction run, and the settings that decide the answers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_evaluation::manifest::digest;
use nl2sql_evaluation::prediction::TextGenerator;
use nl2sql_evaluation::prediction_settings::PredictionSettings;
use nl2sql_llm::ProviderSettings;
use nl2sql_model::templates::{ChatTemplate, Thinking, resolve_template};
use nl2sql_profile::{CandidatesFor, without_password};
use serde_json::json;

use super::evaluation_context::EvaluationContext;
use crate::fleet::OfferedJob;
use crate::{AppError, Endpoint, PromptSettings, prompt_layout, weights_identity};

/// A model, and how it is asked.
pub(super) struct Answerer {
    source: Source,
    /// Template, system text and prompt layout.
    pub(super) prompts: PromptSettings,
}

/// What answers, and the job in which workers do.
pub(super) struct Answering {
    pub(super) generator: Box<dyn TextGenerator>,
    pub(super) job: Option<Arc<OfferedJob>>,
}

enum Source {
    /// A model folder on this machine with or without an adapter, and its chat template.
    Local {
        model: PathBuf,
        adapter: Option<PathBuf>,
        template: &'static ChatTemplate,
    },
    /// The profile's language model.
    Endpoint(Box<Endpoint>),
}

impl Answerer {
    /// A model on this machine. Nothing is loaded yet.
    pub(super) fn local(model: PathBuf, adapter: Option<&Path>, prompts: PromptSettings) -> Result<Self, AppError> {
        let template = resolve_template(&prompts.template, &model)?.template;
        let adapter = adapter.map(Path::to_owned);
        Ok(Self {
            source: Source::Local {
                model,
                adapter,
                template,
            },
            prompts,
        })
    }

    /// The profile's language model.
    pub(super) fn endpoint(context: &EvaluationContext<'_>) -> Result<Self, AppError> {
        Ok(Self {
            source: Source::Endpoint(Box::new(context.endpoint()?)),
            prompts: PromptSettings::of_profile(context.session().profile()),
        })
    }

    /// The adapter, where nothing says how it was trained.
    pub(super) fn unrecorded_adapter(&self) -> Option<&Path> {
        match &self.source {
            Source::Local { adapter, .. } if self.prompts.recorded_in.is_none() => adapter.as_deref(),
            _ => None,
        }
    }

    /// What answers: workers where there are some to ask, else a model on this machine, which is loaded now.
    pub(super) fn generator(self, context: &EvaluationContext<'_>) -> Result<Answering, AppError> {
        let here = |generator: Box<dyn TextGenerator>| Answering { generator, job: None };
        match (self.source, &context.fleet) {
            (Source::Endpoint(endpoint), _) => Ok(here(endpoint)),
            (Source::Local { model, adapter, .. }, Some(fleet)) => {
                let constrained = context.constrained_databases();
                let generator = fleet.generator(&model, adapter.as_deref(), &self.prompts, constrained)?;
                Ok(Answering {
                    job: Some(generator.job()),
                    generator: Box::new(generator),
                })
            }
            (Source::Local { model, adapter, .. }, None) => {
                let model = context.local_model(&model, adapter.as_deref(), &self.prompts)?;
                let cancel = context.job.cancel.clone();
                Ok(here(Box::new(model.generator(context.decoding()?, cancel))))
            }
        }
    }

    /// Everything that decides the answers.
    pub(super) fn settings(&self, context: &EvaluationContext<'_>) -> Result<PredictionSettings, AppError> {
        let mut settings = PredictionSettings(decoding(context));
        let mut set = |name: &str, value: String| drop(settings.0.insert(name.to_owned(), value));
        match &self.source {
            Source::Local {
                model,
                adapter,
                template,
            } => {
                set("weights", weights_identity::whole(model).map_err(AppError::Usage)?);
                if let Some(adapter) = adapter {
                    set("adapter", weights_identity::whole(adapter).map_err(AppError::Usage)?);
                }
                set("model.template", template.name.to_owned());
                if template.thinks() && self.prompts.thinking == Thinking::Enabled {
                    set("model.enable_thinking", "true".to_owned());
                }
                if !self.prompts.default_system.is_empty() {
                    set("default_system", self.prompts.default_system.clone());
                }
            }
            Source::Endpoint(endpoint) => {
                let chain: Vec<String> = endpoint.client.providers().map(provider_words).collect();
                set("endpoint", chain.join(", then "));
                let requests: Vec<_> = endpoint.client.providers().map(request_settings).collect();
                set("requests", digest(json!(requests).to_string().as_bytes()));
            }
        }
        if context.examples().iter().any(|example| example.bare) {
            let layout = prompt_layout(&self.prompts.layout);
            settings
                .0
                .extend(layout.settings().map(|(name, value)| (name.to_owned(), value)));
        }
        Ok(settings)
    }
}

fn decoding(context: &EvaluationContext<'_>) -> std::collections::BTreeMap<String, String> {
    let profile = context.session().profile();
    let decoding = &profile.evaluate;
    let mut settings = vec![
        ("max_new_tokens", decoding.max_new_tokens.to_string()),
        ("temperature", decoding.temperature.to_string()),
        ("top_p", decoding.top_p.to_string()),
        ("top_k", decoding.top_k.to_string()),
        ("repetition_penalty", decoding.repetition_penalty.to_string()),
        ("constrain", decoding.constrain.to_string()),
        ("candidates", decoding.candidates.to_string()),
    ];
    if decoding.candidates > 0 {
        settings.push(("candidate_temperature", decoding.candidate_temperature.to_string()));
        match decoding.candidates_for {
            CandidatesFor::Failing => {}
            CandidatesFor::Empty => settings.push(("candidates_for", "empty".to_owned())),
            CandidatesFor::Doubtful => settings.push(("candidates_for", "doubtful".to_owned())),
            CandidatesFor::Every => settings.push(("candidates_for", "every".to_owned())),
        }
    }
    if decoding.temperature > 0.0 || decoding.candidates > 0 {
        settings.push(("seed", profile.run.seed.to_string()));
    }
    settings
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn provider_words(provider: &ProviderSettings) -> String {
    match provider.base_url.as_str() {
        "" => provider.model.clone(),
        url => format!("{} at {}", provider.model, without_password(url)),
    }
}

/// What a request says beside the question.
fn request_settings(provider: &ProviderSettings) -> serde_json::Value {
    json!([provider.kind, provider.sampling, provider.body])
}
