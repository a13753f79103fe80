//! Guests that are greedy for the host's services: what they wait for, hold and ask for is bounded, and fair guests are not hurt.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use miette::Diagnostic;
use nl2sql_catalog::{
    Analysis, Database, DialectInfo, Finding, ResultSet, Sample, StatementInfo, SyntaxError, Table, Value,
};
use nl2sql_plugin_host::{
    DISCLOSE_ROWS, Limits, MatchOutcome, MatchPair, PluginHost, PluginSettings, QueryError, QueryService, ServiceError,
    Services, SqlService,
};
use nl2sql_tests::guest;

/// A dialect that quotes slowly or fast, and a database whose every result has 100 KiB.
#[derive(Default)]
struct Fake {
    pause: Duration,
    calls: AtomicU64,
}

impl SqlService for Fake {
    fn info(&self) -> Result<DialectInfo, ServiceError> {
        Ok(DialectInfo::default())
    }
    fn statement(&self, _: &str) -> Result<StatementInfo, ServiceError> {
        Ok(StatementInfo::default())
    }
    fn check_syntax(&self, _: &str) -> Result<Result<(), SyntaxError>, ServiceError> {
        Ok(Ok(()))
    }
    fn diagnose(&self, _: &str) -> Result<Result<Vec<Finding>, SyntaxError>, ServiceError> {
        Ok(Ok(Vec::new()))
    }
    fn analyse(&self, _: &str) -> Result<Result<Analysis, SyntaxError>, ServiceError> {
        Ok(Ok(Analysis::default()))
    }
    fn with_limit(&self, sql: &str, _: u32) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Ok(sql.to_owned()))
    }
    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Ok(sql.to_owned()))
    }
    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, ServiceError> {
        Ok(Ok(sql.to_owned()))
    }
    fn render_ddl(&self, _: &Table) -> Result<String, ServiceError> {
        Ok(String::new())
    }
    fn quote(&self, identifier: &str) -> Result<String, ServiceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(self.pause);
        Ok(identifier.to_owned())
    }
}

impl QueryService for Fake {
    fn run(&self, _: &str, _: u32) -> Result<ResultSet, QueryError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(ResultSet {
            columns: vec!["text".to_owned()],
            rows: vec![vec![Value::Text("x".repeat(100 << 10))]],
            truncated: false,
        })
    }
    fn execution_match(&self, _: &[MatchPair], _: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
        Ok(Vec::new())
    }
}

/// What a user reads of a guest's try at one sample, and how often it called a service.
fn outcome(name: &str, time: Duration, pause: Duration) -> (String, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    let source = guest::hostile().join("../greedy").join(name);
    fs::write(&path, guest::build(&source).unwrap()).unwrap();
    let settings = PluginSettings {
        path: Some(path),
        grant: Some(["sql", "query", DISCLOSE_ROWS].map(str::to_owned).to_vec()),
        ..PluginSettings::default()
    };
    let limits = Limits {
        time,
        memory: 4 << 20,
        output: 1 << 20,
    };
    let host = PluginHost::builder()
        .settings([(name.to_owned(), settings)].into())
        .limits(limits)
        .build()
        .unwrap();
    let fake = Arc::new(Fake {
        pause,
        ..Fake::default()
    });
    let services = Services::none().with_sql(fake.clone()).with_query(fake.clone());
    let validator = host.validator(name, services).unwrap().open(&Database::default(), "{}");
    let said = match validator.check(&[Sample::default()]) {
        Ok(findings) => format!("found {}", findings[0].len()),
        Err(error) => format!("{error}\nhelp: {}", error.help().unwrap()),
    };
    (said, fake.calls.load(Ordering::Relaxed))
}

const SHORT: Duration = Duration::from_millis(20);

#[test]
fn service_time_does_not_count_as_compute_time() {
    assert_eq!(outcome("patient", SHORT, SHORT * 20), ("found 0".to_owned(), 1));
}

#[test]
fn a_guest_that_calls_services_forever_is_stopped() {
    // Pauses as long as the limit leave the guest few turns, so that a busy machine does not have it compute too long.
    let (said, calls) = outcome("service-flood", SHORT * 2, SHORT * 2);
    assert_eq!(
        said,
        "plugin `service-flood` failed in `validator.session.check`: it kept the host's services busy for longer than its limit of 4800 ms\n\
         help: services may take 120 times as long as a call may compute; if it needs that long, raise `time_ms` under \
         `[plugins.service-flood.limits]` of the profile"
    );
    assert!(calls > 50, "{calls} calls");
}

#[test]
fn service_waits_do_not_extend_the_compute_limit() {
    let (said, calls) = outcome("computes-between-calls", SHORT * 5, SHORT);
    assert!(
        said.contains("it computed for longer than its limit of 100 ms"),
        "{said}"
    );
    assert!(calls < 100, "{calls} calls");
}

#[test]
fn kept_results_count_as_memory_until_they_are_dropped() {
    let plenty = Duration::from_secs(10);
    let (said, calls) = outcome("hoards-rows", plenty, Duration::ZERO);
    assert!(said.contains("bytes of memory, its limit is 4194304"), "{said}");
    assert!((30..45).contains(&calls), "{calls} results of 100 KiB fit 4 MiB");
    assert_eq!(
        outcome("returns-rows", plenty, Duration::ZERO),
        ("found 0".to_owned(), 200)
    );
}

#[test]
fn dropped_rows_cannot_be_read() {
    let (said, _) = outcome("uses-rows-after-drop", Duration::from_secs(10), Duration::ZERO);
    assert!(said.contains("it trapped: unknown handle index"), "{said}");
}
