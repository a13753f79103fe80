//! A model on this machine, as an answerer of chats.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_inference::{
    CpuEngine, CpuOptions, Finish, Generation, GenerationRequest, InferenceError, LogitsMask, Sampling, Scheduler,
    SchedulerOptions, TensorEngine, TensorOptions,
};
use nl2sql_llm::FinishReason;
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::templates::{ChatMessage, ChatTemplate, Thinking, resolve_template};
use nl2sql_model::tokenizer::TextTokenizer;
use nl2sql_model::{LoadOptions, ModelError, attach_adapter, load_decoder};
use nl2sql_profile::Profile;
use tokio_util::sync::CancellationToken;

use crate::off_runtime;
use crate::schema_mask::SchemaMask;

/// Prompts that wait at the model or are answered, in multiples of the rows that are decoded together: enough to keep it busy.
const PROMPTS_PER_ROW: usize = 4;

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
    /// Whether a template with thinking blocks lets the model think.
    pub thinking: Thinking,
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

impl DecodingSettings {
    /// As the profile's evaluation has it.
    pub(crate) fn of_evaluation(profile: &Profile, constraints: BTreeMap<String, Arc<SchemaConstraint>>) -> Self {
        let settings = &profile.evaluate;
        Self {
            max_new_tokens: settings.max_new_tokens as usize,
            sampling: Sampling {
                temperature: settings.temperature,
                top_k: settings.top_k as usize,
                top_p: settings.top_p,
                repetition_penalty: settings.repetition_penalty,
                seed: profile.run.seed,
                ..Sampling::GREEDY
            },
            candidate_temperature: settings.candidate_temperature,
            constraints,
        }
    }
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
    thinking: Thinking,
    scheduler: Scheduler,
    /// What each token adds to an answer, once that is asked for.
    token_bytes: OnceLock<Arc<[Vec<u8>]>>,
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
        let tokenizer = tokenizer.fitted(&decoder.config)?;
        if let Some(adapter) = &settings.adapter {
            attach_adapter(&mut decoder, adapter)?;
        }
        let context = decoder.config.max_position_embeddings;
        let words = Some(tokenizer.clone());
        let options = SchedulerOptions {
            rows_at_once: settings.rows_at_once,
            ..SchedulerOptions::default()
        };
        let scheduler = if device.is_cpu() {
            Scheduler::start(CpuEngine::new(decoder, CpuOptions::default()), words, options)
        } else {
            Scheduler::start(TensorEngine::new(decoder, TensorOptions::default()), words, options)
        };
        let scheduler =
            scheduler.map_err(|source| ModelError::file("start a thread for the model in", &settings.model, source))?;
        Ok(Self {
            rows_at_once: settings.rows_at_once,
            context,
            tokenizer,
            template,
            default_system: settings.default_system.clone(),
            thinking: settings.thinking,
            scheduler,
            token_bytes: OnceLock::new(),
        })
    }

    /// Positions the model knows, prompt and answer together.
    pub fn context(&self) -> usize {
        self.context
    }

    /// A chat as a prompt, with the text that the model is given.
    fn question(
        &self,
        chat: &ChatPrompt,
        decoding: &DecodingSettings,
    ) -> Result<(Question, Option<String>), ModelError> {
        let history = chat
            .history
            .iter()
            .flat_map(|(user, assistant)| [ChatMessage::user(user), ChatMessage::assistant(assistant)]);
        let turns: Vec<ChatMessage> = history.chain([ChatMessage::user(&chat.user)]).collect();
        let prompt = self.encode(chat.system.as_deref().unwrap_or(""), &turns)?;
        let rendered = self.tokenizer.decode(&prompt, false).ok();
        let question = Question {
            prompt,
            max_new_tokens: decoding.max_new_tokens,
            sampling: decoding.sampling_of(chat.attempt),
            constraint: decoding.constraints.get(&chat.database).cloned(),
        };
        Ok((question, rendered))
    }

    /// Begins an answer; it does not depend on the other answers that are written at the time. Dropping it stops it.
    ///
    /// # Errors
    /// When the question is impossible.
    pub fn submit(&self, question: Question) -> Result<Generation, InferenceError> {
        let mask = question
            .constraint
            .map(|constraint| self.mask(constraint, question.sampling));
        let stop_tokens = self.template.stop_tokens(&self.tokenizer);
        self.scheduler.submit(GenerationRequest {
            mask,
            sampling: question.sampling,
            ..GenerationRequest::greedy(question.prompt, question.max_new_tokens, stop_tokens)
        })
    }

    fn mask(&self, constraint: Arc<SchemaConstraint>, sampling: Sampling) -> Box<dyn LogitsMask> {
        let token_bytes = self.token_bytes.get_or_init(|| self.tokenizer.token_bytes().into());
        let thinks = self.template.thinks() && self.thinking == Thinking::Enabled;
        Box::new(SchemaMask::new(constraint, Arc::clone(token_bytes), sampling, thinks))
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
            .encode_prompt(&self.tokenizer, system, turns, self.thinking)
    }
}

/// Why an answer ended, in the words of a chat protocol.
pub fn finish_reason(finish: Finish) -> FinishReason {
    match finish {
        Finish::Length => FinishReason::Length,
        _ => FinishReason::Stop,
    }
}

/// A model that predicts, and can be stopped at any time.
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
}

/// A prompt at the model, with the number of its chat.
struct UnderWay {
    number: usize,
    rendered_prompt: Option<String>,
    generation: Generation,
}

impl UnderWay {
    async fn answer(self) -> (usize, Result<Completion, String>) {
        let outcome = self.generation.completion().await;
        let completion = outcome.map_err(|error| error.to_string()).map(|completion| Completion {
            text: completion.text.trim().to_owned(),
            rendered_prompt: self.rendered_prompt,
            tokens: Some(completion.tokens.len() as u64),
            finish_reason: Some(finish_reason(completion.finish).name().to_owned()),
            agreement: None,
        });
        (self.number, completion)
    }
}

impl LocalGenerator {
    /// Tokenises some chats, which takes a while and is done off the runtime, and begins their answers.
    async fn begin(&self, chats: Vec<(usize, ChatPrompt)>) -> Vec<Result<UnderWay, (usize, String)>> {
        let (model, decoding) = (self.model.clone(), self.decoding.clone());
        let begin = move |(number, chat): (usize, ChatPrompt)| {
            let (question, rendered_prompt) = model
                .question(&chat, &decoding)
                .map_err(|error| (number, error.to_string()))?;
            let generation = model.submit(question).map_err(|error| (number, error.to_string()))?;
            Ok(UnderWay {
                number,
                rendered_prompt,
                generation,
            })
        };
        off_runtime(move || chats.into_iter().map(begin).collect()).await
    }
}

#[async_trait]
impl TextGenerator for LocalGenerator {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let rows = self.model.rows_at_once.max(1);
        let mut waiting = prompts.into_iter().enumerate();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < rows * PROMPTS_PER_ROW {
                let next: Vec<(usize, ChatPrompt)> = waiting.by_ref().take(rows).collect();
                if next.is_empty() {
                    break;
                }
                for begun in self.begin(next).await {
                    match begun {
                        Ok(answer) => under_way.push(answer.answer()),
                        Err((number, reason)) => on_completion(number, Err(reason)),
                    }
                }
            }
            tokio::select! {
                biased;
                answer = under_way.next() => match answer {
                    Some((number, completion)) => on_completion(number, completion),
                    None => return,
                },
                // What is under way is dropped, and stops.
                () = self.cancel.cancelled() => return,
            }
        }
    }
}
