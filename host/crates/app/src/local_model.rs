//! A model on this machine, as an answerer of chats.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_evaluation::schema_names::SchemaNames;
use nl2sql_inference::{
    CpuEngine, CpuOptions, GenerationRequest, Generator, InferenceError, LogitsMask, Progress, Sampling, TensorEngine,
};
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking, resolve_template};
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{LoadOptions, ModelError, attach_adapter, load_decoder};

use crate::constrained_decoding::SchemaMask;

/// What to load and how to sample.
#[derive(Clone, Debug)]
pub struct LocalModelSettings {
    /// Hugging Face folder.
    pub model: PathBuf,
    /// PEFT folder laid over it.
    pub adapter: Option<PathBuf>,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Chat template by LLaMA-Factory's name, or `auto`.
    pub template: String,
    /// Rows decoded together.
    pub rows_at_once: usize,
    /// Most tokens of one answer.
    pub max_new_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Temperature of further candidates.
    pub candidate_temperature: f32,
    /// Names by database, to which answers about it are held; those of other databases are free.
    pub names: BTreeMap<String, Arc<SchemaNames>>,
}

/// A prompt, and how it is to be continued.
#[derive(Clone, Debug)]
pub struct Question {
    /// Tokens.
    pub prompt: Vec<u32>,
    /// Most tokens of the answer.
    pub max_new_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Names the answer is held to.
    pub names: Option<Arc<SchemaNames>>,
}

/// A loaded model.
pub struct LocalModel {
    settings: LocalModelSettings,
    context: usize,
    tokenizer: TextTokenizer,
    template: &'static ChatTemplate,
    generator: Mutex<DeviceGenerator>,
    /// What each token adds to an answer, once that is asked for.
    token_bytes: OnceLock<Arc<[Vec<u8>]>>,
}

/// Generation on the device that was chosen.
enum DeviceGenerator {
    /// The CPU's own engine.
    Cpu(Box<Generator<CpuEngine>>),
    /// Tensor operations on a graphics card.
    Tensor(Box<Generator<TensorEngine>>),
}

impl DeviceGenerator {
    fn generate_with(
        &mut self,
        requests: Vec<GenerationRequest>,
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), InferenceError> {
        match self {
            Self::Cpu(generator) => generator.generate_with(requests, told).map(drop),
            Self::Tensor(generator) => generator.generate_with(requests, told).map(drop),
        }
    }
}

impl LocalModel {
    /// Loads model, adapter and tokenizer.
    ///
    /// # Errors
    /// When a folder is incomplete, the adapter belongs to another base, or the template is unknown.
    pub fn load(settings: LocalModelSettings) -> Result<Self, ModelError> {
        let template = resolve_template(&settings.template, &settings.model)?.template;
        let tokenizer = TextTokenizer::read(&settings.model)?;
        let mut decoder = load_decoder(&settings.model, &LoadOptions::f32(settings.device.resolve()?))?;
        tokenizer.check_fits(&decoder.config)?;
        if let Some(adapter) = &settings.adapter {
            attach_adapter(&mut decoder, adapter)?;
        }
        let context = decoder.config.max_position_embeddings;
        let (words, rows) = (Some(tokenizer.clone()), settings.rows_at_once);
        let generator = if settings.device.is_cpu() {
            let engine = CpuEngine::new(&decoder, CpuOptions::default());
            DeviceGenerator::Cpu(Box::new(Generator::new(engine, words, rows)))
        } else {
            DeviceGenerator::Tensor(Box::new(Generator::new(TensorEngine::new(decoder), words, rows)))
        };
        let generator = Mutex::new(generator);
        Ok(Self {
            settings,
            context,
            tokenizer,
            template,
            generator,
            token_bytes: OnceLock::new(),
        })
    }

    /// Positions the model knows, prompt and answer together.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Answers chats one after another and all at once, and tells of each answer with the number of its chat.
    ///
    /// # Errors
    /// When generation itself fails; a chat that cannot be encoded is told of as failed instead.
    pub fn answer(
        &self,
        chats: &[ChatPrompt],
        told: &mut dyn FnMut(usize, Result<Completion, String>),
    ) -> Result<(), InferenceError> {
        let mut questions = Vec::new();
        let mut numbers = Vec::new();
        for (number, chat) in chats.iter().enumerate() {
            let history = chat
                .history
                .iter()
                .flat_map(|(user, assistant)| [ChatMessage::user(user), ChatMessage::assistant(assistant)]);
            let turns: Vec<ChatMessage> = history.chain([ChatMessage::user(&chat.user)]).collect();
            match self.encode(chat.system.as_deref().unwrap_or(""), &turns) {
                Ok(prompt) => {
                    numbers.push((number, self.tokenizer.decode(&prompt, false).ok()));
                    questions.push(Question {
                        prompt,
                        max_new_tokens: self.settings.max_new_tokens,
                        sampling: self.sampling(chat.attempt),
                        names: self.settings.names.get(&chat.database).cloned(),
                    });
                }
                Err(error) => told(number, Err(error.to_string())),
            }
        }
        self.generate(questions, &mut |place, completion| {
            let (number, rendered_prompt) = &numbers[place];
            let completion = Completion {
                text: completion.text.trim().to_owned(),
                rendered_prompt: rendered_prompt.clone(),
                tokens: Some(completion.tokens.len() as u64),
            };
            told(*number, Ok(completion));
        })
    }

    /// How tokens of an attempt are chosen; each further one is a sample of its own.
    fn sampling(&self, attempt: u32) -> Sampling {
        let usual = self.settings.sampling;
        if attempt == 0 {
            return usual;
        }
        Sampling {
            temperature: self.settings.candidate_temperature,
            seed: usual.seed.wrapping_add(u64::from(attempt)),
            ..usual
        }
    }

    /// Answers questions together, and tells of each answer with the number of its question.
    ///
    /// # Errors
    /// When generation fails.
    pub fn generate(
        &self,
        questions: Vec<Question>,
        told: &mut dyn FnMut(usize, &nl2sql_inference::Completion),
    ) -> Result<(), InferenceError> {
        let stop_tokens = self.template.stop_tokens(&self.tokenizer);
        let requests = questions
            .into_iter()
            .map(|question| GenerationRequest {
                mask: question.names.map(|names| self.mask(names, question.sampling)),
                sampling: question.sampling,
                ..GenerationRequest::greedy(question.prompt, question.max_new_tokens, stop_tokens.clone())
            })
            .collect();
        let mut generator = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        generator.generate_with(requests, &mut |progress| {
            if let Progress::Finished { request, completion } = progress {
                told(request, completion);
            }
        })?;
        Ok(())
    }

    fn mask(&self, names: Arc<SchemaNames>, sampling: Sampling) -> Box<dyn LogitsMask> {
        let token_bytes = self.token_bytes.get_or_init(|| self.tokenizer.token_bytes().into());
        Box::new(SchemaMask::new(names, Arc::clone(token_bytes), sampling))
    }

    /// The prompt of a conversation whose last turn is the user's.
    ///
    /// # Errors
    /// When the template or the tokenizer cannot write it.
    pub fn encode(&self, system: &str, turns: &[ChatMessage]) -> Result<Vec<u32>, ModelError> {
        self.template
            .encode_prompt(&self.tokenizer, system, turns, Thinking::Disabled)
    }
}

#[async_trait]
impl TextGenerator for LocalModel {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let mut open: Vec<bool> = vec![true; prompts.len()];
        let outcome = self.answer(&prompts, &mut |number, completion| {
            open[number] = false;
            on_completion(number, completion);
        });
        if let Err(error) = outcome {
            let reason = error.to_string();
            open.iter()
                .enumerate()
                .filter(|(_, open)| **open)
                .for_each(|(number, _)| on_completion(number, Err(reason.clone())));
        }
    }
}
