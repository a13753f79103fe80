//! `nl2sql connect`

use serde_json::json;

use super::open_session;
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::terminal::{say, say_json};

pub fn run(global: &Global) -> Result<Exit, CommandError> {
    let session = open_session(global)?;
    let connection = session.connect_unchecked()?;
    let server = connection.server_info().clone();
    let rights = session
        .runtime()
        .block_on(|| connection.login_rights())
        .map_err(|error| nl2sql_pipeline::Failure::new("database", "unavailable", error.to_string()))?;
    if global.json {
        say_json(&json!({ "address": connection.settings().address(), "server": server, "rights": rights }));
        return Ok(Exit::Done);
    }
    say(format!("{} at {}", server.driver, connection.settings().address()));
    say(format!("version   {}", server.version));
    say(format!("database  {}", server.database));
    if !rights.login.is_empty() {
        say(format!("login     {}", rights.login));
    }
    if rights.read_only {
        say("rights    read-only");
    }
    for right in &rights.beyond_select {
        say(format!("beyond reading: {right}"));
    }
    for note in &rights.notes {
        say(format!("note      {note}"));
    }
    say(format!("guards    {}", rights.promise));
    Ok(Exit::Done)
}
