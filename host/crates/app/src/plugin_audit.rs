//! What plugins were granted and used in a run: lines of `plugin-audit.jsonl` in the run folder, one per plugin and job.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use nl2sql_plugin_host::{DISCLOSE_ROWS, Kind, PluginRecord, PluginUse};
use serde::{Deserialize, Serialize};

use crate::{AppError, Session};

/// Name of the file in a run folder.
pub const PLUGIN_AUDIT: &str = "plugin-audit.jsonl";

/// What one plugin did in one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    job: String,
    /// Who did it, where that was another process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    #[serde(flatten)]
    record: PluginRecord,
}

/// One file of a plugin over all jobs of a run that granted it the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditedPlugin {
    /// What it was granted and used, all in all.
    #[serde(flatten)]
    pub record: PluginRecord,
    /// The jobs it worked in.
    pub jobs: Vec<String>,
    /// Grants that it never used.
    pub unused: Vec<String>,
    /// What it used at each worker, where there were any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub workers: BTreeMap<String, PluginUse>,
}

/// Adds what the session's plugins used in a job. Nothing is added for those that were not called.
pub(crate) fn append(session: &Session, job: &str) -> io::Result<()> {
    let records = session
        .loaded_plugins()
        .map(|host| host.take_records())
        .unwrap_or_default();
    let called = records.into_iter().filter(|record| record.used.calls > 0);
    let lines = called.map(|record| Line {
        job: job.to_owned(),
        worker: None,
        record,
    });
    write(&session.place().folder, lines)
}

/// Adds what plugins used at workers for a job, by the workers' names.
pub(crate) fn append_of_workers(session: &Session, job: &str, records: Vec<(String, PluginRecord)>) -> io::Result<()> {
    let lines = records.into_iter().map(|(worker, record)| Line {
        job: job.to_owned(),
        worker: Some(worker),
        record,
    });
    write(&session.place().folder, lines)
}

fn write(folder: &Path, of_plugins: impl Iterator<Item = Line>) -> io::Result<()> {
    let mut lines = Vec::new();
    for line in of_plugins {
        serde_json::to_writer(&mut lines, &line)?;
        lines.push(b'\n');
    }
    if lines.is_empty() || !folder.is_dir() {
        return Ok(());
    }
    let path = folder.join(PLUGIN_AUDIT);
    let is_torn = std::fs::read(&path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    if is_torn {
        lines.insert(0, b'\n');
    }
    // By one write, so that processes that share the folder do not mix their lines.
    file.write_all(&lines)
}

/// What the plugins of a run did, summed up, by name.
///
/// # Errors
/// When the file cannot be read, or a line of it is not one.
pub fn audit(folder: &Path) -> Result<Vec<AuditedPlugin>, AppError> {
    let path = folder.join(PLUGIN_AUDIT);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(AppError::Usage(format!("`{}` cannot be read: {error}", path.display()))),
    };
    let mut audited: Vec<AuditedPlugin> = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|error| {
            let place = format!("`{}`, line {}", path.display(), number + 1);
            AppError::Usage(format!("{place} is no record of a plugin: {error}"))
        })?;
        add(&mut audited, line);
    }
    for plugin in &mut audited {
        plugin.unused = unused(&plugin.record);
    }
    audited.sort_by(|a, b| a.record.plugin.cmp(&b.record.plugin));
    Ok(audited)
}

fn add(audited: &mut Vec<AuditedPlugin>, line: Line) {
    let Line { job, worker, record } = line;
    let same = |known: &AuditedPlugin| {
        (&known.record.plugin, &known.record.sha256, &known.record.granted)
            == (&record.plugin, &record.sha256, &record.granted)
    };
    let used = record.used.clone();
    let at = match audited.iter().position(same) {
        Some(at) => {
            let known = &mut audited[at];
            known.record.used = known.record.used.clone().and(&used);
            if !known.jobs.contains(&job) {
                known.jobs.push(job);
            }
            at
        }
        None => {
            audited.push(AuditedPlugin {
                record,
                jobs: vec![job],
                unused: Vec::new(),
                workers: BTreeMap::new(),
            });
            audited.len() - 1
        }
    };
    if let Some(worker) = worker {
        let known = audited[at].workers.entry(worker).or_default();
        *known = std::mem::take(known).and(&used);
    }
}

/// Grants that a plugin never used. What is part of the program is granted what it asks for, and not looked at.
fn unused(record: &PluginRecord) -> Vec<String> {
    let never = |grant: &&String| match grant.as_str() {
        // A dialect reads rows by the queries that it writes for the catalog.
        DISCLOSE_ROWS => record.kind != Kind::Dialect && record.used.of_service("query") == 0,
        service => record.used.of_service(service) == 0,
    };
    match record.built_in {
        true => Vec::new(),
        false => record.granted.iter().filter(never).cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_file_are_summed_and_unused_grants_named() {
        let folder = tempfile::tempdir().unwrap();
        let line = |job: &str, sha256: &str, statements: u64| {
            format!(
                r#"{{"job":"{job}","plugin":"rows","version":"1","kind":"validator","sha256":"{sha256}","built_in":false,"granted":["llm","query","disclose-rows"],"used":{{"calls":2,"failed_calls":0,"seconds":0.5,"memory_peak":10,"sql_calls":0,"statements":{statements},"rows":7,"comparisons":0,"requests":0}}}}"#
            )
        };
        let text = [line("run", "a", 1), line("validate", "a", 2), line("run", "b", 0)].join("\n");
        std::fs::write(folder.path().join(PLUGIN_AUDIT), text).unwrap();
        let audited = audit(folder.path()).unwrap();
        assert_eq!(audited.len(), 2, "another file is another plugin");
        assert_eq!(audited[0].record.used.statements, 3);
        assert_eq!(audited[0].jobs, ["run", "validate"]);
        assert_eq!(audited[0].unused, ["llm"]);
        assert_eq!(audited[1].unused, ["llm", "query", "disclose-rows"]);
        assert!(audited[0].workers.is_empty());
    }

    #[test]
    fn what_workers_used_counts_and_is_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let line = |worker: &str, statements: u64| {
            format!(
                r#"{{"job":"run",{worker}"plugin":"rows","version":"1","kind":"validator","sha256":"a","built_in":false,"granted":["query"],"used":{{"calls":1,"failed_calls":0,"seconds":0.5,"memory_peak":10,"sql_calls":0,"statements":{statements},"rows":7,"comparisons":0,"requests":0}}}}"#
            )
        };
        let text = [
            line("", 1),
            line(r#""worker":"b","#, 2),
            line(r#""worker":"c","#, 3),
            line(r#""worker":"b","#, 4),
        ];
        std::fs::write(folder.path().join(PLUGIN_AUDIT), text.join("\n")).unwrap();
        let audited = audit(folder.path()).unwrap();
        assert_eq!(audited[0].record.used.statements, 10);
        let by_worker: Vec<_> = audited[0]
            .workers
            .iter()
            .map(|(name, used)| (name.as_str(), used.statements))
            .collect();
        assert_eq!(by_worker, [("b", 6), ("c", 3)]);
    }

    #[test]
    fn a_run_without_plugins_of_its_own_has_none_and_garbage_is_refused_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(audit(folder.path()).unwrap(), []);
        std::fs::write(folder.path().join(PLUGIN_AUDIT), "\nnonsense\n").unwrap();
        let refused = audit(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("line 2"), "{refused}");
    }
}
