//! `nl2sql completions`

use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;

use crate::arguments::{Arguments, Global};
use crate::terminal::{say, say_json};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;

pub fn run(global: &Global, shell: Shell) -> Result<Exit, AppError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "nl2sql", &mut script);
    let script = String::from_utf8_lossy(&script);
    if global.json {
        say_json(&json!({ "shell": shell.to_string(), "script": script }));
    } else {
        say(script.trim_end());
    }
    Ok(Exit::Done)
}
