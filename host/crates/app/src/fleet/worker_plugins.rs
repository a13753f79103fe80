//! What plugins did at workers, written into the run folder.

use std::collections::BTreeMap;
use std::path::Path;

use nl2sql_plugin_host::PluginRecord;
use nl2sql_worker::WorkerReport;

use super::plugin_report::PluginReport;
use crate::Session;
use crate::plugin_audit;
use crate::plugin_log::PluginLog;

/// A worker, a plugin's name and file, and what it was granted.
type Key = (String, String, String, Vec<String>);

/// Writes what workers logged as it is read, and sums up what they used.
pub(super) struct WorkerPlugins {
    log: PluginLog,
    used: BTreeMap<Key, PluginRecord>,
}

impl WorkerPlugins {
    /// For the run in this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            log: PluginLog::new(folder),
            used: BTreeMap::new(),
        }
    }

    /// Takes one report. What is none is told and left out.
    pub(super) fn take(&mut self, report: WorkerReport) {
        let WorkerReport { worker, told } = report;
        let report: PluginReport = match serde_json::from_value(told) {
            Ok(report) => report,
            Err(error) => {
                tracing::warn!("what worker `{worker}` tells of plugins cannot be understood: {error}");
                return;
            }
        };
        for logged in &report.logged {
            self.log.append_of_worker(&worker, logged);
        }
        if report.left_out > 0 {
            tracing::warn!(
                "worker `{worker}` kept {} messages of plugins, for they were too many",
                report.left_out
            );
        }
        for record in report.used.into_iter().filter(is_plain) {
            let key = (
                worker.clone(),
                record.plugin.clone(),
                record.sha256.clone(),
                record.granted.clone(),
            );
            match self.used.get_mut(&key) {
                Some(known) => known.used = std::mem::take(&mut known.used).and(&record.used),
                None => drop(self.used.insert(key, record)),
            }
        }
    }

    /// Adds the sums to the run's audit, as of a job. Whose signature was verified is known here alone.
    pub(super) fn write(self, session: &Session, job: &str) -> std::io::Result<()> {
        let known = session.plugins().ok().and_then(|host| host.library().list().ok());
        let known: Vec<_> = known
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.plugin.ok())
            .collect();
        let records = self.used.into_iter().map(|((worker, ..), record)| {
            let same = known.iter().find(|plugin| plugin.sha256 == record.sha256);
            let signer = same.and_then(|plugin| plugin.signer.clone());
            (worker, PluginRecord { signer, ..record })
        });
        plugin_audit::append_of_workers(session, job, records.collect())
    }
}

/// Whether a record can be shown: nothing in it moves a terminal's cursor.
fn is_plain(record: &PluginRecord) -> bool {
    let mut texts = [&record.plugin, &record.version, &record.sha256]
        .into_iter()
        .chain(&record.granted);
    texts.all(|text| !text.contains(char::is_control))
}
