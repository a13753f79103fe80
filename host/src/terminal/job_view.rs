//! A job as it goes: bars on a terminal, plain lines elsewhere.

use nl2sql_app::EventKind;
use nl2sql_pipeline::Stage;

use super::bar::{advance, rate, waiting};
use super::screen::Screen;
use super::training_view::TrainingView;
use crate::arguments::Global;

/// Plain lines between nothing and everything.
const PLAIN_LINES: u64 = 10;

/// Shows the events of a job.
pub struct JobView {
    screen: Screen,
    /// Shows neither progress nor stages.
    silent: bool,
    /// Shows no notes either.
    quiet: bool,
    training: TrainingView,
    /// Tenths of the predictions that plain lines have told of.
    tenth: u64,
    predicting: bool,
}

impl JobView {
    /// A view as the flags ask for it: with `--json` or `--quiet` no progress is shown.
    pub fn new(global: &Global) -> Self {
        let screen = Screen::default();
        Self {
            training: TrainingView::new(screen.clone()),
            screen,
            silent: global.quiet || global.json,
            quiet: global.quiet,
            tenth: 0,
            predicting: false,
        }
    }

    /// What it shows on.
    pub fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.screen.set_bar(None);
    }

    /// Shows one event.
    pub fn show(&mut self, event: &EventKind) {
        if let EventKind::Note { stage: None, message } = event
            && !self.quiet
        {
            self.screen.line(message);
        }
        if self.silent {
            return;
        }
        match event {
            EventKind::StageStarted { stage } => self.wait(stage.name(), ""),
            EventKind::Progress { stage, done, total } => self.progress(*stage, *done, *total),
            EventKind::Note {
                stage: Some(stage),
                message,
            } => self.screen.line(&format!("{:>9} {message}", stage.name())),
            EventKind::StageUpToDate { stage, summary } => {
                self.screen
                    .line(&format!("{:>9} up to date: {}", stage.name(), summary.output));
            }
            EventKind::StageFinished {
                stage,
                summary,
                seconds,
            } => {
                self.finish();
                self.screen
                    .line(&format!("{:>9} {} in {seconds:.2} s", stage.name(), summary.output));
            }
            EventKind::StageFailed { .. } => self.finish(),
            EventKind::Training { training } => self.training.show(training),
            EventKind::LoadingModel { model } => self.wait("predict", &format!("loading {model} ")),
            EventKind::Predicting {
                done,
                total,
                rows_per_second,
                ..
            } => self.predicted(*done, *total, *rows_per_second),
            EventKind::Note { stage: None, .. }
            | EventKind::Round { .. }
            | EventKind::Spent { .. }
            | EventKind::PairReviewed { .. }
            | EventKind::JobStarted { .. }
            | EventKind::JobFinished { .. }
            | EventKind::JobFailed { .. } => {}
        }
    }

    fn wait(&mut self, name: &'static str, what: &str) {
        self.predicting = false;
        if self.screen.redraws() {
            self.screen.set_bar(Some(waiting(name, what)));
        }
    }

    fn progress(&self, stage: Stage, done: u64, total: u64) {
        let unit = match stage {
            Stage::Generate => "pairs",
            Stage::Validate => "samples",
            _ => "done",
        };
        self.screen.with_bar(|bar| advance(bar, done, total, unit));
    }

    fn predicted(&mut self, done: u64, total: u64, rows_per_second: f64) {
        if self.screen.redraws() {
            if !self.predicting {
                self.wait("predict", "");
                self.predicting = true;
            }
            self.screen.with_bar(|bar| advance(bar, done, total, "rows"));
        } else {
            let tenth = done * PLAIN_LINES / total.max(1);
            if self.tenth < tenth {
                self.tenth = tenth;
                self.screen
                    .line(&format!("{:>9} {done}/{total} {}", "predict", rate(rows_per_second)));
            }
        }
        if done == total {
            self.finish();
            (self.tenth, self.predicting) = (0, false);
        }
    }
}
