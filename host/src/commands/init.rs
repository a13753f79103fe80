//! `nl2sql init`

use std::path::Path;

use nl2sql_app::diagnostic::Exit;
use nl2sql_app::{AppError, StarterProfile};
use serde_json::json;

use crate::arguments::Global;
use crate::terminal::{say, say_json};

pub fn run(
    global: &Global,
    database: Option<&str>,
    ddl: Option<&Path>,
    dialect: Option<&str>,
    output: &Path,
) -> Result<Exit, AppError> {
    let starter = match ddl {
        Some(script) => StarterProfile::of_script(script),
        None => StarterProfile::new(database)?,
    };
    let starter = match dialect {
        Some(dialect) => starter.with_dialect(dialect),
        None => starter,
    };
    starter.write(output)?;
    if global.json {
        say_json(&json!({ "written": [output], "password_env": starter.password_variable }));
        return Ok(Exit::Done);
    }
    if let Some(variable) = starter.password_variable {
        say(format!(
            "the password was not written: set the variable {variable} to it before each run"
        ));
    }
    if !global.quiet {
        say(format!(
            "wrote {}; now `nl2sql doctor`, then `nl2sql run`",
            output.display()
        ));
    }
    Ok(Exit::Done)
}
