//! Trains an adapter on what the run exported.

use std::path::PathBuf;

use nl2sql_training::events::TrainEvent;
use nl2sql_training::plan::{PlanFigures, TrainPlan};
use nl2sql_training::{TrainSettings, TrainSummary};

use super::JobContext;
use super::training_stages::{Stage, stages};
use crate::{AppError, EventKind};

/// What to train, on what. Where it says nothing, the profile does.
#[derive(Clone, Debug, Default)]
pub struct TrainRequest {
    /// LLaMA-Factory recipe (YAML); its settings take the place of the profile's.
    pub recipe: Option<PathBuf>,
    /// Hugging Face folder of the base model.
    pub model: Option<PathBuf>,
    /// Data set: a file, or a name of `dataset_info.json`; the run's training split by default.
    pub dataset: Option<String>,
    /// Folder of SQLite files that the questions of `dataset`, a file in Spider's layout, are asked of.
    pub databases: Option<PathBuf>,
    /// Folder of the adapter; `train/` of the run by default.
    pub output: Option<PathBuf>,
    /// Device or devices.
    pub device: Option<String>,
    /// Refuses an output folder that holds checkpoints instead of continuing from the last.
    pub no_resume: bool,
}

/// Trains.
pub(super) fn train(job: &JobContext, request: &TrainRequest) -> Result<TrainSummary, AppError> {
    let stages = stages(job, request)?;
    for stage in &stages.first {
        announce(job, stage);
        train_stage(job, &stage.settings)?;
    }
    train_stage(job, &stages.last)
}

/// Trains one stage. One that ended is not trained again: its last checkpoint says that nothing is left to do.
fn train_stage(job: &JobContext, settings: &TrainSettings) -> Result<TrainSummary, AppError> {
    let summary = nl2sql_training::train(settings, &mut teller(job))?;
    if summary.cancelled {
        let kept = format!(
            "the last checkpoint in {} holds what was trained, {} steps so far",
            summary.output.display(),
            summary.steps
        );
        return Err(AppError::Stopped { kept });
    }
    Ok(summary)
}

/// Prepares the data, and says what a training would do; stages before the last are told as notes.
pub(super) fn plan(job: &JobContext, request: &TrainRequest) -> Result<PlanFigures, AppError> {
    let stages = stages(job, request)?;
    for stage in &stages.first {
        announce(job, stage);
        job.note(plan_stage(job, &stage.settings)?);
    }
    plan_stage(job, &stages.last)
}

fn plan_stage(job: &JobContext, settings: &TrainSettings) -> Result<PlanFigures, AppError> {
    Ok(TrainPlan::prepare(settings, &mut teller(job))?.figures(settings)?)
}

fn announce(job: &JobContext, stage: &Stage) {
    job.note(format!("stage {}: {}", stage.name, stage.settings.output.display()));
}

fn teller(job: &JobContext) -> impl FnMut(&TrainEvent) {
    |event| {
        job.tell(EventKind::Training {
            training: event.clone(),
        });
    }
}
