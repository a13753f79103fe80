//! A training as it goes: a bar with loss, learning rate, speed and memory on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use nl2sql_training::events::{StepFigures, TrainEvent};

use super::progress::{eprint_line, style};

/// Plain lines are printed at the first step, at the last, and each so many.
const PLAIN_STRIDE: usize = 10;

/// Shows the events of a training.
pub struct TrainingView {
    quiet: bool,
    bar: Option<ProgressBar>,
}

impl TrainingView {
    /// `quiet` shows nothing.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, bar: None }
    }

    /// Shows one event.
    pub fn event(&mut self, event: &TrainEvent) {
        if self.quiet {
            return;
        }
        match event {
            TrainEvent::Encoded { evaluation, truncation } => {
                self.line(&format!(
                    "{} data: {truncation}",
                    if *evaluation { "evaluation" } else { "training" }
                ));
            }
            TrainEvent::Started {
                total_steps,
                done_steps,
                samples,
                trainable,
                device,
            } => {
                let from = if *done_steps > 0 {
                    format!(", going on after step {done_steps}")
                } else {
                    String::new()
                };
                self.line(&format!(
                    "{total_steps} steps over {samples} samples, {trainable} trained parameters, on {device}{from}"
                ));
                self.start(*total_steps, *done_steps);
            }
            TrainEvent::Step(figures) => self.step(figures),
            TrainEvent::Evaluating { done, total, .. } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("evaluating {done}/{total}"));
                }
            }
            TrainEvent::Evaluated { step, loss, best } => {
                self.line(&format!(
                    "step {step}: evaluation loss {loss:.4}{}",
                    if *best { ", the least so far" } else { "" }
                ));
            }
            TrainEvent::Saved { folder } => self.line(&format!("checkpoint {}", folder.display())),
            TrainEvent::SaveFailed { reason } => self.line(&format!("no checkpoint was written: {reason}")),
            TrainEvent::Stopping { reason } => self.line(&format!("stopping: {reason}")),
        }
    }

    fn start(&mut self, total: usize, done: usize) {
        if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.set_style(style("{prefix:>9} [{bar:24}] {pos}/{len} {msg}"));
            bar.set_prefix("train");
            bar.set_position(done as u64);
            self.bar = Some(bar);
        }
    }

    fn step(&self, figures: &StepFigures) {
        let memory = figures
            .peak_memory
            .map_or_else(String::new, |bytes| format!(" {} MiB", bytes >> 20));
        let text = format!(
            "loss {:.4} lr {:.2e} {:.0} tokens/s{memory} {} left",
            figures.loss,
            figures.learning_rate,
            figures.tokens_per_second,
            clock(figures.remaining)
        );
        match &self.bar {
            Some(bar) => {
                bar.set_position(figures.step as u64);
                bar.set_message(text);
                if figures.step == figures.total_steps {
                    bar.finish();
                }
            }
            None if figures.step == 1
                || figures.step == figures.total_steps
                || figures.step.is_multiple_of(PLAIN_STRIDE) =>
            {
                eprint_line(&format!("step {}/{} {text}", figures.step, figures.total_steps));
            }
            None => {}
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) if !bar.is_finished() => bar.suspend(|| eprint_line(text)),
            _ => eprint_line(text),
        }
    }
}

/// Hours, minutes and seconds.
fn clock(seconds: f64) -> String {
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
