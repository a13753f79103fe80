//! What plugins did at a worker, on its way into the run folder of the coordinator.

use std::sync::{Mutex, PoisonError};

use nl2sql_plugin_host::{LogLevel, LogSink, PluginRecord, TracingSink};
use serde::{Deserialize, Serialize};

use crate::Session;

/// Most bytes of messages, as they travel, that a task's report carries; the rest stays with the worker. A report beyond what a message of the queue
/// holds would be lost, with the counts in it.
const MAX_LOGGED_BYTES: usize = 64 << 10;

/// What the plugins of a worker did since its last report.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginReport {
    /// What they were granted and used.
    pub(super) used: Vec<PluginRecord>,
    /// What they logged.
    pub(super) logged: Vec<LoggedMessage>,
    /// Messages that were too many.
    pub(super) left_out: usize,
}

/// One message of a plugin.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoggedMessage {
    pub(crate) plugin: String,
    pub(crate) level: String,
    pub(crate) message: String,
}

impl PluginReport {
    /// What there is to tell; nothing where no plugin did anything.
    pub(super) fn take(session: &Session, log: &ReportedLog) -> Option<Self> {
        let mut report = log.take();
        let records = session.loaded_plugins().map(|host| host.take_records());
        report.used = records.unwrap_or_default();
        report.used.retain(|record| record.used.calls > 0);
        let is_empty = report.used.is_empty() && report.logged.is_empty() && report.left_out == 0;
        (!is_empty).then_some(report)
    }
}

/// Keeps what plugins log until it is reported.
#[derive(Default)]
pub(crate) struct ReportedLog(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    report: PluginReport,
    bytes: usize,
}

impl ReportedLog {
    fn take(&self) -> PluginReport {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).report
    }
}

impl LogSink for ReportedLog {
    fn write(&self, plugin: &str, level: LogLevel, message: &str) {
        TracingSink.write(plugin, level, message);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let logged = LoggedMessage {
            plugin: plugin.to_owned(),
            level: level.name().to_owned(),
            message: message.to_owned(),
        };
        let bytes = waiting.bytes + serde_json::to_string(&logged).map_or(0, |text| text.len() + 1);
        if bytes > MAX_LOGGED_BYTES {
            waiting.report.left_out += 1;
            return;
        }
        waiting.bytes = bytes;
        waiting.report.logged.push(logged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_carries_so_much_and_counts_the_rest() {
        let log = ReportedLog::default();
        for message in ["x".repeat(MAX_LOGGED_BYTES / 4), "\u{1}".repeat(100), String::new()] {
            (0..3000).for_each(|_| log.write("judge", LogLevel::Info, &message));
            let report = log.take();
            let size = serde_json::to_string(&report).unwrap().len();
            assert!((MAX_LOGGED_BYTES / 2..MAX_LOGGED_BYTES + 100).contains(&size), "{size}");
            assert_eq!(report.logged.len() + report.left_out, 3000);
        }
        log.write("judge", LogLevel::Warn, "again");
        let report = log.take();
        assert_eq!((report.logged[0].level.as_str(), report.left_out), ("warn", 0));
    }
}
