//! A run as it goes: bars with rates on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use nl2sql_pipeline::{Event, Observer, Stage, StageSummary};
use tokio_util::sync::CancellationToken;

/// One stage as it was done in this process.
#[derive(Clone, Debug)]
pub struct StageRow {
    pub stage: Stage,
    pub summary: StageSummary,
    /// `None` for a stage that was done before.
    pub seconds: Option<f64>,
}

/// Shows events and collects what the closing table needs.
pub struct Watcher {
    cancellation: CancellationToken,
    quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
    rows: Mutex<Vec<StageRow>>,
}

impl Watcher {
    /// `quiet` shows nothing while the run goes.
    pub fn new(cancellation: CancellationToken, quiet: bool) -> Self {
        Self {
            cancellation,
            quiet,
            bar: Mutex::default(),
            rows: Mutex::default(),
        }
    }

    /// The stages so far.
    pub fn rows(&self) -> Vec<StageRow> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) if !bar.is_hidden() => bar.suspend(|| eprint_line(text)),
            _ => eprint_line(text),
        }
    }

    fn start(&self, stage: Stage) {
        if self.quiet || !std::io::stderr().is_terminal() {
            return;
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{prefix:>9} {spinner} {elapsed}"));
        bar.set_prefix(stage.name());
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, done: u64, total: u64) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            if bar.length() != Some(total) {
                bar.set_style(style("{prefix:>9} [{bar:32}] {pos}/{len} {per_sec} {eta}"));
                bar.set_length(total);
            }
            bar.set_position(done);
        }
    }

    fn stop(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn keep(&self, stage: Stage, summary: &StageSummary, seconds: Option<f64>) {
        let row = StageRow {
            stage,
            summary: summary.clone(),
            seconds,
        };
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }
}

impl Observer for Watcher {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::StageStarted { stage } => self.start(*stage),
            Event::Progress { done, total, .. } => self.advance(*done, *total),
            Event::Note { stage, message } => self.line(&format!("{:>9} {message}", stage.name())),
            Event::StageUpToDate { stage, summary } => {
                self.line(&format!("{:>9} up to date: {}", stage.name(), summary.output));
                self.keep(*stage, summary, None);
            }
            Event::StageFinished {
                stage,
                summary,
                seconds,
            } => {
                self.stop();
                self.line(&format!("{:>9} {} in {seconds:.2} s", stage.name(), summary.output));
                self.keep(*stage, summary, Some(*seconds));
            }
            Event::StageFailed { .. } => self.stop(),
            Event::Round { .. } => {}
        }
    }

    fn cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }
}

/// A line on standard error.
pub fn eprint_line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A bar in the style of all bars.
pub fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
