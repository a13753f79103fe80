//! Everything a job does, as events that a terminal, a file or a socket can show.

use std::time::{SystemTime, UNIX_EPOCH};

use nl2sql_pipeline::{ReviewStep, RoundRecord, Stage, StageSummary};
use nl2sql_training::events::TrainEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the form of events; a reader refuses a later one.
pub const EVENT_VERSION: u32 = 1;

/// One thing that happened. A line of `events.jsonl` is one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Version of the form.
    pub version: u32,
    /// Seconds since 1970-01-01 UTC, to the millisecond: so many digits survive JSON unchanged.
    pub time: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// Something that happens now.
    pub fn now(kind: EventKind) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            version: EVENT_VERSION,
            time: time.map_or(0.0, |elapsed| elapsed.as_millis() as f64 / 1_000.0),
            kind,
        }
    }
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// A job began.
    JobStarted {
        /// Its name, which is the command's.
        job: String,
    },
    /// A job ended.
    JobFinished {
        /// Its name.
        job: String,
        /// How long it took.
        seconds: f64,
    },
    /// A job failed or was stopped.
    JobFailed {
        /// Its name.
        job: String,
        /// Why.
        message: String,
    },
    /// A stage began.
    StageStarted {
        /// The stage.
        stage: Stage,
    },
    /// A stage was already done.
    StageUpToDate {
        /// The stage.
        stage: Stage,
        /// What it had done.
        summary: StageSummary,
    },
    /// A stage advanced.
    Progress {
        /// The stage.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units to do.
        total: u64,
    },
    /// A round of generation was written.
    Round {
        /// The round.
        round: RoundRecord,
    },
    /// Something the user should know.
    Note {
        /// The stage it comes from, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stage: Option<Stage>,
        /// One sentence.
        message: String,
    },
    /// A stage ended.
    StageFinished {
        /// The stage.
        stage: Stage,
        /// What it did.
        summary: StageSummary,
        /// How long it took.
        seconds: f64,
    },
    /// A stage stopped.
    StageFailed {
        /// The stage.
        stage: Stage,
        /// Why.
        message: String,
    },
    /// A training advanced.
    Training {
        /// What it did.
        training: TrainEvent,
    },
    /// A model is being loaded.
    LoadingModel {
        /// Its folder.
        model: String,
    },
    /// Predictions advanced.
    Predicting {
        /// Rows done, those of earlier sessions included.
        done: u64,
        /// Rows in all.
        total: u64,
        /// Rows the model failed on.
        failed: u64,
        /// Rows per second in this session.
        rows_per_second: f64,
        /// Tokens per second in this session.
        tokens_per_second: f64,
    },
    /// What the language model has cost so far, earlier jobs included.
    Spent {
        /// Answers that were paid for.
        requests: u64,
        /// Tokens of prompts.
        input_tokens: u64,
        /// Tokens of answers.
        output_tokens: u64,
        /// Money; unknown where a provider has no prices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cost: Option<f64>,
    },
    /// Somebody decided about a pair.
    PairReviewed {
        /// Id of the sample.
        sample: String,
        /// What was decided.
        step: ReviewStep,
        /// Who decided.
        by: String,
    },
}

impl From<&nl2sql_pipeline::Event<'_>> for EventKind {
    fn from(event: &nl2sql_pipeline::Event<'_>) -> Self {
        use nl2sql_pipeline::Event as Stages;
        match *event {
            Stages::StageStarted { stage } => Self::StageStarted { stage },
            Stages::StageUpToDate { stage, summary } => Self::StageUpToDate {
                stage,
                summary: summary.clone(),
            },
            Stages::Progress { stage, done, total } => Self::Progress { stage, done, total },
            Stages::Round { round } => Self::Round { round: round.clone() },
            Stages::Note { stage, message } => Self::Note {
                stage: Some(stage),
                message: message.to_owned(),
            },
            Stages::StageFinished {
                stage,
                summary,
                seconds,
            } => Self::StageFinished {
                stage,
                summary: summary.clone(),
                seconds,
            },
            Stages::StageFailed { stage, message } => Self::StageFailed {
                stage,
                message: message.to_owned(),
            },
        }
    }
}
