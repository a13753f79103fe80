//! Prediction runs: a dataset through a model into `generated_predictions.jsonl`.
//!
//! Every line is on disk as soon as its prediction is made, whole or not at all. A run that stopped continues where it was: rows
//! that have a line of the same settings and prompt are not asked again, and half a line left by a killed process is cut off. At the
//! end the lines are put in the order of the examples, so that the bytes do not depend on who was answered first.

use std::{
    io,
    sync::Mutex,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    agreement::Agreement,
    candidates::CandidateSettings,
    dataset::Example,
    extraction::extract_sql_of,
    prediction_journal::{JournalError, PredictionJournal},
    scoring::SqlReader,
};

/// What a model is asked: a chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatPrompt {
    /// System message.
    pub system: Option<String>,
    /// Earlier turns, user and assistant.
    pub history: Vec<(String, String)>,
    /// Last user message.
    pub user: String,
    /// Database the question is asked of.
    pub database: String,
    /// 0 for the answer that counts; the further candidates are numbered, and each is another sample.
    pub attempt: u32,
}

impl ChatPrompt {
    /// What an example asks.
    pub(crate) fn of(example: &Example, attempt: u32) -> Self {
        Self {
            system: example.system.clone(),
            history: example.history.clone(),
            user: example.prompt.clone(),
            database: example.database.clone(),
            attempt,
        }
    }
}

/// What a model answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The answer.
    pub text: String,
    /// The prompt as the model saw it, template included, where that is known.
    pub rendered_prompt: Option<String>,
    /// Tokens generated, where that is known.
    pub tokens: Option<u64>,
    /// Why the answer ended, in the words of OpenAI's `finish_reason`, where that is known.
    pub finish_reason: Option<String>,
    /// How far the answer and further ones agree, where it has some.
    pub agreement: Option<Agreement>,
}

impl Completion {
    /// Whether the answer was cut off because it had as many tokens as it may have.
    pub fn is_cut_off(&self) -> bool {
        self.finish_reason.as_deref() == Some("length")
    }
}

/// Takes the answer, or the reason there is none, to the prompt of this index.
pub type OnCompletion<'c> = &'c (dyn Fn(usize, Result<Completion, String>) + Sync);

/// A model, local or behind an endpoint.
#[async_trait]
pub trait TextGenerator: Send + Sync {
    /// Answers all prompts, batched or concurrently as it sees fit, and hands each answer over as soon as it is there.
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>);
}

/// A line of `generated_predictions.jsonl`: LLaMA-Factory's three fields and ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The prompt as the model saw it, or the last user message.
    #[serde(default)]
    pub prompt: String,
    /// What the model wrote; empty where it failed.
    pub predict: String,
    /// Reference answer; empty where there is none.
    #[serde(default)]
    pub label: String,
    /// Id of the example.
    #[serde(default, deserialize_with = "id_as_text")]
    pub id: String,
    /// Database it is asked of.
    #[serde(default)]
    pub db_id: String,
    /// The question.
    #[serde(default)]
    pub question: String,
    /// The SQL extracted from the answer.
    #[serde(default)]
    pub predicted_sql: String,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why the answer ended; `length` where it was cut off at the most tokens it may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// How far the answer and further ones agree, where it has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Fingerprint of the [settings](crate::prediction_settings::PredictionSettings) that made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// Digest of what was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
}

/// Ids are often numbers.
fn id_as_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(serde_json::Number),
    }
    Ok(match Id::deserialize(deserializer)? {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    })
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throughput {
    /// Rows of the dataset.
    pub rows: usize,
    /// Rows found on disk when the run began.
    pub resumed: usize,
    /// Rows predicted by this run.
    pub predicted: usize,
    /// Rows among them the model failed on.
    pub failed: usize,
    /// Rows among them whose answer was cut off at the most tokens it may have.
    pub cut_off: usize,
    /// Tokens generated by this run, as far as the model tells.
    pub tokens: u64,
    /// Time this run took so far.
    pub elapsed: Duration,
}

impl Throughput {
    /// Whether every row has an answer.
    pub fn is_whole(&self) -> bool {
        self.resumed + self.predicted == self.rows && self.failed == 0
    }

    /// Rows a second.
    pub fn rows_per_second(&self) -> f64 {
        self.predicted as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// Tokens a second.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Examples whose candidates are looked at together; their lines are written together too.
const CANDIDATES_AT_ONCE: usize = 32;

/// Predicts every example that the journal does not answer yet. With `candidates`, answers that do not run are given a second look.
/// `reader` knows the dialect of the statements in the answers.
///
/// # Errors
/// The file cannot be read or written.
pub async fn predict(
    generator: &dyn TextGenerator,
    examples: &[Example],
    candidates: Option<&CandidateSettings>,
    reader: Option<&dyn SqlReader>,
    journal: PredictionJournal,
    progress: &(dyn Fn(&Throughput) + Sync),
) -> Result<Throughput, JournalError> {
    let open: Vec<&Example> = examples.iter().filter(|example| !journal.answers(example)).collect();
    let run = Mutex::new(Run {
        journal,
        error: None,
        throughput: Throughput {
            rows: examples.len(),
            resumed: examples.len() - open.len(),
            ..Throughput::default()
        },
    });
    let begun = Instant::now();
    let on_completion = |at: usize, completion: Result<Completion, String>| {
        let Some(example) = open.get(at) else { return };
        let mut run = run.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        run.take(example, completion, reader);
        run.throughput.elapsed = begun.elapsed();
        progress(&run.throughput);
    };
    match candidates {
        None => {
            let prompts = open.iter().map(|example| ChatPrompt::of(example, 0));
            generator.generate(prompts.collect(), &on_completion).await;
        }
        Some(candidates) => {
            for (block, examples) in open.chunks(CANDIDATES_AT_ONCE).enumerate() {
                let Some(answers) = candidates.answers(generator, examples, reader).await else {
                    break;
                };
                for (at, answer) in answers.into_iter().enumerate() {
                    on_completion(block * CANDIDATES_AT_ONCE + at, answer);
                }
            }
        }
    }
    let run = run.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let written = match run.error {
        Some(error) => Err(error),
        None => run.journal.put_in_order(examples),
    };
    written.map_err(|error| run.journal.error(error))?;
    Ok(Throughput {
        elapsed: begun.elapsed(),
        ..run.throughput
    })
}

struct Run {
    journal: PredictionJournal,
    error: Option<io::Error>,
    throughput: Throughput,
}

impl Run {
    fn take(&mut self, example: &Example, completion: Result<Completion, String>, reader: Option<&dyn SqlReader>) {
        self.throughput.predicted += 1;
        let (completion, error) = match completion {
            Ok(completion) => (completion, None),
            Err(error) => {
                self.throughput.failed += 1;
                (Completion::default(), Some(error))
            }
        };
        self.throughput.tokens += completion.tokens.unwrap_or(0);
        self.throughput.cut_off += usize::from(completion.is_cut_off());
        let line = Prediction {
            prompt: completion.rendered_prompt.unwrap_or_else(|| example.prompt.clone()),
            predicted_sql: extract_sql_of(reader, &example.database, &completion.text),
            predict: completion.text,
            label: example.gold.clone().unwrap_or_default(),
            id: example.id.clone(),
            db_id: example.database.clone(),
            question: example.question.clone(),
            error,
            finish_reason: completion.finish_reason,
            agreement: completion.agreement,
            ..Prediction::default()
        };
        if self.error.is_none() {
            self.error = self.journal.append(example, line).err();
        }
    }
}
