//! Everything that is printed.

mod bar;
mod error;
mod job_view;
mod outcome;
mod resume;
mod run_report;
mod screen;
mod sparkline;
mod training_view;

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use nl2sql_app::diagnostic::Exit;
use serde_json::json;

use crate::arguments::Global;

pub use error::show_error;
pub use job_view::JobView;
pub use outcome::show_outcome;
pub use run_report::table;

/// Why standard output took no more, when it did not because its reader had seen enough.
static LOST_OUTPUT: Mutex<Option<io::Error>> = Mutex::new(None);

/// A number with its noun: `1 row`, `2 rows`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A line on standard output. A closed pipe is no error: the reader has seen enough.
pub fn say(line: impl std::fmt::Display) {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            LOST_OUTPUT
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
        _ => {}
    }
}

/// The exit of the program: a success whose answer did not reach its reader is none.
pub fn finish(exit: Exit) -> Exit {
    let lost = LOST_OUTPUT.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (lost, exit) {
        (Some(error), Exit::Done) => {
            let _ = writeln!(
                io::stderr().lock(),
                "error: the output could not be written: {error}. What was made is kept; send the output elsewhere and run the same command again"
            );
            Exit::Failed
        }
        (_, exit) => exit,
    }
}

/// What the command line asked for instead of a command (help, version), or what is wrong with it.
pub fn show_usage(answer: &clap::Error) -> Exit {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if answer.exit_code() == 0 || !wants_json {
        // As in `say`: a closed pipe has seen enough.
        let _ = answer.print();
    } else {
        let text = answer.render().to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        say_json(&json!({ "error": { "message": message, "exit": Exit::Usage as i32 } }));
    }
    if answer.exit_code() == 0 {
        Exit::Done
    } else {
        Exit::Usage
    }
}

/// Notes on what was asked for, on standard error, unless the user wants to hear nothing.
pub fn show_notes(global: &Global, notes: &[String]) {
    for note in notes.iter().filter(|_| !global.quiet) {
        // As in `say`: a closed pipe has seen enough.
        let _ = writeln!(io::stderr().lock(), "note: {note}");
    }
}

/// A JSON document on standard output.
pub fn say_json(document: &serde_json::Value) {
    say(serde_json::to_string_pretty(document).unwrap_or_default());
}

/// Errors of plugins and drivers go to standard error; `NL2SQL_LOG` says which (as `tracing` filters do), otherwise `usual`. The queue's client logs
/// each attempt to connect again, and is silent.
pub fn start_logging(usual: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("NL2SQL_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(is_colourful())
        .without_time()
        .init();
}

/// Whether standard error is a terminal that wants colour.
pub fn is_colourful() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns of the terminal; those of a wide page where there is none.
pub fn width() -> usize {
    terminal_size::terminal_size().map_or(120, |(width, _)| usize::from(width.0).max(20))
}
