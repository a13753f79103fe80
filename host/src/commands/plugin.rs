//! `nl2sql plugin`

use std::path::Path;

use miette::Diagnostic;
use nl2sql_app::{call_failure, check_plugin, inspect, load_failure, plugin_host};
use nl2sql_plugin_host::{CompileNotice, Kind, Language, Origin, PluginSummary, scaffold};
use serde_json::json;

use super::{plugin_audit, plugin_supply, resolve};
use crate::arguments::{Global, PluginCommand, PluginKind, PluginLanguage};
use crate::terminal::{say, say_json, show_notes};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;

pub fn run(global: &Global, command: &PluginCommand) -> Result<Exit, AppError> {
    match command {
        PluginCommand::List => list(global),
        PluginCommand::Inspect { plugin } => show(global, plugin),
        PluginCommand::Check {
            plugin,
            options,
            database,
        } => check(global, plugin, options.as_deref(), database.as_deref()),
        PluginCommand::Pack {
            component,
            manifest,
            output,
        } => pack(global, component, manifest, output.as_deref().unwrap_or(component)),
        PluginCommand::Add(arguments) => plugin_supply::add(global, arguments),
        PluginCommand::Remove { name } => plugin_supply::remove(global, name),
        PluginCommand::Install => plugin_supply::install(global),
        PluginCommand::Update(arguments) => plugin_supply::update(global, arguments),
        PluginCommand::Search(arguments) => plugin_supply::search(global, arguments),
        PluginCommand::Audit => plugin_audit::show(global),
        PluginCommand::New {
            kind,
            name,
            language,
            folder,
            sdk,
        } => new(global, *language, *kind, name, folder.as_deref(), sdk.as_deref()),
    }
}

fn list(global: &Global) -> Result<Exit, AppError> {
    let host = plugin_host(&resolve(global)?.profile, CompileNotice::default())?;
    let entries = host
        .library()
        .list()
        .map_err(|error| AppError::Usage(error.to_string()))?;
    if global.json {
        let rows = entries.iter().map(|entry| match &entry.plugin {
            Ok(plugin) => describe(plugin),
            Err(error) => json!({ "name": entry.name, "error": error.to_string() }),
        });
        say_json(&json!({ "plugins": rows.collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    for entry in &entries {
        let origin = match &entry.origin {
            Origin::BuiltIn => "built in".to_owned(),
            Origin::File(path) => path.display().to_string(),
            Origin::Source(source) => source.clone(),
        };
        match &entry.plugin {
            Ok(plugin) => {
                let manifest = &plugin.manifest;
                let signer = match (&entry.origin, &plugin.signer) {
                    (_, Some(signer)) => format!(", signed by {signer}"),
                    (Origin::Source(_), None) => ", unsigned".to_owned(),
                    _ => String::new(),
                };
                say(format!(
                    "{:22} {:9} {:8} {origin}{signer}",
                    manifest.name,
                    manifest.kind.name(),
                    manifest.version
                ));
            }
            Err(error) => say(format!("{:22} cannot be used: {error}", entry.name)),
        }
    }
    Ok(Exit::Done)
}

fn show(global: &Global, plugin: &str) -> Result<Exit, AppError> {
    let host = plugin_host(&resolve(global)?.profile, CompileNotice::default())?;
    let artifact = inspect(&host, "", plugin)?;
    if global.json {
        say_json(&describe(&artifact.summary()));
        return Ok(Exit::Done);
    }
    let manifest = &artifact.manifest;
    say(format!("name      {} {}", manifest.name, manifest.version));
    say(format!("kind      {} ({})", manifest.kind.name(), artifact.contract));
    say(format!("does      {}", manifest.description));
    for import in &artifact.imports {
        match manifest.imports.get(service_of(import)) {
            Some(reason) => say(format!("imports   {import}: {reason}")),
            None => say(format!("imports   {import}")),
        }
    }
    say(format!("size      {} bytes", artifact.size));
    say(format!("sha256    {}", artifact.sha256));
    if let Some(signer) = &artifact.signer {
        say(format!("signer    {signer}"));
    }
    Ok(Exit::Done)
}

/// The service that an import names: `sql` of `nl2sql:plugin/sql@0.1.0`.
fn service_of(import: &str) -> &str {
    let name = import.rsplit('/').next().unwrap_or(import);
    name.split('@').next().unwrap_or(name)
}

/// Embeds a manifest.
fn pack(global: &Global, component: &Path, manifest: &Path, output: &Path) -> Result<Exit, AppError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| AppError::Usage(format!("`{}` cannot be read: {error}", path.display())))
    };
    let packed = nl2sql_plugin_host::pack(&read(component)?, &read(manifest)?, &component.display().to_string())
        .map_err(|error| load_failure(&component.display().to_string(), &error))?;
    std::fs::write(output, packed).map_err(|error| AppError::unwritable(output, &error))?;
    if global.json {
        say_json(&json!({ "written": [output] }));
    } else if !global.quiet {
        say(format!("wrote {}", output.display()));
    }
    Ok(Exit::Done)
}

/// Loads the plugin under the profile's limits and pin and makes a few calls.
fn check(global: &Global, plugin: &str, options: Option<&str>, database: Option<&str>) -> Result<Exit, AppError> {
    let listener = global.clone();
    let notice = CompileNotice::new(move |text| show_notes(&listener, &[text]));
    let report = check_plugin(resolve(global)?.profile, plugin, options, database, notice)?;
    let calls = report.calls.iter().map(|call| match &call.outcome {
        Ok(outcome) => (call, true, outcome.clone()),
        Err(error) => (call, false, call_failure(error).to_string()),
    });
    if global.json {
        let calls = calls.map(|(call, ok, outcome)| {
            json!({ "call": call.call, "ok": ok, "outcome": outcome, "seconds": call.time.as_secs_f64() })
        });
        let calls: Vec<_> = calls.collect();
        say_json(&json!({ "plugin": describe(&report.artifact.summary()), "profile": report.profile, "calls": calls }));
    } else {
        let manifest = &report.artifact.manifest;
        say(format!(
            "{} {} is a {} of {}",
            manifest.name,
            manifest.version,
            manifest.kind.name(),
            report.artifact.contract
        ));
        for (call, ok, outcome) in calls {
            let mark = if ok { "ok  " } else { "FAIL" };
            say(format!(
                "{mark} {:28} {:>8.2} ms  {outcome}",
                call.call,
                call.time.as_secs_f64() * 1e3
            ));
        }
        if !report.profile.is_empty() {
            say(format!("to use it, a profile needs:\n\n{}", report.profile.trim_end()));
        }
    }
    Ok(if report.passed() { Exit::Done } else { Exit::Failed })
}

/// Writes a project for a plugin of one's own.
fn new(
    global: &Global,
    language: PluginLanguage,
    kind: PluginKind,
    name: &str,
    folder: Option<&Path>,
    sdk: Option<&Path>,
) -> Result<Exit, AppError> {
    let kind = match kind {
        PluginKind::Dialect => Kind::Dialect,
        PluginKind::Planner => Kind::Planner,
        PluginKind::Generator => Kind::Generator,
        PluginKind::Validator => Kind::Validator,
        PluginKind::Metric => Kind::Metric,
    };
    let language = match language {
        PluginLanguage::Rust => Language::Rust,
        PluginLanguage::Python => Language::Python,
        PluginLanguage::TypeScript => Language::TypeScript,
    };
    let folder = folder.unwrap_or(Path::new(name));
    let files = scaffold(language, kind, name, folder, sdk).map_err(|error| {
        let help = error.help().map(|help| format!(". {help}")).unwrap_or_default();
        AppError::Usage(format!("{error}{help}"))
    })?;
    let written: Vec<_> = files.into_iter().map(|file| folder.join(file)).collect();
    if global.json {
        say_json(&json!({ "written": written }));
    } else if !global.quiet {
        written.iter().for_each(|path| say(format!("wrote {}", path.display())));
    }
    Ok(Exit::Done)
}

fn describe(plugin: &PluginSummary) -> serde_json::Value {
    let manifest = &plugin.manifest;
    json!({
        "name": manifest.name,
        "version": manifest.version,
        "kind": manifest.kind.name(),
        "description": manifest.description,
        "contract": plugin.contract,
        "imports": plugin.imports,
        "size": plugin.size,
        "sha256": plugin.sha256,
        "signer": plugin.signer,
    })
}
