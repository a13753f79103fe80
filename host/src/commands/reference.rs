//! `nl2sql reference`: pages of the book that the program writes about itself. Hidden, for `cargo xtask docs`.

use clap::{CommandFactory, ValueEnum};
use nl2sql_app::diagnostic::{Exit, all_codes, exit_codes};
use nl2sql_app::{AppError, EVENT_VERSION, event_reference};
use nl2sql_profile::{Key, reference};

use crate::arguments::Arguments;
use crate::terminal::say;

/// A generated page, by the name of its file.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Page {
    Commands,
    Profile,
    ExitCodes,
    ErrorCodes,
    Events,
}

pub fn run(page: Page) -> Result<Exit, AppError> {
    say(text(page).trim_end());
    Ok(Exit::Done)
}

fn text(page: Page) -> String {
    match page {
        Page::Commands => commands(),
        Page::Profile => profile(),
        Page::ExitCodes => exit_codes_page(),
        Page::ErrorCodes => error_codes_page(),
        Page::Events => events_page(),
    }
}

/// Width of the help texts in the book.
const HELP_WIDTH: usize = 100;

fn commands() -> String {
    let mut page = String::from("# Commands\n\nWhat `--help` shows for each command.\n");
    let mut program = Arguments::command().term_width(HELP_WIDTH);
    program.build();
    add_command(&mut program, &mut page);
    page
}

/// A section per command, its own commands after it.
fn add_command(command: &mut clap::Command, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.trim_end().lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", lines.join("\n")));
    for subcommand in command.get_subcommands_mut() {
        add_command(subcommand, page);
    }
}

fn profile() -> String {
    let mut page = String::from(
        "# Profile\n\nEvery key with its type and default. Layers, later ones winning: defaults, the profile and what it extends, \
         `NL2SQL_<SECTION>__<KEY>` in the environment, `--set section.key=value`. Relative paths start at the profile. `nl2sql profile show` \
         prints the outcome and where each value comes from.\n",
    );
    let mut section = "";
    let keys = reference();
    for key in &keys {
        let name = key.key.split('.').next().unwrap_or_default();
        if name != section {
            section = name;
            page.push_str(&format!(
                "\n## {section}\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
            ));
        }
        page.push_str(&row(key));
    }
    page
}

fn exit_codes_page() -> String {
    let mut page = String::from("# Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (code, meaning) in exit_codes() {
        page.push_str(&format!("| {code} | {meaning} |\n"));
    }
    page
}

fn error_codes_page() -> String {
    let mut page = String::from(
        "# Error codes\n\nWith `--json`, an error has a `code`, a `message`, a `help` and, where there is one, a `place`.\n\n| code | meaning \
         |\n|---|---|\n",
    );
    for (code, meaning) in all_codes() {
        page.push_str(&format!("| `{code}` | {meaning} |\n"));
    }
    page
}

fn events_page() -> String {
    let mut page = format!(
        "# Events\n\nA line of a run folder's `events.jsonl` is one JSON object: its `version` (now {EVENT_VERSION}), the `time` in seconds since \
         1970-01-01 UTC, the name of the `event`, and what it says. `run`, the stages, `train`, `predict` and `eval` write them. A reader refuses a \
         later version; new events and new fields do not change the version.\n"
    );
    for event in event_reference() {
        page.push_str(&format!("\n## {}\n\n{}\n", event.name, event.doc));
        if !event.fields.is_empty() {
            page.push_str("\n| field | type | meaning |\n|---|---|---|\n");
        }
        for field in event.fields {
            let optional = if field.optional { ", may be missing" } else { "" };
            page.push_str(&format!(
                "| `{}` | {}{optional} | {} |\n",
                field.path, field.r#type, field.doc
            ));
        }
    }
    page
}

fn row(key: &Key) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let default = key
        .default
        .as_deref()
        .map_or_else(String::new, |value| format!("`{}`", cell(value)));
    format!(
        "| `{}` | {} | {default} | {} |\n",
        cell(&key.key),
        cell(&key.r#type),
        cell(&key.doc)
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::ValueEnum;

    use super::{Page, text};

    #[test]
    fn the_generated_reference_is_up_to_date() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference");
        for page in Page::value_variants() {
            let name = page.to_possible_value().unwrap().get_name().to_owned();
            let file = folder.join(format!("{name}.md"));
            let written = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(
                written.trim_end(),
                text(*page).trim_end(),
                "{} is stale: run `cargo xtask docs`",
                file.display()
            );
        }
    }
}
