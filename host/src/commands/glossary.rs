//! `nl2sql glossary`: drafts what people call tables and columns.

use std::path::PathBuf;

use clap::Args;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::{AppError, draft_glossary, glossary_text};
use serde_json::json;

use super::open_session;
use crate::arguments::Global;
use crate::terminal::{say, say_json};

/// `nl2sql glossary`
#[derive(Clone, Debug, Args)]
pub struct GlossaryArguments {
    /// Ask the profile's language model as well; it is told names, types and comments, and no values
    #[arg(long)]
    pub ask: bool,
    /// File to write, for `extends` of a profile; printed by default
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &GlossaryArguments) -> Result<Exit, AppError> {
    let session = open_session(global)?;
    let glossary = draft_glossary(&session, arguments.ask)?;
    let text = glossary_text(&glossary)?;
    match &arguments.output {
        Some(file) => {
            std::fs::write(file, &text).map_err(|error| AppError::Unwritable {
                path: file.clone(),
                reason: error.to_string(),
            })?;
            if global.json {
                say_json(&json!({ "written": [file] }));
            } else if !global.quiet {
                say(format!(
                    "wrote {}; read it, then name it in `extends` of the profile",
                    file.display()
                ));
            }
        }
        None if global.json => say_json(&json!({ "glossary": glossary })),
        None => say(text.trim_end()),
    }
    Ok(Exit::Done)
}
