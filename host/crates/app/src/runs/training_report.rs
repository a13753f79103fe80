//! A training: how far it is, and its curves.

use std::path::Path;

use nl2sql_evaluation::report::{Curve, SettingGroup, TrainingRun};
use nl2sql_training::events::TrainEvent;
use schemars::JsonSchema;
use serde::Serialize;

use super::plain_text::without_places;
use super::progress::RunState;
use super::run_error::RunError;

/// Most points of a curve that are told; more cannot be told apart.
const MAX_POINTS: usize = 1_500;
/// Folder of the adapter.
const TRAIN: &str = "train";

/// How far a training is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TrainingReport {
    /// How it is.
    pub state: RunState,
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub total_steps: usize,
    /// Completed epochs, with fraction.
    pub epoch: Option<f64>,
    /// Seconds to the end.
    pub remaining: Option<f64>,
    /// Tokens per second.
    pub tokens_per_second: Option<f64>,
    /// Name of the device.
    pub device: Option<String>,
    /// Training samples.
    pub samples: Option<usize>,
    /// Trainable parameters.
    pub trainable: Option<usize>,
    /// Why it stops or cannot save.
    pub message: Option<String>,
    /// Figures by step.
    pub curves: TrainingCurves,
    /// Adapter and optimizer settings.
    pub settings: Vec<SettingGroup>,
}

/// Figures by step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TrainingCurves {
    /// Mean cross-entropy of the scored tokens.
    pub loss: Curve,
    /// The same over the evaluation samples.
    pub evaluation_loss: Curve,
    /// Learning rate.
    pub learning_rate: Curve,
    /// Norm of the gradient before clipping.
    pub gradient_norm: Curve,
    /// Tokens per second.
    pub tokens_per_second: Curve,
}

/// What the events of a training come to.
#[derive(Clone, Debug, Default)]
pub(super) struct TrainingProgress {
    step: usize,
    total_steps: usize,
    epoch: Option<f64>,
    remaining: Option<f64>,
    tokens_per_second: Option<f64>,
    device: Option<String>,
    samples: Option<usize>,
    trainable: Option<usize>,
    message: Option<String>,
    curves: TrainingCurves,
}

impl TrainingProgress {
    pub(super) fn add(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started {
                total_steps,
                done_steps,
                samples,
                trainable,
                device,
            } => {
                // A training that is continued goes on from its checkpoint.
                self.curves.cut_after(*done_steps as u64);
                self.step = *done_steps;
                self.total_steps = *total_steps;
                self.samples = Some(*samples);
                self.trainable = Some(*trainable);
                self.device = Some(device.clone());
                (self.message, self.remaining) = (None, None);
            }
            TrainEvent::Step(figures) => {
                let step = figures.step as u64;
                let curves = &mut self.curves;
                push(&mut curves.loss, step, figures.loss);
                push(&mut curves.learning_rate, step, figures.learning_rate);
                push(&mut curves.gradient_norm, step, figures.gradient_norm);
                push(&mut curves.tokens_per_second, step, figures.tokens_per_second);
                self.step = figures.step;
                self.total_steps = figures.total_steps;
                self.epoch = Some(figures.epoch);
                self.remaining = Some(figures.remaining);
                self.tokens_per_second = Some(figures.tokens_per_second);
            }
            TrainEvent::Evaluated { step, loss, .. } => push(&mut self.curves.evaluation_loss, *step as u64, *loss),
            TrainEvent::SaveFailed { reason } | TrainEvent::Stopping { reason } => {
                self.message = Some(without_places(reason));
            }
            TrainEvent::Encoded { .. } | TrainEvent::Evaluating { .. } | TrainEvent::Saved { .. } => {}
        }
    }
}

/// Figures that are no numbers are left out.
fn push(curve: &mut Curve, step: u64, value: f64) {
    if value.is_finite() {
        curve.push((step, value));
    }
}

impl TrainingCurves {
    fn each(&mut self) -> [&mut Curve; 5] {
        [
            &mut self.loss,
            &mut self.evaluation_loss,
            &mut self.learning_rate,
            &mut self.gradient_norm,
            &mut self.tokens_per_second,
        ]
    }

    fn cut_after(&mut self, step: u64) {
        for curve in self.each() {
            curve.retain(|(at, _)| *at <= step);
        }
    }

    /// Evenly chosen points, the last among them.
    fn thinned(mut self) -> Self {
        for curve in self.each() {
            let stride = curve.len().div_ceil(MAX_POINTS).max(1);
            let last = curve.len().saturating_sub(1);
            let mut at = 0..;
            curve.retain(|_| at.next().is_some_and(|at| at % stride == 0 || at == last));
        }
        self
    }
}

impl TrainingReport {
    /// Of the events of a run and, where they tell of none, of the files beside its adapter.
    pub(super) fn of(
        folder: &Path,
        state: RunState,
        job: Option<&str>,
        training: Option<&TrainingProgress>,
    ) -> Result<Self, RunError> {
        let recorded = TrainingRun::read(&folder.join(TRAIN));
        let state = if job == Some("train") { state } else { RunState::Done };
        match (training, recorded) {
            (Some(progress), recorded) => {
                // Files of a training under way may be half there; its events are whole.
                let settings = recorded.ok().flatten().map(|run| run.settings);
                Ok(Self::of_events(progress, state, settings.unwrap_or_default()))
            }
            (None, Ok(Some(run))) => Ok(Self::of_files(run, state)),
            (None, Ok(None)) => Err(RunError::NotFound("this run has trained nothing yet".into())),
            (None, Err(error)) => Err(RunError::unavailable(error)),
        }
    }

    fn of_events(progress: &TrainingProgress, state: RunState, settings: Vec<SettingGroup>) -> Self {
        Self {
            state,
            step: progress.step,
            total_steps: progress.total_steps,
            epoch: progress.epoch,
            remaining: progress.remaining,
            tokens_per_second: progress.tokens_per_second,
            device: progress.device.clone(),
            samples: progress.samples,
            trainable: progress.trainable,
            message: progress.message.clone(),
            curves: progress.curves.clone().thinned(),
            settings: plain(settings),
        }
    }

    fn of_files(run: TrainingRun, state: RunState) -> Self {
        let step = run.loss.last().map_or(0, |(step, _)| *step as usize);
        Self {
            state,
            step,
            total_steps: step,
            epoch: None,
            remaining: None,
            tokens_per_second: run.throughput.last().map(|(_, speed)| *speed),
            device: None,
            samples: None,
            trainable: None,
            message: None,
            curves: TrainingCurves {
                loss: run.loss,
                evaluation_loss: run.evaluation_loss,
                learning_rate: run.learning_rate,
                gradient_norm: run.gradient_norm,
                tokens_per_second: run.throughput,
            }
            .thinned(),
            settings: plain(run.settings),
        }
    }
}

/// Settings without places of this machine, e.g. of the base model.
fn plain(mut groups: Vec<SettingGroup>) -> Vec<SettingGroup> {
    for (_, value) in groups.iter_mut().flat_map(|group| &mut group.settings) {
        *value = without_places(value);
    }
    groups
}

#[cfg(test)]
mod tests {
    use nl2sql_training::events::{StepFigures, TrainEvent};

    use super::{MAX_POINTS, TrainingCurves, TrainingProgress};

    fn step(step: usize, loss: f64) -> TrainEvent {
        TrainEvent::Step(StepFigures {
            step,
            total_steps: 10,
            epoch: 0.5,
            loss,
            gradient_norm: 1.0,
            learning_rate: 1e-4,
            tokens_per_second: 100.0,
            elapsed: 1.0,
            remaining: 9.0,
            peak_memory: None,
        })
    }

    #[test]
    fn a_continued_training_goes_on_from_its_checkpoint() {
        let mut progress = TrainingProgress::default();
        for event in [step(1, 3.0), step(2, f64::NAN), step(3, 2.0)] {
            progress.add(&event);
        }
        assert_eq!(progress.curves.loss, [(1, 3.0), (3, 2.0)]);
        progress.add(&TrainEvent::Started {
            total_steps: 10,
            done_steps: 2,
            samples: 5,
            trainable: 7,
            device: "cpu".into(),
        });
        progress.add(&step(3, 1.5));
        assert_eq!(progress.curves.loss, [(1, 3.0), (3, 1.5)]);
        assert_eq!((progress.step, progress.total_steps), (3, 10));
    }

    #[test]
    fn long_curves_are_thinned_and_keep_their_end() {
        let curves = TrainingCurves {
            loss: (0..10_000).map(|step| (step, 1.0)).collect(),
            ..TrainingCurves::default()
        };
        let thinned = curves.thinned().loss;
        assert!(thinned.len() <= MAX_POINTS + 1);
        assert_eq!(thinned.last(), Some(&(9_999, 1.0)));
    }
}
