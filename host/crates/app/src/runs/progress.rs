//! How far a run is: its events, added up.

use std::collections::{BTreeMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use nl2sql_pipeline::{Stage, StageSummary};
use schemars::JsonSchema;
use serde::Serialize;

use super::plain_text::without_places;
use super::training_report::TrainingProgress;
use crate::{Event, EventKind};

/// Notes that are kept.
const NOTES: usize = 50;
/// Seconds over which a rate is measured.
const RATE_WINDOW: f64 = 60.0;
/// Measurements kept for a rate.
const RATE_POINTS: usize = 64;
/// A job that has told nothing for so many seconds may have been killed.
const SILENT_AFTER: f64 = 600.0;

/// How a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Nothing was begun.
    #[default]
    New,
    /// A job works on it.
    Running,
    /// The last job ended.
    Done,
    /// The last job failed or was stopped.
    Failed,
    /// The last job has neither ended nor told anything for ten minutes.
    Silent,
}

/// How a stage is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageStanding {
    /// Not begun.
    #[default]
    Waiting,
    /// Under way.
    Running,
    /// Begun by a job that is gone.
    Begun,
    /// Done.
    Done,
    /// Ended short of its budgets.
    Short,
    /// Stopped.
    Failed,
}

/// How far a stage is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct StageProgress {
    /// Name of the stage.
    pub stage: String,
    /// How it is.
    pub state: StageStanding,
    /// Units done.
    pub done: Option<u64>,
    /// Units to do.
    pub total: Option<u64>,
    /// Units per second in the last minute.
    pub rate: Option<f64>,
    /// Seconds to its end.
    pub remaining: Option<f64>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// What it did.
    pub summary: Option<StageSummary>,
    /// Why it stopped.
    pub message: Option<String>,
    #[serde(skip)]
    points: VecDeque<(f64, u64)>,
}

/// How far predictions are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PredictionProgress {
    /// Rows done.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
    /// Rows the model failed on.
    pub failed: u64,
    /// Rows per second.
    pub rows_per_second: f64,
    /// Tokens per second.
    pub tokens_per_second: f64,
}

/// Something the user should know.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RunNote {
    /// Seconds since 1970-01-01 UTC.
    pub time: f64,
    /// The stage it comes from, if any.
    pub stage: Option<String>,
    /// One sentence.
    pub message: String,
}

/// What the events of a run come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Name of the last job.
    pub(super) job: Option<String>,
    /// `Some(true)` when it ended well, `Some(false)` when not.
    ended: Option<bool>,
    /// Why it failed.
    pub(super) message: Option<String>,
    pub(super) started: Option<f64>,
    pub(super) updated: Option<f64>,
    pub(super) stages: BTreeMap<Stage, StageProgress>,
    pub(super) training: Option<TrainingProgress>,
    pub(super) prediction: Option<PredictionProgress>,
    pub(super) notes: VecDeque<RunNote>,
    /// What the language model has cost, as told last: requests, tokens in and out, money.
    pub(super) spent: Option<Spent>,
}

/// What the language model has cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spent {
    requests: u64,
    input_tokens: u64,
    output_tokens: u64,
    cost: Option<f64>,
}

impl Progress {
    /// How the run is now.
    pub(super) fn state(&self) -> RunState {
        match (self.ended, self.updated) {
            (Some(true), _) => RunState::Done,
            (Some(false), _) => RunState::Failed,
            (None, None) => RunState::New,
            (None, Some(updated)) if now() - updated > SILENT_AFTER => RunState::Silent,
            (None, Some(_)) => RunState::Running,
        }
    }

    /// Adds what happened next.
    pub(super) fn add(&mut self, event: &Event) {
        let time = event.time;
        // People who look at a run do not make it go on.
        if matches!(event.kind, EventKind::PairReviewed { .. }) {
            return;
        }
        self.updated = Some(time);
        self.started.get_or_insert(time);
        match &event.kind {
            EventKind::JobStarted { job } => self.begin(job),
            EventKind::JobFinished { .. } => self.ended = Some(true),
            EventKind::JobFailed { message, .. } => {
                self.ended = Some(false);
                self.message = Some(without_places(message));
            }
            EventKind::StageStarted { stage } => {
                *self.stage(*stage) = StageProgress {
                    state: StageStanding::Running,
                    ..StageProgress::default()
                };
            }
            EventKind::StageUpToDate { stage, summary } => {
                let progress = self.stage(*stage);
                progress.state = StageStanding::Done;
                progress.summary = Some(summary.clone());
            }
            EventKind::Progress { stage, done, total } => self.stage(*stage).advance(time, *done, *total),
            EventKind::StageFinished {
                stage,
                summary,
                seconds,
            } => {
                *self.stage(*stage) = StageProgress {
                    state: StageStanding::Done,
                    seconds: Some(*seconds),
                    summary: Some(summary.clone()),
                    ..StageProgress::default()
                };
            }
            EventKind::StageFailed { stage, message } => {
                let progress = self.stage(*stage);
                progress.state = StageStanding::Failed;
                progress.message = Some(without_places(message));
            }
            EventKind::Note { stage, message } => self.note(time, *stage, message),
            EventKind::Training { training } => self.training.get_or_insert_default().add(training),
            EventKind::Predicting {
                done,
                total,
                failed,
                rows_per_second,
                tokens_per_second,
            } => {
                self.prediction = Some(PredictionProgress {
                    done: *done,
                    total: *total,
                    failed: *failed,
                    rows_per_second: *rows_per_second,
                    tokens_per_second: *tokens_per_second,
                });
            }
            EventKind::Spent {
                requests,
                input_tokens,
                output_tokens,
                cost,
            } => {
                self.spent = Some(Spent {
                    requests: *requests,
                    input_tokens: *input_tokens,
                    output_tokens: *output_tokens,
                    cost: *cost,
                });
            }
            EventKind::Round { .. } | EventKind::LoadingModel { .. } | EventKind::PairReviewed { .. } => {}
        }
    }

    /// What an earlier job left under way is not under way any more.
    fn begin(&mut self, job: &str) {
        self.job = Some(job.to_owned());
        (self.ended, self.message) = (None, None);
        for stage in self.stages.values_mut() {
            if stage.state == StageStanding::Running {
                stage.state = StageStanding::Begun;
            }
        }
        if job == "predict" || job == "eval" {
            self.prediction = None;
        }
    }

    fn stage(&mut self, stage: Stage) -> &mut StageProgress {
        self.stages.entry(stage).or_default()
    }

    fn note(&mut self, time: f64, stage: Option<Stage>, message: &str) {
        if self.notes.len() == NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(RunNote {
            time,
            stage: stage.map(|stage| stage.name().to_owned()),
            message: without_places(message),
        });
    }
}

impl StageProgress {
    fn advance(&mut self, time: f64, done: u64, total: u64) {
        self.state = StageStanding::Running;
        (self.done, self.total) = (Some(done), Some(total));
        self.points.push_back((time, done));
        while self.points.len() > RATE_POINTS
            || self.points.len() > 2 && self.points.front().is_some_and(|(first, _)| time - first > RATE_WINDOW)
        {
            self.points.pop_front();
        }
        let Some((first, begun)) = self.points.front().copied() else {
            return;
        };
        let advanced = done.saturating_sub(begun) as f64;
        self.rate = (time > first && advanced > 0.0).then(|| advanced / (time - first));
        self.remaining = self.rate.map(|rate| total.saturating_sub(done) as f64 / rate);
    }
}

/// Seconds since 1970-01-01 UTC.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use nl2sql_pipeline::{Stage, StageSummary};

    use super::{Progress, RunState, StageStanding, now};
    use crate::{Event, EventKind};

    fn told(events: &[(f64, EventKind)]) -> Progress {
        let mut progress = Progress::default();
        for (after, kind) in events {
            progress.add(&Event {
                version: 1,
                time: now() - 60.0 + after,
                kind: kind.clone(),
            });
        }
        progress
    }

    fn generated(done: u64) -> EventKind {
        EventKind::Progress {
            stage: Stage::Generate,
            done,
            total: 100,
        }
    }

    #[test]
    fn a_stage_under_way_has_a_rate_and_an_end_in_sight() {
        let started = EventKind::JobStarted { job: "run".into() };
        let progress = told(&[
            (0.0, started.clone()),
            (1.0, EventKind::StageStarted { stage: Stage::Generate }),
            (2.0, generated(0)),
            (12.0, generated(20)),
        ]);
        let stage = &progress.stages[&Stage::Generate];
        assert_eq!(progress.state(), RunState::Running);
        assert_eq!((stage.state, stage.done), (StageStanding::Running, Some(20)));
        assert!((stage.rate.unwrap() - 2.0).abs() < 0.01, "{stage:?}");
        assert!((stage.remaining.unwrap() - 40.0).abs() < 0.5);
        // A job that begins again says that the other one is gone.
        let again = told(&[(0.0, started.clone()), (1.0, generated(5)), (2.0, started)]);
        assert_eq!(again.stages[&Stage::Generate].state, StageStanding::Begun);
    }

    #[test]
    fn the_end_of_a_job_says_how_it_went() {
        let failed = EventKind::JobFailed {
            job: "run".into(),
            message: "/home/me/x.sqlite is gone".into(),
        };
        let progress = told(&[(0.0, failed)]);
        assert_eq!(progress.state(), RunState::Failed);
        assert_eq!(progress.message.as_deref(), Some("x.sqlite is gone"));
        let finished = EventKind::StageFinished {
            stage: Stage::Plan,
            summary: StageSummary::default(),
            seconds: 1.5,
        };
        let done = EventKind::JobFinished {
            job: "run".into(),
            seconds: 2.0,
        };
        let progress = told(&[(0.0, finished), (1.0, done)]);
        assert_eq!(progress.state(), RunState::Done);
        assert_eq!(progress.stages[&Stage::Plan].seconds, Some(1.5));
        let silent = told(&[(-1_000.0, EventKind::JobStarted { job: "run".into() })]);
        assert_eq!(silent.state(), RunState::Silent);
        assert_eq!(Progress::default().state(), RunState::New);
    }
}
