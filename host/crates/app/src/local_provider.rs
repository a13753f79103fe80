//! A model on this machine as a provider of the LLM stages, under the same interface as one behind a URL.

use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use async_trait::async_trait;
use nl2sql_inference::Sampling;
use nl2sql_llm::{ChatAnswer, ChatProvider, ChatRequest, LlmError, ProviderFault, ProviderSettings, without_schema};
use nl2sql_model::templates::{ChatMessage, resolve_template};
use tokio::sync::oneshot;

use crate::diagnostic::advised;
use crate::local_model::{LocalModel, LocalModelSettings, Question, finish_reason};
use crate::local_models::LocalModels;
use crate::weights_identity;

/// How long a lone request waits for others to be decoded together with it.
const GATHERING: Duration = Duration::from_millis(20);
/// Least room for an answer, in tokens.
const LEAST_ROOM: usize = 64;

type Answer = Result<ChatAnswer, ProviderFault>;

struct GenerationJob {
    request: ChatRequest,
    seed: u64,
    answer: oneshot::Sender<Answer>,
}

/// The provider. The model is loaded when the first question comes that no earlier answer meets.
pub struct LocalProvider {
    /// Name in the profile.
    name: String,
    settings: ProviderSettings,
    weights: LocalModelSettings,
    models: LocalModels,
    worker: Mutex<Option<mpsc::Sender<GenerationJob>>>,
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
            worker: Mutex::default(),
        })
    }

    /// Hands an job to the thread that has the model; it is started when there is none.
    fn hand_over(&self, job: GenerationJob) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match &*worker {
            Some(sender) => match sender.send(job) {
                Ok(()) => return,
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let (sender, jobs) = mpsc::channel();
        // The receiver is at hand, so sending cannot fail.
        let _ = sender.send(job);
        let worker_thread = Worker {
            name: self.name.clone(),
            settings: self.settings.clone(),
            weights: self.weights.clone(),
            models: self.models.clone(),
        };
        std::thread::spawn(move || worker_thread.serve(&jobs));
        *worker = Some(sender);
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
        let (answer, answered) = oneshot::channel();
        self.hand_over(GenerationJob {
            request: request.clone(),
            seed: idempotency_key
                .get(..16)
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .unwrap_or_default(),
            answer,
        });
        answered
            .await
            .unwrap_or_else(|_| Err(self.fault("the model's thread ended before it had answered".to_owned())))
    }
}

impl LocalProvider {
    fn fault(&self, message: String) -> ProviderFault {
        ProviderFault::Final(format!("{}: {message}", self.name))
    }
}

/// The thread that has the model.
struct Worker {
    /// Name of the provider.
    name: String,
    settings: ProviderSettings,
    weights: LocalModelSettings,
    models: LocalModels,
}

impl Worker {
    fn serve(&self, jobs: &mpsc::Receiver<GenerationJob>) {
        let rows = self.weights.rows_at_once;
        let model = self.models.get(&self.weights);
        let model = model.map_err(|error| self.fault(advised(&error)));
        while let Ok(first) = jobs.recv() {
            let mut together = vec![first];
            while together.len() < rows
                && let Ok(next) = jobs.recv_timeout(GATHERING)
            {
                together.push(next);
            }
            match &model {
                Ok(model) => self.answer(model, together),
                Err(fault) => together
                    .into_iter()
                    .for_each(|job| reply(job.answer, Err(fault.clone()))),
            }
        }
    }

    fn answer(&self, model: &LocalModel, jobs: Vec<GenerationJob>) {
        let mut replies: Vec<Option<oneshot::Sender<Answer>>> = Vec::new();
        let mut questions = Vec::new();
        for job in jobs {
            match self.question(model, &job.request, job.seed) {
                Ok(question) => {
                    questions.push(question);
                    replies.push(Some(job.answer));
                }
                Err(fault) => reply(job.answer, Err(fault)),
            }
        }
        let outcome = model.generate(questions, &mut |number, completion| {
            if let Some(waiting) = replies.get_mut(number).and_then(Option::take) {
                reply(
                    waiting,
                    Ok(ChatAnswer {
                        content: completion.text.trim().to_owned(),
                        finish_reason: finish_reason(completion.finish),
                        input_tokens: completion.prompt_tokens as u32,
                        output_tokens: completion.tokens.len().max(1) as u32,
                    }),
                );
            }
        });
        if let Err(error) = outcome {
            let fault = self.fault(advised(&error));
            replies
                .into_iter()
                .flatten()
                .for_each(|waiting| reply(waiting, Err(fault.clone())));
        }
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

/// Whoever asked may have gone, e.g. after Ctrl-C.
fn reply(waiting: oneshot::Sender<Answer>, answer: Answer) {
    drop(waiting.send(answer));
}
