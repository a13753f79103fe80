//! What plugins did with what they were granted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Kind;

/// How much a plugin used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PluginUse {
    /// Calls that the host made of it.
    pub calls: u64,
    /// Those that failed.
    pub failed_calls: u64,
    /// How long they took, services included.
    pub seconds: f64,
    /// Most memory that an instance held, in bytes.
    pub memory_peak: u64,
    /// Questions to the dialect.
    pub sql_calls: u64,
    /// Statements run against the database.
    pub statements: u64,
    /// Rows that they returned to the plugin.
    pub rows: u64,
    /// Pairs of statements whose results were compared for it.
    pub comparisons: u64,
    /// Requests to the language model.
    pub requests: u64,
}

impl PluginUse {
    /// How often a service was used.
    pub fn of_service(&self, service: &str) -> u64 {
        match service {
            "sql" => self.sql_calls,
            "query" => self.statements + self.comparisons,
            "llm" => self.requests,
            _ => 0,
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            failed_calls: self.failed_calls + other.failed_calls,
            seconds: self.seconds + other.seconds,
            memory_peak: self.memory_peak.max(other.memory_peak),
            sql_calls: self.sql_calls + other.sql_calls,
            statements: self.statements + other.statements,
            rows: self.rows + other.rows,
            comparisons: self.comparisons + other.comparisons,
            requests: self.requests + other.requests,
        }
    }
}

/// A plugin that was loaded, with what it was granted and what it used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginRecord {
    /// Its name.
    pub plugin: String,
    /// Version in its manifest.
    pub version: String,
    /// Its kind.
    pub kind: Kind,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Whether it is part of the program.
    pub built_in: bool,
    /// Whose signature of the file was verified, by the name that the user gave the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// What it was granted, in the words of the profile.
    pub granted: Vec<String>,
    /// What it used.
    pub used: PluginUse,
}

/// Counts of one plugin, shared by its instances.
#[derive(Debug, Default)]
pub(crate) struct UseCounter {
    calls: AtomicU64,
    failed_calls: AtomicU64,
    microseconds: AtomicU64,
    memory_peak: AtomicU64,
    sql_calls: AtomicU64,
    statements: AtomicU64,
    rows: AtomicU64,
    comparisons: AtomicU64,
    requests: AtomicU64,
}

impl UseCounter {
    /// A call that ended.
    pub(crate) fn call(&self, took: Duration, failed: bool) {
        add(&self.calls, 1);
        add(&self.failed_calls, failed.into());
        add(&self.microseconds, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// What an instance holds, or held at most.
    pub(crate) fn memory(&self, bytes: usize) {
        self.memory_peak.fetch_max(bytes as u64, Ordering::Relaxed);
    }

    /// A question to the dialect.
    pub(crate) fn sql(&self) {
        add(&self.sql_calls, 1);
    }

    /// A statement, with the rows it gave.
    pub(crate) fn statement(&self, rows: usize) {
        add(&self.statements, 1);
        add(&self.rows, rows as u64);
    }

    /// Pairs that were compared.
    pub(crate) fn comparisons(&self, pairs: usize) {
        add(&self.comparisons, pairs as u64);
    }

    /// Requests to the language model.
    pub(crate) fn requests(&self, requests: usize) {
        add(&self.requests, requests as u64);
    }

    /// The counts since they were taken last.
    pub(crate) fn take(&self) -> PluginUse {
        let read = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        PluginUse {
            calls: read(&self.calls),
            failed_calls: read(&self.failed_calls),
            seconds: Duration::from_micros(read(&self.microseconds)).as_secs_f64(),
            memory_peak: read(&self.memory_peak),
            sql_calls: read(&self.sql_calls),
            statements: read(&self.statements),
            rows: read(&self.rows),
            comparisons: read(&self.comparisons),
            requests: read(&self.requests),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_counted_and_summed() {
        let counter = UseCounter::default();
        counter.call(Duration::from_millis(1500), false);
        counter.call(Duration::from_millis(500), true);
        counter.statement(3);
        counter.statement(0);
        counter.comparisons(2);
        counter.memory(20);
        counter.memory(10);
        let used = counter.take();
        assert_eq!((used.calls, used.failed_calls, used.rows), (2, 1, 3));
        assert_eq!(used.of_service("query"), 4);
        assert_eq!(used.of_service("llm"), 0);
        let both = used.clone().and(&used);
        assert_eq!((both.calls, both.memory_peak), (4, 20));
        assert!((both.seconds - 4.0).abs() < 1e-9);
    }
}
