//! How a run is: stages, rates, cost, notes.

use std::collections::VecDeque;

use nl2sql_catalog::Plan;
use nl2sql_pipeline::{RunFolder, Stage, StageState, artifact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::evaluation_report::REPORT;
use super::library::RunEntry;
use super::progress::{PredictionProgress, Progress, RunNote, RunState, StageProgress, StageStanding};
use super::run_error::RunError;
use super::watched_run::WatchedRun;
use crate::job::USAGE;

/// How a run is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunOverview {
    /// As in the list.
    #[serde(flatten)]
    pub entry: RunEntry,
    /// Its dialect.
    pub dialect: String,
    /// Its seed.
    pub seed: u64,
    /// Version of the program that made it.
    pub version: String,
    /// Why the last job failed.
    pub message: Option<String>,
    /// The six stages.
    pub stages: Vec<StageProgress>,
    /// Predictions, where some were made.
    pub prediction: Option<PredictionProgress>,
    /// Requests, tokens and money: `total`, by `stages`, by `topics`.
    pub usage: Option<Value>,
    /// What the user should know, the oldest first.
    pub notes: VecDeque<RunNote>,
    /// Where its events end, in bytes.
    pub events_end: u64,
    /// Which parts it has.
    pub has: Held,
}

/// Which parts a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Held {
    /// Pairs.
    pub pairs: bool,
    /// A plan, and what pairs cover of it.
    pub coverage: bool,
    /// A training.
    pub training: bool,
    /// An evaluation.
    pub evaluation: bool,
}

/// The part of `run.toml` that is shown.
#[derive(Default, Deserialize)]
struct Manifest {
    version: String,
    seed: u64,
}

/// The part of `metadata.json` that is shown.
#[derive(Default, Deserialize)]
struct Catalog {
    name: String,
    dialect: String,
}

/// What a run is about. Parts that are not there yet, or are being rewritten, are empty.
#[derive(Default)]
pub(super) struct RunHead {
    pub(super) database: String,
    dialect: String,
    seed: u64,
    version: String,
    pub(super) wanted: u64,
}

impl RunHead {
    pub(super) fn read(artifacts: &RunFolder) -> Self {
        let catalog: Catalog = artifacts.read_json(artifact::METADATA).unwrap_or_default();
        let plan: Plan = artifacts.read_json(artifact::PLAN).unwrap_or_default();
        let manifest = artifacts.read(artifact::RUN).ok().flatten().unwrap_or_default();
        let manifest: Manifest = toml::from_slice(&manifest).unwrap_or_default();
        Self {
            database: catalog.name,
            dialect: catalog.dialect,
            seed: manifest.seed,
            version: manifest.version,
            wanted: plan.total(),
        }
    }
}

impl WatchedRun {
    /// How the run is.
    pub(super) fn overview(&self) -> Result<RunOverview, RunError> {
        let (progress, events_end) = self.progress()?;
        let artifacts = self.artifacts();
        let head = RunHead::read(&artifacts);
        Ok(RunOverview {
            entry: self.entry()?,
            dialect: head.dialect,
            seed: head.seed,
            version: head.version,
            message: progress.message.clone(),
            stages: stages(&artifacts, &progress),
            prediction: progress.prediction.clone(),
            usage: usage(&artifacts, &progress)?,
            events_end,
            has: Held {
                pairs: self.has(&[artifact::SAMPLES]),
                coverage: self.has(&[artifact::PLAN]),
                training: progress.training.is_some() || self.has(&["train/trainer_log.jsonl"]),
                evaluation: self.has(&[REPORT]),
            },
            notes: progress.notes,
        })
    }
}

/// Every stage: as its events tell it and, where there are none, as the ledger records it.
fn stages(artifacts: &RunFolder, progress: &Progress) -> Vec<StageProgress> {
    // A ledger that is being rewritten is seen the next time.
    let recorded = artifacts.stages().unwrap_or_default();
    let is_running = progress.state() == RunState::Running;
    let stage = |stage: Stage| {
        let mut found = progress.stages.get(&stage).cloned().unwrap_or_default();
        stage.name().clone_into(&mut found.stage);
        let record = recorded.iter().find(|(name, _, _)| *name == stage);
        if let Some((_, state, summary)) = record {
            found.take_record(*state, summary);
        }
        if found.state == StageStanding::Running && !is_running {
            found.state = StageStanding::Begun;
        }
        found
    };
    Stage::ALL.map(stage).into()
}

impl StageProgress {
    fn take_record(&mut self, state: StageState, summary: &nl2sql_pipeline::StageSummary) {
        self.state = match (self.state, state) {
            (StageStanding::Waiting, StageState::Complete) => StageStanding::Done,
            (StageStanding::Waiting, StageState::Begun) => StageStanding::Begun,
            (StageStanding::Waiting | StageStanding::Done, StageState::Short) => StageStanding::Short,
            // Events are newer than the ledger.
            (told, StageState::Complete | StageState::Begun | StageState::Short) => told,
        };
        if self.summary.is_none() && state != StageState::Begun {
            self.summary = Some(summary.clone());
        }
    }
}

/// What the language model has cost: by stage and topic as the last job wrote it, in total as it was told last.
fn usage(artifacts: &RunFolder, progress: &Progress) -> Result<Option<Value>, RunError> {
    let written = artifacts.read(USAGE).map_err(RunError::unavailable)?;
    let written: Option<Value> = written.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let spent = progress.spent.filter(|_| progress.state() == RunState::Running);
    Ok(match (written, spent) {
        (written, Some(spent)) => {
            let mut usage = written.unwrap_or_else(|| json!({ "stages": [], "topics": [] }));
            usage["total"] = json!(spent);
            Some(usage)
        }
        (written, None) => written,
    })
}
