//! `nl2sql profile`

use serde_json::json;

use super::resolve;
use crate::arguments::{Global, ProfileCommand};
use crate::terminal::{say, say_json};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;

pub fn run(global: &Global, command: &ProfileCommand) -> Result<Exit, AppError> {
    match command {
        ProfileCommand::Show => show(global),
    }
}

fn show(global: &Global) -> Result<Exit, AppError> {
    let resolved = resolve(global)?;
    let lines = resolved.origins()?;
    if global.json {
        let settings = lines
            .iter()
            .map(|line| json!({ "key": line.key, "value": line.value, "from": line.origin.0 }));
        say_json(&json!({ "file": resolved.file, "settings": settings.collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    let width = lines
        .iter()
        .map(|line| line.key.chars().count() + line.value.chars().count() + 3)
        .max()
        .unwrap_or(0)
        .min(72);
    for line in lines {
        let setting = format!("{} = {}", line.key, line.value);
        say(format!("{setting:width$}  # {}", line.origin.0));
    }
    Ok(Exit::Done)
}
