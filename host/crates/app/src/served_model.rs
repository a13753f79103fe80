//! A model on this machine that answers many callers at once, with adapters that come and go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_inference::{
    AdapterId, CpuEngine, CpuOptions, Generation, GenerationRequest, InferenceError, JsonSchemas, LogitsMask, Sampling,
    Scheduler, SchedulerFigures, SchedulerOptions, TensorEngine, TensorOptions,
};
use nl2sql_model::adapter::AdapterRecord;
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking, resolve_template};
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{Decoder, LoadOptions, ModelError, attach_adapter, load_decoder};

use crate::neutral_text::without_markers;
use crate::prompt_settings::thinking_as_asked;
use crate::schema_mask::SchemaMask;
use crate::{AppError, off_runtime, weights_identity};

/// What to load, and within which limits.
#[derive(Clone, Debug)]
pub struct ServedModelSettings {
    /// Hugging Face folder.
    pub model: PathBuf,
    /// Name in the API.
    pub name: String,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Chat template by LLaMA-Factory's name, or `auto`.
    pub template: String,
    /// Whether a template with thinking blocks lets the model think, where no record of an adapter decides.
    pub thinking: Thinking,
    /// Rows, queue and prompts.
    pub scheduler: SchedulerOptions,
    /// Memory for keys and values, in bytes.
    pub key_value_bytes: usize,
}

/// Why an adapter was not loaded or found.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The name is taken.
    #[error("there is a model `{0}` already")]
    Exists(String),
    /// There is no such adapter.
    #[error("there is no adapter `{0}`")]
    Unknown(String),
    /// Its folder cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The engine refused it.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The folder has no identity.
    #[error("{0}")]
    Unreadable(String),
    /// Adapters would be laid over other weights than those that answer.
    #[error("{} does not hold the model any more that is served from it; start `nl2sql serve` again", .0.display())]
    Replaced(PathBuf),
}

/// A model by a name of the API: the base model, or one of its adapters.
#[derive(Clone, Debug)]
pub struct ModelEntry {
    /// Name.
    pub name: String,
    /// Digest of the weights, adapter included: which generation of an adapter answered.
    pub generation: String,
    /// Whether it is an adapter over the model.
    pub is_adapter: bool,
    /// What it was trained with, where that is recorded.
    pub record: Option<AdapterRecord>,
    adapter: Option<AdapterId>,
    template: &'static ChatTemplate,
    /// System text of conversations without one; empty for the template's own.
    default_system: String,
    thinking: Thinking,
}

/// What adapters are laid over.
enum UnderAdapters {
    /// A decoder whose weights are those that the engine reads.
    Held(Box<Decoder>),
    /// The folder, read again for each adapter: the engine holds the weights in a form of its own.
    Folder(LoadOptions),
}

/// A loaded model.
pub struct ServedModel {
    folder: PathBuf,
    base: ModelEntry,
    adapters: RwLock<BTreeMap<String, ModelEntry>>,
    under_adapters: UnderAdapters,
    tokenizer: TextTokenizer,
    /// Special tokens as texts.
    markers: Vec<String>,
    scheduler: Scheduler,
    context: usize,
    /// What holds answers to JSON, by the tokens that end them; made when it is first asked for.
    json_schemas: Mutex<BTreeMap<Vec<u32>, Arc<JsonSchemas>>>,
    /// What each token adds to an answer, once that is asked for.
    token_bytes: OnceLock<Arc<[Vec<u8>]>>,
}

impl ServedModel {
    /// Loads the model, which blocks for a while.
    ///
    /// # Errors
    /// When the folder is incomplete or the template is unknown.
    pub fn load(settings: &ServedModelSettings) -> Result<Self, AppError> {
        let folder = &settings.model;
        let template = resolve_template(&settings.template, folder)?.template;
        let tokenizer = TextTokenizer::read(folder)?;
        let load_options = LoadOptions::f32(settings.device.resolve()?);
        let decoder = load_decoder(folder, &load_options)?;
        let tokenizer = tokenizer.fitted(&decoder.config)?;
        let positions = decoder.config.max_position_embeddings;
        let words = Some(tokenizer.clone());
        let (scheduler, under_adapters) = if settings.device.is_cpu() {
            let options = CpuOptions {
                key_value_bytes: settings.key_value_bytes,
                prefix_cache_bytes: settings.key_value_bytes / 4,
                ..CpuOptions::default()
            };
            let scheduler = Scheduler::start(CpuEngine::new(decoder, options), words, settings.scheduler);
            (scheduler, UnderAdapters::Folder(load_options))
        } else {
            let options = TensorOptions {
                key_value_bytes: settings.key_value_bytes,
            };
            let engine = TensorEngine::new(decoder.clone(), options);
            let scheduler = Scheduler::start(engine, words, settings.scheduler);
            (scheduler, UnderAdapters::Held(Box::new(decoder)))
        };
        let scheduler = scheduler.map_err(|error| AppError::Failed(format!("no threads can be started: {error}")))?;
        let record = AdapterRecord::read(folder)?;
        let base = ModelEntry {
            default_system: default_system(record.as_ref()),
            name: settings.name.clone(),
            generation: weights_identity::of(folder, None).map_err(AppError::Usage)?,
            is_adapter: false,
            record,
            adapter: None,
            template,
            thinking: settings.thinking,
        };
        Ok(Self {
            folder: folder.clone(),
            base,
            adapters: RwLock::default(),
            context: positions.min(scheduler.capacity()),
            under_adapters,
            markers: tokenizer.special_tokens(),
            tokenizer,
            scheduler,
            json_schemas: Mutex::default(),
            token_bytes: OnceLock::new(),
        })
    }

    /// The model and its adapters.
    pub fn models(&self) -> Vec<ModelEntry> {
        let adapters = self.adapters.read().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(&self.base).chain(adapters.values()).cloned().collect()
    }

    /// The model without adapters.
    pub fn base(&self) -> &ModelEntry {
        &self.base
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<ModelEntry> {
        self.models().into_iter().find(|model| model.name == name)
    }

    /// Loads an adapter under a name.
    ///
    /// # Errors
    /// When the name is taken, or the folder holds no adapter of this model.
    pub async fn load_adapter(self: &Arc<Self>, name: &str, folder: &Path) -> Result<ModelEntry, AdapterError> {
        if self.model(name).is_some() {
            return Err(AdapterError::Exists(name.to_owned()));
        }
        let (served, path) = (self.clone(), folder.to_owned());
        let (decoder, config, record, generation) = off_runtime(move || {
            let mut decoder = served.decoder()?;
            let config = attach_adapter(&mut decoder, &path)?;
            let generation = weights_identity::of(&served.folder, Some(&path)).map_err(AdapterError::Unreadable)?;
            Ok::<_, AdapterError>((decoder, config, AdapterRecord::read(&path)?, generation))
        })
        .await?;
        let template = match &record {
            Some(record) => ChatTemplate::named(&record.template)?,
            None => self.base.template,
        };
        let id = self.scheduler.attach(decoder, config).await?;
        let entry = ModelEntry {
            default_system: default_system(record.as_ref()),
            name: name.to_owned(),
            generation,
            is_adapter: true,
            thinking: match &record {
                Some(record) => thinking_as_asked(record.enable_thinking),
                None => self.base.thinking,
            },
            record,
            adapter: Some(id),
            template,
        };
        let mut adapters = self.adapters.write().unwrap_or_else(PoisonError::into_inner);
        if adapters.contains_key(name) {
            self.scheduler.detach(id);
            return Err(AdapterError::Exists(name.to_owned()));
        }
        adapters.insert(name.to_owned(), entry.clone());
        Ok(entry)
    }

    /// The base model, for an adapter to be laid over.
    fn decoder(&self) -> Result<Decoder, AdapterError> {
        match &self.under_adapters {
            UnderAdapters::Held(decoder) => Ok((**decoder).clone()),
            UnderAdapters::Folder(options) => {
                let generation = weights_identity::of(&self.folder, None).map_err(AdapterError::Unreadable)?;
                if generation != self.base.generation {
                    return Err(AdapterError::Replaced(self.folder.clone()));
                }
                Ok(load_decoder(&self.folder, options)?)
            }
        }
    }

    /// Removes an adapter. Requests under way keep it to their end.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn unload_adapter(&self, name: &str) -> Result<(), AdapterError> {
        let mut adapters = self.adapters.write().unwrap_or_else(PoisonError::into_inner);
        let entry = adapters
            .remove(name)
            .ok_or_else(|| AdapterError::Unknown(name.to_owned()))?;
        if let Some(id) = entry.adapter {
            self.scheduler.detach(id);
        }
        Ok(())
    }

    /// Positions for prompt and answer together.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Figures for monitoring.
    pub fn figures(&self) -> SchedulerFigures {
        self.scheduler.figures()
    }

    /// Tokens of a conversation whose last turn is the user's. Markers of the template that are written in it become words: what somebody
    /// says, or a database holds, must not end a turn.
    ///
    /// # Errors
    /// When template or tokenizer cannot write it.
    pub fn encode_chat(&self, model: &ModelEntry, system: &str, turns: &[ChatMessage]) -> Result<Vec<u32>, ModelError> {
        let neutral = |text: &str| without_markers(text, &self.markers);
        let turns = turns.iter().map(|turn| ChatMessage {
            role: turn.role,
            content: neutral(&turn.content),
        });
        let turns: Vec<ChatMessage> = turns.collect();
        let system = if system.is_empty() {
            &model.default_system
        } else {
            system
        };
        model
            .template
            .encode_prompt(&self.tokenizer, &neutral(system), &turns, model.thinking)
    }

    /// Tokens of a text.
    ///
    /// # Errors
    /// When the tokenizer cannot represent it.
    pub fn encode_text(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        self.tokenizer.encode(text)
    }

    /// Text of a single token, for lists of likelihoods.
    pub fn token_text(&self, token: u32) -> String {
        self.tokenizer.decode(&[token], false).unwrap_or_default()
    }

    fn stop_tokens(&self, model: &ModelEntry) -> Vec<u32> {
        model.template.stop_tokens(&self.tokenizer)
    }

    /// What holds answers of a model to JSON. Blocks for a while when it is first asked for.
    ///
    /// # Errors
    /// When the tokenizer's vocabulary cannot be used for that.
    pub fn json_schemas(&self, model: &ModelEntry) -> Result<Arc<JsonSchemas>, InferenceError> {
        let stops = self.stop_tokens(model);
        let mut made = self.json_schemas.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schemas) = made.get(&stops) {
            return Ok(schemas.clone());
        }
        let schemas = Arc::new(JsonSchemas::new(&self.tokenizer, &stops)?);
        made.insert(stops, schemas.clone());
        Ok(schemas)
    }

    /// What holds a statement of a model to names. Blocks for a while when it is first asked for.
    pub(crate) fn schema_mask(
        &self,
        model: &ModelEntry,
        constraint: Arc<SchemaConstraint>,
        sampling: Sampling,
    ) -> Box<dyn LogitsMask> {
        let token_bytes = self.token_bytes.get_or_init(|| self.tokenizer.token_bytes().into());
        let thinks = model.template.thinks() && model.thinking == Thinking::Enabled;
        Box::new(SchemaMask::new(constraint, Arc::clone(token_bytes), sampling, thinks))
    }

    /// Submits a request to a model; stop tokens and adapter are filled in.
    ///
    /// # Errors
    /// When too many requests wait, or the request is impossible.
    pub fn submit(&self, model: &ModelEntry, request: GenerationRequest) -> Result<Generation, InferenceError> {
        self.scheduler.submit(GenerationRequest {
            stop_tokens: self.stop_tokens(model),
            adapter: model.adapter,
            ..request
        })
    }
}

/// System text that a model was trained with.
fn default_system(record: Option<&AdapterRecord>) -> String {
    record.map(|record| record.default_system.clone()).unwrap_or_default()
}
