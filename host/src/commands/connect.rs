//! `nl2sql connect`

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::resolve;
use super::run::{RunPlace, runtime};
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::terminal::{say, say_json};
use crate::wiring::RunParts;

pub fn run(global: &Global) -> Result<Exit, CommandError> {
    let profile = resolve(global)?.profile;
    let place = RunPlace::of(&profile, global);
    let runtime = runtime()?;
    let parts = RunParts::new(&profile, &place.name, place.folder, &runtime, CancellationToken::new());
    let connection = parts.connect_any()?;
    let server = connection.server_info().clone();
    let rights = runtime
        .block_on(connection.login_rights())
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
        say("rights    reading alone");
    }
    for right in &rights.beyond_select {
        say(format!("beyond reading: {right}"));
    }
    Ok(Exit::Done)
}
