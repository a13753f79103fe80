//! A training as it goes: several lines with the loss curve on a terminal, plain lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use nl2sql_training::events::{StepFigures, TrainEvent};

use super::bar::{clock, style};
use super::screen::Screen;
use super::sparkline::sparkline;

/// Plain lines are printed at the first step, at the last, and each so many.
const PLAIN_STRIDE: usize = 10;
/// Columns of the loss curve.
const CURVE: usize = 32;
/// Every line stays below 80 columns.
const TEMPLATE: &str = "{prefix:>9} [{bar:24}] {pos}/{len} {spinner} {elapsed}\n{msg}";

/// Shows the events of a training.
pub struct TrainingView {
    screen: Screen,
    losses: Vec<f64>,
    /// The lines about the last step.
    figures: String,
}

impl TrainingView {
    /// A view on `screen`.
    pub fn new(screen: Screen) -> Self {
        Self {
            screen,
            losses: Vec::new(),
            figures: String::new(),
        }
    }

    /// Shows one event.
    pub fn show(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Encoded { evaluation, truncation } => self.screen.line(&format!(
                "{} data: {truncation}",
                if *evaluation { "evaluation" } else { "training" }
            )),
            TrainEvent::Started {
                total_steps,
                done_steps,
                samples,
                trainable,
                device,
            } => {
                let from = if *done_steps > 0 {
                    format!(", continuing after step {done_steps}")
                } else {
                    String::new()
                };
                self.screen.line(&format!(
                    "{total_steps} steps over {samples} samples, {trainable} trained parameters, on {device}{from}"
                ));
                self.start(*total_steps, *done_steps);
            }
            TrainEvent::Step(figures) => self.step(figures),
            TrainEvent::Evaluating { step, done, total } => {
                let text = format!(
                    "{}{:>9} at step {step}: {done} of {total} samples",
                    self.figures, "evaluate"
                );
                self.screen.with_bar(|bar| bar.set_message(text));
            }
            TrainEvent::Evaluated { step, loss, best } => {
                self.screen.line(&format!(
                    "step {step}: evaluation loss {loss:.4}{}",
                    if *best { ", best so far" } else { "" }
                ));
                self.screen.with_bar(|bar| bar.set_message(self.figures.clone()));
            }
            TrainEvent::Saved { folder } => self.screen.line(&format!("checkpoint {}", folder.display())),
            TrainEvent::SaveFailed { reason } => self.screen.line(&format!("no checkpoint was written: {reason}")),
            TrainEvent::Stopping { reason } => self.screen.line(&format!("stopping: {reason}")),
        }
    }

    fn start(&self, total: usize, done: usize) {
        if self.screen.redraws() {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            bar.set_style(style(TEMPLATE));
            bar.set_prefix("train");
            bar.set_position(done as u64);
            bar.enable_steady_tick(Duration::from_millis(200));
            self.screen.set_bar(Some(bar));
        }
    }

    fn step(&mut self, figures: &StepFigures) {
        self.losses.push(figures.loss);
        let memory = figures
            .peak_memory
            .map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20));
        let speed = format!("{:.0} tokens/s{memory}", figures.tokens_per_second);
        let left = clock(figures.remaining);
        if !self.screen.redraws() {
            if figures.step == 1 || figures.step == figures.total_steps || figures.step.is_multiple_of(PLAIN_STRIDE) {
                self.screen.line(&format!(
                    "step {}/{} loss {:.4} gradient norm {:.3} lr {:.2e} {speed} {left} left",
                    figures.step, figures.total_steps, figures.loss, figures.gradient_norm, figures.learning_rate
                ));
            }
            return;
        }
        self.figures = format!(
            "{:>9} {:.4} {}\n{:>9} {:.3}, learning rate {:.2e}\n{:>9} {speed}, {left} left\n",
            "loss",
            figures.loss,
            sparkline(&self.losses, CURVE),
            "gradient",
            figures.gradient_norm,
            figures.learning_rate,
            "speed"
        );
        self.screen.with_bar(|bar| {
            bar.set_position(figures.step as u64);
            bar.set_message(self.figures.clone());
        });
    }
}
