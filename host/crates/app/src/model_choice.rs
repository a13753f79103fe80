//! Which model and adapter serve: those that are named, else those of the profile and its run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_inference::SchedulerOptions;
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::device::DeviceChoice;

use crate::ask::{Answerer, ServedGenerator, StatementWriter};
use crate::{AppError, Endpoint, ModelEntry, PromptSettings, ServedModel, ServedModelSettings, Session};

/// What the user names.
#[derive(Clone, Debug, Default)]
pub struct ModelChoice {
    /// Hugging Face folder; the profile's by default.
    pub model: Option<PathBuf>,
    /// PEFT folder of an adapter; `train/` of the run by default, where there is one.
    pub adapter: Option<PathBuf>,
}

/// A loaded model, and the entry that answers questions: the adapter where there is one.
pub struct ChosenModel {
    /// The model.
    pub model: Arc<ServedModel>,
    /// Model or adapter.
    pub entry: ModelEntry,
    /// How it is asked about the session's database.
    pub prompts: PromptSettings,
}

impl ChosenModel {
    /// The model as a writer of statements about the session's database.
    pub fn answerer(&self, session: &Session) -> Answerer {
        let profile = session.profile();
        Answerer {
            writer: StatementWriter::Served(Box::new(ServedGenerator {
                model: self.model.clone(),
                entry: self.entry.clone(),
                max_new_tokens: profile.evaluate.max_new_tokens as usize,
                temperature: profile.ask.temperature,
                seed: profile.run.seed,
                names: None,
            })),
            layout: self.prompts.layout.clone(),
            model: self.entry.name.clone(),
            generation: self.entry.generation.clone(),
        }
    }
}

impl Session {
    /// The profile's language model as a writer of statements about the session's database.
    ///
    /// # Errors
    /// When the profile names none, or its key is missing.
    pub fn endpoint_answerer(&self) -> Result<Answerer, AppError> {
        let profile = self.profile();
        let folder = &self.place().folder;
        std::fs::create_dir_all(folder).map_err(|error| AppError::unwritable(folder, &error))?;
        let model = profile.llm.chain().next().map(|(_, provider)| provider.model.clone());
        Ok(Answerer {
            writer: StatementWriter::Endpoint(Arc::new(Endpoint {
                client: self.language_model(self.cancellation().clone())?,
                temperature: 0.0,
                candidate_temperature: profile.ask.temperature,
                max_new_tokens: profile.evaluate.max_new_tokens,
                cancel: self.cancellation().clone(),
            })),
            layout: profile.export.clone(),
            model: model.unwrap_or_default(),
            generation: String::new(),
        })
    }

    /// Loads the chosen model with its adapter. Blocks for a while.
    ///
    /// # Errors
    /// When no model is named, or one cannot be loaded.
    pub fn load_model(&self, choice: &ModelChoice) -> Result<ChosenModel, AppError> {
        let profile = self.profile();
        let adapter = choice.adapter.clone().or_else(|| self.trained_adapter());
        let folder = match choice.model.clone().or_else(|| profile.model.path.clone()) {
            Some(folder) => folder,
            None => base_of(adapter.as_deref())?,
        };
        let prompts = PromptSettings::of_model(profile, Some(&folder), adapter.as_deref())?;
        let serve = &profile.serve;
        let named = Some(serve.name.clone()).filter(|name| !name.is_empty());
        let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let model = Arc::new(ServedModel::load(&ServedModelSettings {
            name: named.or_else(|| last(&folder)).unwrap_or_else(|| "model".into()),
            model: folder,
            device: DeviceChoice::parse_first(&profile.model.device)?,
            template: prompts.template.clone(),
            thinking: prompts.thinking,
            scheduler: SchedulerOptions {
                rows_at_once: serve.rows as usize,
                max_waiting: serve.queue as usize,
                prefill_tokens: serve.prefill_tokens as usize,
            },
            key_value_bytes: serve.key_value_mib as usize * (1 << 20),
        })?);
        let entry = match adapter {
            None => model.base().clone(),
            Some(adapter) => {
                let name = adapter_name(&self.place().name, model.base());
                let loaded = self.runtime().block_on(|| model.load_adapter(&name, &adapter));
                loaded.map_err(|error| AppError::Usage(format!("{}: {error}", adapter.display())))?
            }
        };
        Ok(ChosenModel { model, entry, prompts })
    }

    /// The adapter that the run was trained to.
    fn trained_adapter(&self) -> Option<PathBuf> {
        let folder = self.place().folder.join("train");
        folder.join("adapter_config.json").is_file().then_some(folder)
    }
}

/// The run's name, unless the model has it.
fn adapter_name(run: &str, base: &ModelEntry) -> String {
    if base.name == run {
        return format!("{run}-adapter");
    }
    run.to_owned()
}

/// The base model that an adapter's configuration names, where that is a folder here.
fn base_of(adapter: Option<&Path>) -> Result<PathBuf, AppError> {
    let missing = "give the folder of the model with --model, or set model.path in the profile";
    let Some(adapter) = adapter else {
        return Err(AppError::Usage(format!("no model is named: {missing}")));
    };
    let base = PathBuf::from(AdapterConfig::read(adapter)?.base_model);
    if base.join("config.json").is_file() {
        return Ok(base);
    }
    Err(AppError::Usage(format!(
        "the adapter {} was trained on `{}`, which is not a model folder here: {missing}",
        adapter.display(),
        base.display()
    )))
}
