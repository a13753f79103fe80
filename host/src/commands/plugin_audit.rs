//! `nl2sql plugin audit`

use nl2sql_app::diagnostic::Exit;
use nl2sql_app::{AppError, AuditedPlugin, PLUGIN_AUDIT, PluginSupply, audit};
use nl2sql_plugin_host::PluginUse;
use nl2sql_plugin_supply::{Finding, FindingLevel};
use serde_json::json;

use super::{open_session, resolve};
use crate::arguments::Global;
use crate::terminal::{counted, say, say_json};

/// Digits of a digest that tell files apart to a reader.
const SHORT_DIGEST: usize = 12;

/// Checks the plugins of the profile, and shows what those of its run were granted and used.
pub fn show(global: &Global) -> Result<Exit, AppError> {
    let folder = open_session(global)?.place().folder.clone();
    let findings = findings(global)?;
    let audited = audit(&folder)?;
    let is_sound = findings.iter().all(|finding| finding.level != FindingLevel::Error);
    let exit = if is_sound { Exit::Done } else { Exit::Failed };
    if global.json {
        say_json(&json!({ "folder": folder, "findings": findings, "plugins": audited }));
        return Ok(exit);
    }
    findings.iter().map(finding_line).for_each(say);
    if audited.is_empty() {
        say(format!(
            "{} holds no {PLUGIN_AUDIT}: no job has called a plugin there yet",
            folder.display()
        ));
    }
    audited.iter().flat_map(lines).for_each(say);
    Ok(exit)
}

/// What was found about the plugins of others; nothing without a profile.
fn findings(global: &Global) -> Result<Vec<Finding>, AppError> {
    let resolved = resolve(global)?;
    match &resolved.file {
        Some(file) if file.is_file() => PluginSupply::of(&resolved, global.run_dir.clone())?.check(),
        _ => Ok(Vec::new()),
    }
}

fn finding_line(finding: &Finding) -> String {
    let mark = match finding.level {
        FindingLevel::Ok => "ok  ",
        FindingLevel::Warning => "warn",
        FindingLevel::Error => "FAIL",
    };
    format!("{mark} {}: {}", finding.plugin, finding.message)
}

/// The services that were used, and how often.
fn services(used: &PluginUse) -> Vec<String> {
    let services = [
        (used.sql_calls, format!("sql {}", counted(used.sql_calls, "question"))),
        (
            used.statements,
            format!(
                "query {}, {}",
                counted(used.statements, "statement"),
                counted(used.rows, "row")
            ),
        ),
        (
            used.comparisons,
            format!("query {}", counted(used.comparisons, "comparison")),
        ),
        (used.requests, format!("llm {}", counted(used.requests, "request"))),
    ];
    let asked = services.into_iter().filter(|(count, _)| *count > 0);
    asked.map(|(_, text)| text).collect()
}

/// A plugin in a few lines.
fn lines(audited: &AuditedPlugin) -> Vec<String> {
    let (record, used) = (&audited.record, &audited.record.used);
    let digest = record.sha256.get(..SHORT_DIGEST).unwrap_or(&record.sha256);
    let origin = match (record.built_in, &record.signer) {
        (true, _) => ", built in".to_owned(),
        (false, Some(signer)) => format!(", signed by {signer}"),
        (false, None) => String::new(),
    };
    let granted = match record.granted.as_slice() {
        [] => "nothing".to_owned(),
        words => words.join(", "),
    };
    let failed = match used.failed_calls {
        0 => String::new(),
        failed => format!(", {failed} of them failed"),
    };
    let mut lines = vec![
        format!(
            "{} {} ({}{origin}) {digest}",
            record.plugin, record.version, record.kind
        ),
        format!("  granted   {granted}"),
        format!(
            "  used      {} in {:.2} s{failed}; at most {:.1} MiB of memory; in {}",
            counted(used.calls, "call"),
            used.seconds,
            used.memory_peak as f64 / f64::from(1 << 20),
            audited.jobs.join(", ")
        ),
    ];
    let asked = services(used);
    if !asked.is_empty() {
        lines.push(format!("  services  {}", asked.join("; ")));
    }
    for (worker, used) in &audited.workers {
        let mut parts = vec![counted(used.calls, "call")];
        parts.extend(services(used));
        lines.push(format!("  worker    {worker}: {}", parts.join("; ")));
    }
    if !audited.unused.is_empty() {
        lines.push(format!(
            "  unused    {}: never used in this run; take it out of `grant` under [plugins.{}]",
            audited.unused.join(", "),
            record.plugin
        ));
    }
    lines
}
