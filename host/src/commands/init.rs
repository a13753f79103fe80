//! `nl2sql init`

use std::io::Write;
use std::path::Path;

use nl2sql_profile::STARTER;
use serde_json::json;

use crate::arguments::Global;
use crate::terminal::{say, say_json};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;

/// The line of the starter that names a database.
const DATABASE_LINE: &str = "path = \"my.sqlite\"";

pub fn run(global: &Global, database: Option<&str>, output: &Path) -> Result<Exit, AppError> {
    let text = match database {
        Some(database) => {
            let key = if database.contains("://") { "url" } else { "path" };
            let value = serde_json::Value::from(database);
            STARTER.replacen(DATABASE_LINE, &format!("{key} = {value}"), 1)
        }
        None => STARTER.to_owned(),
    };
    let unwritable = |error: std::io::Error| AppError::Unwritable {
        path: output.to_owned(),
        reason: match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                "it exists already. Name another file with --output, or remove it".into()
            }
            _ => error.to_string(),
        },
    };
    let mut file = std::fs::File::create_new(output).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    if global.json {
        say_json(&json!({ "written": [output] }));
    } else if !global.quiet {
        say(format!(
            "wrote {}; now `nl2sql doctor`, then `nl2sql run`",
            output.display()
        ));
    }
    Ok(Exit::Done)
}
