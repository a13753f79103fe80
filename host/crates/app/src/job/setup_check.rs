//! Whether everything a run needs is there, checked one by one.

use std::path::Path;
use std::sync::Arc;

use nl2sql_catalog::ServerInfo;
use nl2sql_database::LoginRights;
use nl2sql_llm::{ChatRequest, Message, Role};
use nl2sql_pipeline::{Dependencies, Failure, apply_glossary};
use nl2sql_profile::Protocol;
use nl2sql_training::cpu::Unit;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::llm_service::open_provider;
use crate::plugin_probe::{probe_metrics, probe_stages, refuse_options_of_nobody};
use crate::{AppError, RunDependencies, Session, advised, code_cache};

/// One thing that was looked at: what it is, or what is wrong with it.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// What it is, or what is wrong with it.
    pub outcome: Result<String, String>,
}

impl Check {
    fn new(name: &'static str, outcome: Result<String, Failure>) -> Self {
        Self {
            name,
            outcome: outcome.map_err(|failure| failure.to_string()),
        }
    }
}

/// Every check of a set-up.
#[derive(Clone, Debug)]
pub struct SetupReport {
    /// The checks.
    pub checks: Vec<Check>,
}

impl SetupReport {
    /// Whether every check passed.
    pub fn healthy(&self) -> bool {
        self.checks.iter().all(|check| check.outcome.is_ok())
    }

    /// The report as data.
    pub fn as_json(&self) -> Value {
        let lines = self.checks.iter().map(|check| {
            let (Ok(text) | Err(text)) = &check.outcome;
            json!({ "check": check.name, "ok": check.outcome.is_ok(), "detail": text })
        });
        json!({ "healthy": self.healthy(), "checks": lines.collect::<Vec<_>>() })
    }
}

/// A database and what its login may do.
#[derive(Clone, Debug)]
pub struct ConnectionReport {
    /// Where it is, without secrets.
    pub address: String,
    /// What it is.
    pub server: ServerInfo,
    /// What the login may do.
    pub rights: LoginRights,
}

impl ConnectionReport {
    /// The report as data.
    pub fn as_json(&self) -> Value {
        json!({ "address": self.address, "server": self.server, "rights": self.rights })
    }
}

/// Connects, whatever the login may do.
pub(super) fn connection(session: &Session) -> Result<ConnectionReport, AppError> {
    let connection = session.connect_unchecked()?;
    let rights = session
        .runtime()
        .block_on(|| connection.login_rights())
        .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
    Ok(ConnectionReport {
        address: connection.settings().address(),
        server: connection.server_info().clone(),
        rights,
    })
}

/// Checks everything a run needs.
pub(super) fn setup(session: &Arc<Session>, profile: String) -> SetupReport {
    let checks = vec![
        Check {
            name: "profile",
            outcome: Ok(profile),
        },
        Check::new("plugins", plugins(session)),
        Check {
            name: "drivers",
            outcome: Ok(session.drivers().names()),
        },
        Check::new("database", database(session)),
        Check::new("rights", rights(session)),
        Check {
            name: "run folder",
            outcome: writable(&session.place().folder),
        },
        Check {
            name: "language model",
            outcome: language_model(session),
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
    SetupReport { checks }
}

/// Every plugin of the profile, opened with its grants and options over the catalog of the database.
fn plugins(session: &Arc<Session>) -> Result<String, Failure> {
    let dependencies = RunDependencies::new(session.clone(), CancellationToken::new());
    let identities = dependencies.identities()?;
    let (mut catalog, _) = dependencies.source()?.catalog()?;
    apply_glossary(&session.profile().glossary, &mut catalog)
        .map_err(|error| Failure::new("glossary", "bad-glossary", error.to_string()))?;
    refuse_options_of_nobody(session)?;
    probe_stages(session, &catalog)?;
    probe_metrics(session, &catalog)?;
    Ok(identities
        .iter()
        .map(|plugin| format!("{} {}", plugin.name, plugin.version))
        .collect::<Vec<_>>()
        .join(", "))
}

fn database(session: &Session) -> Result<String, Failure> {
    let connection = session.connect_unchecked()?;
    let server = connection.server_info();
    let settings = connection.settings();
    let version = [server.driver.as_str(), server.version.as_str()].join(" ");
    let mut told = format!("{}, {}", version.trim(), settings.address());
    if !session.executes()? {
        told.push_str("; a script, so nothing is executed");
    } else if server.driver == "adbc" {
        told.push_str(&format!("; native code from {}", settings.adbc.library.display()));
    }
    Ok(told)
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
        Err(reason) => format!("not kept, so every start recompiles the plugins: {reason}"),
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
        let opened = open_provider(profile, name, provider, session.local_models()).map_err(|error| advised(&error))?;
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
