//! A model on this machine, as an answerer of chats.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use nl2sql_constrained_decoding::{SchemaConstraint, Selection, TokenMask};
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_inference::{
    CpuEngine, CpuOptions, Finish, GenerationRequest, Generator, InferenceError, LogitsMask, Progress, Sampling,
    TensorEngine,
};
use nl2sql_llm::FinishReason;
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking, resolve_template};
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{LoadOptions, ModelError, attach_adapter, load_decoder};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Rows handed to the model together, in multiples of those that are decoded together: enough to keep it busy, few enough to stop soon.
const ROWS_PER_BATCH: usize = 4;

/// What to load.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalModelSettings {
    /// Hugging Face folder.
    pub model: PathBuf,
    /// PEFT folder laid over it.
    pub adapter: Option<PathBuf>,
    /// Device by name.
    pub device: String,
    /// Chat template by LLaMA-Factory's name, or `auto`.
    pub template: String,
    /// System text of chats without one; empty for the template's own.
    pub default_system: String,
    /// Rows decoded together.
    pub rows_at_once: usize,
}

/// How answers to chats are written.
#[derive(Clone, Debug)]
pub struct DecodingSettings {
    /// Most tokens of one answer.
    pub max_new_tokens: usize,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Temperature of further candidates.
    pub candidate_temperature: f32,
    /// What answers are constrained to, by database; answers about others are free.
    pub constraints: BTreeMap<String, Arc<SchemaConstraint>>,
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
    /// What the answer is constrained to.
    pub constraint: Option<Arc<SchemaConstraint>>,
}

/// A loaded model.
pub struct LocalModel {
    rows_at_once: usize,
    context: usize,
    tokenizer: TextTokenizer,
    template: &'static ChatTemplate,
    default_system: String,
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

impl DecodingSettings {
    /// How tokens of an attempt are chosen; each further one is a sample of its own.
    fn sampling_of(&self, attempt: u32) -> Sampling {
        if attempt == 0 {
            return self.sampling;
        }
        Sampling {
            temperature: self.candidate_temperature,
            seed: self.sampling.seed.wrapping_add(u64::from(attempt)),
            ..self.sampling
        }
    }
}

impl LocalModel {
    /// Loads model, adapter and tokenizer.
    ///
    /// # Errors
    /// When a folder is incomplete, the adapter belongs to another base, or the template is unknown.
    pub fn load(settings: &LocalModelSettings) -> Result<Self, ModelError> {
        let device = DeviceChoice::parse_first(&settings.device)?;
        let template = resolve_template(&settings.template, &settings.model)?.template;
        let tokenizer = TextTokenizer::read(&settings.model)?;
        let mut decoder = load_decoder(&settings.model, &LoadOptions::f32(device.resolve()?))?;
        tokenizer.check_fits(&decoder.config)?;
        if let Some(adapter) = &settings.adapter {
            attach_adapter(&mut decoder, adapter)?;
        }
        let context = decoder.config.max_position_embeddings;
        let (words, rows) = (Some(tokenizer.clone()), settings.rows_at_once);
        let generator = if device.is_cpu() {
            let engine = CpuEngine::new(&decoder, CpuOptions::default());
            DeviceGenerator::Cpu(Box::new(Generator::new(engine, words, rows)))
        } else {
            DeviceGenerator::Tensor(Box::new(Generator::new(TensorEngine::new(decoder), words, rows)))
        };
        let generator = Mutex::new(generator);
        Ok(Self {
            rows_at_once: settings.rows_at_once,
            context,
            tokenizer,
            template,
            default_system: settings.default_system.clone(),
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
        decoding: &DecodingSettings,
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
                        max_new_tokens: decoding.max_new_tokens,
                        sampling: decoding.sampling_of(chat.attempt),
                        constraint: decoding.constraints.get(&chat.database).cloned(),
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
                finish_reason: Some(finish_reason(completion.finish).name().to_owned()),
            };
            told(*number, Ok(completion));
        })
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
                mask: question
                    .constraint
                    .map(|constraint| self.mask(constraint, question.sampling)),
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

    fn mask(&self, constraint: Arc<SchemaConstraint>, sampling: Sampling) -> Box<dyn LogitsMask> {
        let token_bytes = self.token_bytes.get_or_init(|| self.tokenizer.token_bytes().into());
        // A penalty is applied after the mask and may change the order.
        let is_greedy = sampling.temperature <= 0.0 && sampling.repetition_penalty == 1.0;
        let selection = if is_greedy {
            Selection::Greedy
        } else {
            Selection::Sampled
        };
        Box::new(SchemaMask(TokenMask::new(
            constraint,
            Arc::clone(token_bytes),
            selection,
        )))
    }

    /// The prompt of a conversation whose last turn is the user's.
    ///
    /// # Errors
    /// When the template or the tokenizer cannot write it.
    pub fn encode(&self, system: &str, turns: &[ChatMessage]) -> Result<Vec<u32>, ModelError> {
        let system = match system {
            "" => &self.default_system,
            system => system,
        };
        self.template
            .encode_prompt(&self.tokenizer, system, turns, Thinking::Disabled)
    }
}

/// Constrained decoding, as generation calls it.
struct SchemaMask(TokenMask);

impl LogitsMask for SchemaMask {
    fn apply(&mut self, generated: &[u32], logits: &mut [f32]) {
        self.0.apply(generated, logits);
    }
}

/// Why an answer ended, in the words of a chat protocol.
pub fn finish_reason(finish: Finish) -> FinishReason {
    match finish {
        Finish::Length => FinishReason::Length,
        _ => FinishReason::Stop,
    }
}

/// A model that predicts, and can be stopped between batches. Generation runs on a thread of its own.
pub struct LocalGenerator {
    model: Arc<LocalModel>,
    decoding: Arc<DecodingSettings>,
    cancel: CancellationToken,
}

impl LocalModel {
    /// The model as an answerer of chats that `cancel` stops.
    pub fn generator(self: &Arc<Self>, decoding: DecodingSettings, cancel: CancellationToken) -> LocalGenerator {
        LocalGenerator {
            model: self.clone(),
            decoding: Arc::new(decoding),
            cancel,
        }
    }

    /// Answers every chat, a failed one with the reason.
    fn answer_all(
        &self,
        chats: &[ChatPrompt],
        decoding: &DecodingSettings,
        answers: &mpsc::UnboundedSender<(usize, Result<Completion, String>)>,
    ) {
        let mut open: Vec<bool> = vec![true; chats.len()];
        // Whoever asked may have been stopped.
        let outcome = self.answer(chats, decoding, &mut |number, completion| {
            open[number] = false;
            let _ = answers.send((number, completion));
        });
        if let Err(error) = outcome {
            let failed = open.iter().enumerate().filter(|(_, open)| **open);
            failed.for_each(|(number, _)| drop(answers.send((number, Err(error.to_string())))));
        }
    }
}

#[async_trait]
impl TextGenerator for LocalGenerator {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let batch = (self.model.rows_at_once * ROWS_PER_BATCH).max(1);
        for (number, chats) in prompts.chunks(batch).enumerate() {
            let (sender, mut answers) = mpsc::unbounded_channel();
            let (model, decoding, chats) = (self.model.clone(), self.decoding.clone(), chats.to_vec());
            std::thread::spawn(move || model.answer_all(&chats, &decoding, &sender));
            loop {
                tokio::select! {
                    biased;
                    answer = answers.recv() => match answer {
                        Some((at, completion)) => on_completion(number * batch + at, completion),
                        None => break,
                    },
                    () = self.cancel.cancelled() => return,
                }
            }
        }
    }
}
