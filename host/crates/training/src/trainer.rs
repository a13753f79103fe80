//! The training loop: steps, logging, evaluation, checkpoints and orderly stop.

use std::collections::BTreeMap;
use std::time::Instant;

use nl2sql_model::adapter::{AdapterConfig, AdapterRecord};

use crate::batch::{Sample, mix};
use crate::checkpoint::{self, Snapshot};
use crate::engine::{Engine, StepSamples};
use crate::error::TrainError;
use crate::events::{StepFigures, TrainEvent, TrainEvents, peak_memory};
use crate::progress::{LogEntry, TrainerState, append_log};
use crate::sampler::Sampler;
use crate::schedule::Schedule;
use crate::settings::TrainSettings;
use crate::tensorboard::EventFile;
use crate::trained_state::{TrainedState, Update};

/// Why training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All steps were completed.
    Completed,
    /// The evaluation loss no longer decreased.
    StoppedEarly,
    /// A stop was requested; a checkpoint was written.
    Cancelled,
}

/// One run in progress.
pub struct Trainer<'a> {
    /// Settings.
    pub settings: &'a TrainSettings,
    /// The adapter's description.
    pub adapter: &'a AdapterConfig,
    /// What the adapter is trained with.
    pub record: &'a AdapterRecord,
    /// Computes losses and gradients.
    pub engine: &'a mut dyn Engine,
    /// Samples with their row numbers.
    pub samples: &'a [(usize, Sample)],
    /// Samples to evaluate on.
    pub held_out: &'a [(usize, Sample)],
    /// Order of samples.
    pub sampler: &'a Sampler,
    /// Learning rates.
    pub schedule: Schedule,
    /// What must be unchanged to resume.
    pub fingerprint: &'a BTreeMap<String, String>,
    /// Trained values and optimizer, as the engine last handed them back.
    pub trained: TrainedState,
    /// Progress.
    pub state: TrainerState,
    /// TensorBoard event file.
    pub board: EventFile,
    /// Receives events.
    pub events: &'a mut dyn TrainEvents,
}

impl Trainer<'_> {
    /// Runs the remaining steps.
    ///
    /// # Errors
    /// When the loss or gradient is not finite, the device fails, or a log cannot be written.
    pub fn run(&mut self) -> Result<Outcome, TrainError> {
        let per_epoch = self.sampler.steps_per_epoch();
        let mut session = TrainingSession::begin(&self.state);
        if let Some(outcome) = self.resume_evaluation(per_epoch)? {
            return Ok(outcome);
        }
        while self.state.global_step < self.state.max_steps {
            let (epoch, first) = (self.state.global_step / per_epoch, self.state.global_step % per_epoch);
            for (number, step) in self.sampler.epoch(epoch).iter().enumerate().skip(first) {
                if self.settings.cancellation.is_cancelled() {
                    return self.cancel();
                }
                let figures = self.step(step, epoch, number + 1, &mut session)?;
                if let Some(outcome) = self.after_step(&figures, number + 1 == per_epoch)? {
                    return Ok(outcome);
                }
                if self.state.global_step == self.state.max_steps {
                    break;
                }
            }
        }
        Ok(Outcome::Completed)
    }

    fn step(
        &mut self,
        step: &[Vec<usize>],
        epoch: usize,
        of_epoch: usize,
        session: &mut TrainingSession,
    ) -> Result<StepFigures, TrainError> {
        let number = self.state.global_step;
        let micro_batches = step
            .iter()
            .map(|batch| {
                batch
                    .iter()
                    .map(|&sample| (&self.samples[sample].1, self.dropout_key(number, sample)))
                    .collect()
            })
            .collect();
        let samples = StepSamples { micro_batches };
        let learning_rate = self.schedule.at(number);
        let update = Update {
            learning_rate,
            max_gradient_norm: self.settings.optimization.max_gradient_norm,
        };
        let outcome = self.engine.train_step(&mut self.trained, &samples, update)?;
        let (loss, norm) = (outcome.loss, outcome.gradient_norm);
        self.check_finite("loss", loss, step)?;
        self.check_finite("gradient norm", norm, step)?;

        let state = &mut self.state;
        state.global_step += 1;
        state.epoch = epoch as f64 + of_epoch as f64 / self.sampler.steps_per_epoch() as f64;
        state.num_input_tokens_seen += samples.tokens() as u64;
        state.loss_sum += loss;
        state.unlogged_loss += loss;
        state.unlogged_steps += 1;
        Ok(session.figures(state, loss, norm, learning_rate))
    }

    /// Distinct for every sample of every step; the same when a step is repeated after resuming.
    fn dropout_key(&self, step: usize, sample: usize) -> u64 {
        mix(mix(self.settings.optimization.seed ^ (step as u64) << 32) ^ sample as u64)
    }

    fn check_finite(&self, what: &'static str, value: f64, step: &[Vec<usize>]) -> Result<(), TrainError> {
        if value.is_finite() {
            return Ok(());
        }
        let samples = step.iter().flatten().map(|&sample| self.samples[sample].0).collect();
        Err(TrainError::NotFinite {
            what,
            value,
            step: self.state.global_step + 1,
            samples,
        })
    }

    /// Makes up for an evaluation that was interrupted before the checkpoint was written.
    fn resume_evaluation(&mut self, per_epoch: usize) -> Result<Option<Outcome>, TrainError> {
        let step = self.state.global_step;
        let epoch_ends = step.is_multiple_of(per_epoch);
        let is_due = step > 0 && self.is_evaluation_due(step, epoch_ends);
        let is_done = |entry: &LogEntry| entry.step == step && entry.eval_loss.is_some();
        match is_due && !self.state.log_history.iter().any(is_done) {
            true => self.evaluate_and_save(step, epoch_ends),
            false => Ok(None),
        }
    }

    /// Logs, evaluates and saves when due; an outcome when training ends before its last step.
    fn after_step(&mut self, figures: &StepFigures, epoch_ends: bool) -> Result<Option<Outcome>, TrainError> {
        self.events.event(&TrainEvent::Step(*figures));
        let last = figures.step == self.state.max_steps;
        if figures.step.is_multiple_of(self.settings.watch.log.max(1)) || last {
            self.log(figures)?;
        }
        self.evaluate_and_save(figures.step, epoch_ends)
    }

    fn is_evaluation_due(&self, step: usize, epoch_ends: bool) -> bool {
        let watch = &self.settings.watch;
        !self.held_out.is_empty() && watch.is_evaluation_due(step, self.state.max_steps, epoch_ends)
    }

    fn evaluate_and_save(&mut self, step: usize, epoch_ends: bool) -> Result<Option<Outcome>, TrainError> {
        let watch = &self.settings.watch;
        let last = step == self.state.max_steps;
        let mut better = false;
        let mut stop = false;
        if self.is_evaluation_due(step, epoch_ends) {
            match self.evaluate()? {
                Some(is_better) => better = is_better,
                None => return self.cancel().map(Some),
            }
            stop = watch
                .patience
                .is_some_and(|patience| self.state.evaluations_without_progress >= patience);
        }
        if watch.save.is_due(step, epoch_ends) || last || stop || (better && watch.load_best) {
            self.save()?;
        }
        if stop {
            let reason = format!(
                "{} evaluations without a lower loss",
                self.state.evaluations_without_progress
            );
            self.events.event(&TrainEvent::Stopping { reason });
        }
        Ok(stop.then_some(Outcome::StoppedEarly))
    }

    fn log(&mut self, figures: &StepFigures) -> Result<(), TrainError> {
        let state = &mut self.state;
        let entry = LogEntry {
            epoch: state.epoch,
            grad_norm: Some(figures.gradient_norm),
            learning_rate: Some(figures.learning_rate),
            loss: Some(state.unlogged_loss / state.unlogged_steps.max(1) as f64),
            eval_loss: None,
            step: figures.step,
        };
        (state.unlogged_loss, state.unlogged_steps) = (0.0, 0);
        for (tag, value) in [
            ("train/loss", entry.loss),
            ("train/grad_norm", entry.grad_norm),
            ("train/learning_rate", entry.learning_rate),
            ("train/epoch", Some(entry.epoch)),
        ] {
            self.board.scalar(tag, figures.step, value.unwrap_or_default())?;
        }
        append_log(&self.settings.output, state.max_steps, &entry, Some(figures))?;
        state.log_history.push(entry);
        Ok(())
    }

    /// Scores the held-out samples; true when the loss is the best so far, `None` when a stop was requested meanwhile.
    fn evaluate(&mut self) -> Result<Option<bool>, TrainError> {
        self.engine.fetch(&mut self.trained)?;
        let mut total = 0.0;
        let mut scored = 0;
        let mut done = 0;
        for batch in self.held_out.chunks(self.settings.optimization.evaluation_batch.max(1)) {
            if self.settings.cancellation.is_cancelled() {
                return Ok(None);
            }
            self.events.event(&TrainEvent::Evaluating {
                step: self.state.global_step,
                done,
                total: self.held_out.len(),
            });
            let samples: Vec<&Sample> = batch.iter().map(|(_, sample)| sample).collect();
            done += samples.len();
            total += self.engine.summed_loss(&self.trained.values, &samples)?;
            scored += samples.iter().map(|sample| sample.scored()).sum::<usize>();
        }
        self.record_evaluation(total / scored.max(1) as f64).map(Some)
    }

    /// Logs an evaluation loss; true when it is the best so far.
    fn record_evaluation(&mut self, loss: f64) -> Result<bool, TrainError> {
        let state = &mut self.state;
        let better = state.best_metric.is_none_or(|best| loss < best);
        if better {
            state.best_metric = Some(loss);
            state.best_global_step = Some(state.global_step);
            state.best_model_checkpoint = Some(format!("checkpoint-{}", state.global_step));
            state.evaluations_without_progress = 0;
        } else {
            state.evaluations_without_progress += 1;
        }
        let entry = LogEntry {
            epoch: state.epoch,
            grad_norm: None,
            learning_rate: None,
            loss: None,
            eval_loss: Some(loss),
            step: state.global_step,
        };
        self.board.scalar("eval/loss", state.global_step, loss)?;
        append_log(&self.settings.output, state.max_steps, &entry, None)?;
        state.log_history.push(entry);
        self.events.event(&TrainEvent::Evaluated {
            step: self.state.global_step,
            loss,
            best: better,
        });
        Ok(better)
    }

    /// Writes a checkpoint; on a full disk reports the failure, keeps the older ones and continues training.
    fn save(&mut self) -> Result<(), TrainError> {
        let output = &self.settings.output;
        self.engine.fetch(&mut self.trained)?;
        let snapshot = Snapshot {
            layout: self.engine.layout(),
            values: &self.trained.values,
            optimizer: &self.trained.optimizer,
            state: &self.state,
            adapter: self.adapter,
            record: self.record,
            fingerprint: self.fingerprint,
        };
        match checkpoint::save(output, &snapshot) {
            Ok(folder) => {
                self.events.event(&TrainEvent::Saved { folder });
                if let Some(keep) = self.settings.watch.keep {
                    let best = self
                        .state
                        .best_model_checkpoint
                        .as_deref()
                        .filter(|_| self.settings.watch.load_best);
                    checkpoint::prune(output, keep, best)?;
                }
            }
            Err(error) => self.events.event(&TrainEvent::SaveFailed {
                reason: error.to_string(),
            }),
        }
        Ok(())
    }

    fn cancel(&mut self) -> Result<Outcome, TrainError> {
        let reason = format!("stopped after step {}", self.state.global_step);
        self.events.event(&TrainEvent::Stopping { reason });
        self.save()?;
        Ok(Outcome::Cancelled)
    }
}

/// Clock and token count of this session, without earlier sessions.
struct TrainingSession {
    began: Instant,
    tokens_before: u64,
    steps_before: usize,
    seconds_before: f64,
}

impl TrainingSession {
    fn begin(state: &TrainerState) -> Self {
        Self {
            began: Instant::now(),
            tokens_before: state.num_input_tokens_seen,
            steps_before: state.global_step,
            seconds_before: state.seconds,
        }
    }

    fn figures(&self, state: &mut TrainerState, loss: f64, gradient_norm: f64, learning_rate: f64) -> StepFigures {
        let elapsed = self.began.elapsed().as_secs_f64();
        state.seconds = self.seconds_before + elapsed;
        let per_step = elapsed / (state.global_step - self.steps_before).max(1) as f64;
        StepFigures {
            step: state.global_step,
            total_steps: state.max_steps,
            epoch: state.epoch,
            loss,
            gradient_norm,
            learning_rate,
            tokens_per_second: (state.num_input_tokens_seen - self.tokens_before) as f64 / elapsed.max(1e-9),
            elapsed,
            remaining: per_step * (state.max_steps - state.global_step) as f64,
            peak_memory: peak_memory(),
        }
    }
}
