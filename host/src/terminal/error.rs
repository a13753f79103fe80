//! Errors: for a person, drawn or in one line, or as JSON.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, MietteDiagnostic};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::{Diagnostic, Exit};
use serde_json::json;

use super::resume::same_command;
use super::{is_colourful, say_json, width};
use crate::arguments::Global;

/// What miette puts before a message, and what stands there instead.
const MARK: &str = "  × ";
const LABEL: &str = "error: ";

/// Shows an error. That the user stopped the work is none, and is told with the command that continues it.
pub fn show_error(error: &AppError, global: &Global) {
    let diagnostic = error.diagnostic();
    if global.json {
        let mut document = json!({ "error": diagnostic });
        document["error"]["exit"] = json!(error.exit() as i32);
        if error.exit() == Exit::Interrupted {
            document["error"]["continue"] = json!(same_command());
        }
        say_json(&document);
        return;
    }
    let text = if error.exit() == Exit::Interrupted {
        format!("{diagnostic}\nto continue: {}", same_command())
    } else if io::stderr().is_terminal() {
        drawn(&diagnostic)
    } else {
        format!("{LABEL}{diagnostic}")
    };
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The error wrapped to the terminal; names stay whole.
fn drawn(diagnostic: &Diagnostic) -> String {
    let colour = is_colourful();
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let mut report = MietteDiagnostic::new(diagnostic.message.clone());
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help.clone());
    }
    let mut text = String::new();
    let rendered = GraphicalReportHandler::new_themed(theme)
        .with_width(width() - (LABEL.len() - MARK.chars().count()))
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
        .render_report(&mut text, &report);
    match rendered {
        Ok(()) => labelled(text.trim_end().trim_start_matches(['\n', '\r']), colour),
        Err(_) => format!("{LABEL}{diagnostic}"),
    }
}

/// The label in the place of the cross.
fn labelled(text: &str, colour: bool) -> String {
    let (before, after) = text.split_once('×').unwrap_or(("", text));
    let after = after.trim_start_matches(|letter: char| letter != ' ').trim_start();
    let after = if before.is_empty() { text } else { after };
    if colour {
        format!("\u{1b}[1;31m{LABEL}\u{1b}[0m{after}")
    } else {
        format!("{LABEL}{after}")
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_app::diagnostic::Code;

    use super::*;

    #[test]
    fn the_first_line_fits_and_names_stay_whole() {
        let message = "the file runs/northwind/verdicts.jsonl was written by generator-llm-of-a-very-long-name 0.1.0 and cannot be read";
        let text = drawn(&Diagnostic::new(Code::Failed, message));
        assert!(text.starts_with("error: the file"), "{text}");
        assert!(text.contains("generator-llm-of-a-very-long-name"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= width()), "{text}");
    }
}
