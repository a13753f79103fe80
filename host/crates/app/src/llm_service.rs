//! The service `llm` of plugins, over the providers of the profile.

use std::path::{Path, PathBuf};

use nl2sql_llm::{
    AnswerStore, ChatAnswer, ChatProvider, ChatRequest, HttpProvider, LlmClient, LlmClientBuilder, LlmError,
    RetryPolicy, UsageLine,
};
use nl2sql_model::adapter::AdapterRecord;
use nl2sql_plugin_host::{ChatError, LlmService};
use nl2sql_profile::{LlmSettings, Profile, Protocol, ProviderSettings};

use crate::keyless_provider::KeylessProvider;
use crate::local_model::LocalModelSettings;
use crate::local_models::LocalModels;
use crate::local_provider::LocalProvider;
use crate::prompt_settings::thinking_as_asked;
use crate::{RunPlace, ServiceRuntime, advised};

/// Chat requests of one stage.
pub struct StageLlm {
    client: LlmClient,
    runtime: ServiceRuntime,
    stage: &'static str,
}

impl StageLlm {
    /// The service for the plugins of one stage. Calls block, whatever thread they come from.
    pub fn new(client: LlmClient, runtime: ServiceRuntime, stage: &'static str) -> Self {
        Self { client, runtime, stage }
    }

    fn of_stage(&self, request: ChatRequest) -> ChatRequest {
        ChatRequest {
            stage: self.stage.to_owned(),
            ..request
        }
    }
}

impl LlmService for StageLlm {
    fn chat(&self, request: ChatRequest) -> Result<ChatAnswer, ChatError> {
        let request = self.of_stage(request);
        self.runtime.block_on(|| self.client.chat(&request)).map_err(told)
    }

    fn chat_all(&self, requests: Vec<ChatRequest>) -> Vec<Result<ChatAnswer, ChatError>> {
        let requests: Vec<ChatRequest> = requests.into_iter().map(|request| self.of_stage(request)).collect();
        let answers = self.runtime.block_on(|| self.client.chat_all(&requests));
        answers.into_iter().map(|answer| answer.map_err(told)).collect()
    }
}

/// Chat requests of workers, which name their stage.
pub(crate) struct FleetLlm {
    client: LlmClient,
    runtime: ServiceRuntime,
}

impl FleetLlm {
    /// The service for workers. Calls block, whatever thread they come from.
    pub(crate) fn new(client: LlmClient, runtime: ServiceRuntime) -> Self {
        Self { client, runtime }
    }
}

impl LlmService for FleetLlm {
    fn chat(&self, request: ChatRequest) -> Result<ChatAnswer, ChatError> {
        self.runtime.block_on(|| self.client.chat(&request)).map_err(told)
    }
}

/// What a plugin is told of an error.
fn told(error: LlmError) -> ChatError {
    ChatError {
        code: error.code().to_owned(),
        message: advised(&error),
    }
}

/// The client of a run: the profile's chain of providers over its answer store.
///
/// # Errors
/// When the profile names no provider, a key is missing, or the store cannot be opened.
pub(crate) fn connect(profile: &Profile, place: &RunPlace, local_models: &LocalModels) -> Result<LlmClient, LlmError> {
    let settings = &profile.llm;
    let path = store_path(settings, &place.folder);
    // The run folder is locked by the run; a store elsewhere is everybody's.
    let store = match settings.cache {
        Some(_) => AnswerStore::open_shared(&path)?,
        None => AnswerStore::open(&path)?,
    };
    let providers = open_chain(profile, local_models)?;
    let stages = settings
        .stage_budgets
        .iter()
        .map(|(stage, caps)| (stage.clone(), *caps))
        .collect();
    LlmClientBuilder::new(&account(settings, place), store, providers)
        .budget(settings.budget, stages)
        .retry(RetryPolicy {
            tries: settings.attempts.max(1),
            ..RetryPolicy::default()
        })
        .offline(settings.offline)
        .build()
}

/// The providers of the profile, first to last. Where another can be asked, one without its key is passed over and says so when it is asked.
fn open_chain(profile: &Profile, local_models: &LocalModels) -> Result<Vec<Box<dyn ChatProvider>>, LlmError> {
    let mut providers: Vec<Box<dyn ChatProvider>> = Vec::new();
    let (mut usable, mut keyless) = (0, None);
    for (name, provider) in profile.llm.chain() {
        match open_provider(profile, name, provider, local_models) {
            Ok(provider) => {
                usable += 1;
                providers.push(provider);
            }
            Err(error @ LlmError::Key { .. }) => {
                providers.push(Box::new(KeylessProvider::new(
                    name,
                    provider.clone(),
                    error.to_string(),
                )));
                keyless.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    match keyless {
        Some(error) if usable == 0 => Err(error),
        _ => Ok(providers),
    }
}

/// What a run has spent so far, as its store says; nothing when there is no store yet.
///
/// # Errors
/// When the store cannot be read.
pub fn spending(settings: &LlmSettings, place: &RunPlace) -> Result<Vec<UsageLine>, LlmError> {
    let path = store_path(settings, &place.folder);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    AnswerStore::open(&path)?.spending(&account(settings, place))
}

fn store_path(settings: &LlmSettings, run_folder: &Path) -> PathBuf {
    settings.cache.clone().unwrap_or_else(|| run_folder.join("llm.sqlite"))
}

/// The name a run's spending goes under. Runs of one name may share a store, so there the folder tells them apart.
fn account(settings: &LlmSettings, place: &RunPlace) -> String {
    match settings.cache {
        Some(_) => std::path::absolute(&place.folder)
            .unwrap_or_else(|_| place.folder.clone())
            .display()
            .to_string(),
        None => place.name.clone(),
    }
}

/// One provider of the profile. Offline no key is needed: a recording can be replayed where there is none.
///
/// # Errors
/// When its settings cannot work or a key is missing.
pub(crate) fn open_provider(
    profile: &Profile,
    name: &str,
    provider: &ProviderSettings,
    local_models: &LocalModels,
) -> Result<Box<dyn ChatProvider>, LlmError> {
    let mut settings = provider.clone();
    if provider.kind == Protocol::Local {
        let Some(model) = provider.path.clone().or_else(|| profile.model.path.clone()) else {
            return Err(LlmError::Settings {
                provider: name.to_owned(),
                message: "there is no model folder: set its path, or model.path".to_owned(),
            });
        };
        let recorded =
            AdapterRecord::read(provider.adapter.as_ref().unwrap_or(&model)).map_err(|error| LlmError::Settings {
                provider: name.to_owned(),
                message: advised(&error),
            })?;
        let given = provider.template.is_some() || profile.given.contains("model.template");
        let said = provider.template.as_ref().unwrap_or(&profile.model.template);
        let weights = LocalModelSettings {
            model,
            adapter: provider.adapter.clone(),
            template: template_of(name, said, given, recorded.as_ref())?,
            thinking: thinking_as_asked(
                recorded
                    .as_ref()
                    .and_then(|record| record.enable_thinking)
                    .or(profile.model.enable_thinking),
            ),
            default_system: recorded.map(|record| record.default_system).unwrap_or_default(),
            device: profile.model.device.clone(),
            rows_at_once: provider.rate.concurrency.max(1) as usize,
        };
        return Ok(Box::new(LocalProvider::new(
            name,
            settings,
            weights,
            local_models.clone(),
        )?));
    }
    if profile.llm.offline {
        settings.key_env = None;
        settings.key_file = None;
        settings.headers_env.clear();
    }
    Ok(Box::new(HttpProvider::new(name, settings)?))
}

/// The chat template of a local provider: as its model was trained, else as the profile says. What was given and contradicts the record
/// is refused.
fn template_of(provider: &str, said: &str, given: bool, recorded: Option<&AdapterRecord>) -> Result<String, LlmError> {
    match recorded {
        Some(record) if given && said != "auto" && said != record.template => Err(LlmError::Settings {
            provider: provider.to_owned(),
            message: format!(
                "its template is `{said}`, and its model was trained with `{}`: leave the template out",
                record.template
            ),
        }),
        Some(record) => Ok(record.template.clone()),
        None => Ok(said.to_owned()),
    }
}
