//! `nl2sql doctor`: everything a run needs, checked one by one.

use std::path::Path;
use std::sync::Arc;

use nl2sql_app::{RunDependencies, Session, advised, code_cache, open_provider};
use nl2sql_llm::{ChatRequest, Message, Role};
use nl2sql_pipeline::{Dependencies, Failure};
use nl2sql_profile::Protocol;
use nl2sql_training::cpu::Unit;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{resolve, session_of};
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::terminal::{say, say_json};

/// One thing that was looked at: what it is, or what is wrong with it.
struct Check {
    name: &'static str,
    outcome: Result<String, String>,
}

impl Check {
    fn new(name: &'static str, outcome: Result<String, Failure>) -> Self {
        Self {
            name,
            outcome: outcome.map_err(|failure| failure.to_string()),
        }
    }
}

pub fn run(global: &Global) -> Result<Exit, CommandError> {
    let resolved = resolve(global)?;
    let session = session_of(&resolved, global)?;
    let file = resolved
        .file
        .as_ref()
        .map_or_else(|| "no file, defaults".into(), |path| path.display().to_string());
    let checks = [
        Check {
            name: "profile",
            outcome: Ok(file),
        },
        Check::new("plugins", plugins(&session)),
        Check::new("database", database(&session)),
        Check::new("rights", rights(&session)),
        Check {
            name: "run folder",
            outcome: writable(&session.place().folder),
        },
        Check {
            name: "language model",
            outcome: language_model(&session),
        },
        Check {
            name: "compiled code",
            outcome: Ok(compiled_code()),
        },
        Check {
            name: "devices",
            outcome: Ok(devices()),
        },
    ];
    let healthy = checks.iter().all(|check| check.outcome.is_ok());
    if global.json {
        let lines = checks.iter().map(|check| {
            let (Ok(text) | Err(text)) = &check.outcome;
            json!({ "check": check.name, "ok": check.outcome.is_ok(), "detail": text })
        });
        say_json(&json!({ "healthy": healthy, "checks": lines.collect::<Vec<_>>() }));
    } else {
        for check in &checks {
            let (mark, text) = match &check.outcome {
                Ok(text) => ("ok  ", text),
                Err(text) => ("FAIL", text),
            };
            say(format!("{mark} {:15} {text}", check.name));
        }
    }
    Ok(if healthy { Exit::Done } else { Exit::Unavailable })
}

fn plugins(session: &Arc<Session>) -> Result<String, Failure> {
    let identities = RunDependencies::new(session.clone(), CancellationToken::new()).identities()?;
    Ok(identities
        .iter()
        .map(|plugin| format!("{} {}", plugin.name, plugin.version))
        .collect::<Vec<_>>()
        .join(", "))
}

fn database(session: &Session) -> Result<String, Failure> {
    let connection = session.connect_unchecked()?;
    let server = connection.server_info();
    Ok(format!(
        "{} {}, {}",
        server.driver,
        server.version,
        connection.settings().address()
    ))
}

/// The rights of the login; more than reading is refused unless the profile allows it.
fn rights(session: &Session) -> Result<String, Failure> {
    let connection = session.connect_unchecked()?;
    let rights = session
        .runtime()
        .block_on(|| connection.login_rights())
        .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
    let mut more = rights.notes.clone();
    more.push(rights.promise.to_owned());
    let more = more.join("; ");
    if rights.read_only {
        return Ok(format!("read-only; {more}"));
    }
    let beyond = rights.beyond_select.join("; ");
    if session.profile().database.allow_write_login {
        return Ok(format!(
            "beyond reading, as database.allow_write_login allows: {beyond}; {more}"
        ));
    }
    Err(Failure::new(
        "database",
        "unavailable",
        format!("the login may do more than read: {beyond}"),
    )
    .with_hint("Use a login with SELECT alone, or accept this one with database.allow_write_login = true"))
}

/// Whether files can be made where the run is to be; leaves nothing behind.
fn writable(folder: &Path) -> Result<String, String> {
    let existing = folder
        .ancestors()
        .find(|place| place.is_dir())
        .unwrap_or(Path::new("."));
    let probe = existing.join(format!(".nl2sql-doctor-{}", std::process::id()));
    std::fs::write(&probe, b"probe")
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|error| {
            format!(
                "{} cannot be written: {error}. Choose another folder with --run-dir",
                existing.display()
            )
        })?;
    Ok(folder.display().to_string())
}

/// Where compiled plugins are kept. Without such a folder every start compiles them, which is slow and not wrong.
fn compiled_code() -> String {
    match code_cache() {
        Ok(cache) => format!("kept in {}", cache.folder().display()),
        Err(reason) => format!("not kept, so every start compiles the plugins anew: {reason}"),
    }
}

/// What training and predictions can compute on.
fn devices() -> String {
    let found = nl2sql_model::device::devices();
    let named = found.into_iter().map(|device| match Unit::found().first() {
        Some(unit) if device.name == "cpu" => format!("cpu (trains in bf16 by {unit})"),
        _ => device.name,
    });
    named.collect::<Vec<_>>().join(", ")
}

/// Asks each provider of the chain for a word; a local model is looked at only, and offline nobody is asked.
fn language_model(session: &Session) -> Result<String, String> {
    let profile = session.profile();
    let settings = &profile.llm;
    if settings.provider.is_empty() {
        return Ok("none, the run is offline".into());
    }
    let mut found = Vec::new();
    for (name, provider) in settings.chain() {
        let opened = open_provider(profile, name, provider).map_err(|error| advised(&error))?;
        let model = &opened.settings().model;
        if settings.offline {
            found.push(format!("{name}, answers from the store alone"));
        } else if provider.kind == Protocol::Local {
            found.push(format!("{name} with {model}"));
        } else {
            let question = a_word();
            let answer = session.runtime().block_on(|| opened.complete(&question, "doctor"));
            answer.map_err(|fault| fault.to_string())?;
            found.push(format!("{name} answers as {model}"));
        }
    }
    Ok(found.join(", then "))
}

/// The smallest of questions.
fn a_word() -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: "Answer with the word ready.".into(),
        }],
        schema: None,
        temperature: None,
        max_tokens: Some(16),
        stage: "doctor".into(),
        purpose: "doctor".into(),
        attempt: 0,
    }
}
