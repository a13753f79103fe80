//! Everything that is printed.

mod counter;
mod progress;
mod report;
mod training;

use std::io::{IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic};
use serde_json::json;

use crate::arguments::Global;
use crate::failure::{CommandError, Exit};

pub use counter::Counter;
pub use progress::{StageRow, Watcher};
pub use report::{RunReport, cost, spent_in_words, table};
pub use training::TrainingView;

/// A line on standard output. A closed pipe is no error: the reader has seen enough.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A JSON document on standard output.
pub fn say_json(document: &serde_json::Value) {
    say(serde_json::to_string_pretty(document).unwrap_or_default());
}

/// A line on standard error about something left out or worth knowing, unless output is to be quiet.
pub fn note(global: &Global, line: impl std::fmt::Display) {
    if !global.quiet {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

/// Warnings of plugins and drivers go to standard error; `NL2SQL_LOG` says which (as `tracing` filters do).
pub fn start_logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NL2SQL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_colourful())
        .without_time()
        .init();
}

/// Whether standard error is a terminal that wants colour.
pub fn is_colourful() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// An error as one paragraph, or as JSON.
pub fn show_failure(error: &CommandError, as_json: bool) {
    if as_json {
        say_json(&json!({ "error": { "message": error.to_string(), "exit": Exit::from(error) as i32 } }));
        return;
    }
    let theme = if is_colourful() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let theme = if std::io::stderr().is_terminal() {
        theme
    } else {
        GraphicalTheme::none()
    };
    let mut text = String::new();
    let report = MietteDiagnostic::new(error.to_string());
    let drawn = GraphicalReportHandler::new_themed(theme)
        .with_width(120)
        .render_report(&mut text, &report);
    if drawn.is_err() {
        text = error.to_string();
    }
    let _ = writeln!(
        std::io::stderr().lock(),
        "error:{}",
        text.trim_end().trim_start_matches(['\n', '\r'])
    );
}
