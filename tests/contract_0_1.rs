//! Guests built for version 0.1.0 of the contract go on working: `guests_0_1/` holds a validator and a metric as they were built with the SDK of
//! that version. They are never built again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_catalog::{Column, Database, MetricRow, ResultSet, Sample, Severity, Table, Value};
use nl2sql_plugin_host::{
    Artifact, MatchOutcome, MatchPair, PluginHost, PluginSettings, QueryError, QueryService, ServiceError, Services,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("guests_0_1/{name}.wasm"))
}

/// A host that takes the old guests in place of its own, and the dialect of this checkout.
fn host() -> PluginHost {
    let settings = ["validator-execution", "metric-sql"].map(|name| {
        let settings = PluginSettings {
            path: Some(file(name)),
            grant: Some(["sql", "query"].map(str::to_owned).into()),
            ..PluginSettings::default()
        };
        (name.to_owned(), settings)
    });
    PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .settings(settings.into())
        .build()
        .unwrap()
}

/// A database in which every table but `ghost` has one row.
struct OneRow;

impl QueryService for OneRow {
    fn run(&self, sql: &str, _: u32) -> Result<ResultSet, QueryError> {
        if sql.contains("ghost") {
            return Err(QueryError {
                code: "failed",
                message: "no such table".to_owned(),
            });
        }
        Ok(ResultSet {
            columns: vec!["name".to_owned()],
            rows: vec![vec![Value::Text("Ann".to_owned())]],
            truncated: false,
        })
    }

    fn execution_match(&self, _: &[MatchPair], _: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
        Ok(Vec::new())
    }
}

fn database() -> Database {
    let column = |name: &str| Column {
        name: name.to_owned(),
        ..Column::default()
    };
    Database {
        name: "shows".to_owned(),
        dialect: "sqlite".to_owned(),
        tables: vec![Table {
            name: "singer".to_owned(),
            columns: vec![column("name"), column("age")],
            ..Table::default()
        }],
        ..Database::default()
    }
}

fn services(host: &PluginHost) -> Services {
    let dialect = host.dialect("sqlite").unwrap().open(&database());
    Services::none()
        .with_sql(Arc::new(dialect))
        .with_query(Arc::new(OneRow))
}

#[test]
fn a_validator_of_0_1_uses_the_services_and_weighs_findings_by_name() {
    let host = host();
    let bytes = std::fs::read(file("validator-execution")).unwrap();
    assert_eq!(Artifact::read(&bytes, "it").unwrap().contract, "0.1.0");
    let validator = host.validator("validator-execution", services(&host)).unwrap();
    let samples = ["SELECT name FROM singer", "SELECT name FROM ghost", "SELECT"].map(|sql| Sample {
        sql: sql.to_owned(),
        ..Sample::default()
    });
    let findings = validator.open(&database(), "{}").check(&samples).unwrap();
    assert!(findings[0].is_empty(), "{findings:?}");
    let failed = &findings[1][0];
    assert_eq!((failed.severity, failed.layer.as_str()), (Severity::Error, "execution"));
    // It may read rows, so that only what the host says for it is passed on.
    assert_eq!(failed.message, "the engine refused the statement");
    assert_eq!(findings[2][0].layer, "syntax");
    let error = validator
        .open(&database(), r#"{"on_emty": 1}"#)
        .check(&samples)
        .unwrap_err();
    assert_eq!(error.refusal().unwrap().code, "bad-options");
}

#[test]
fn a_metric_of_0_1_describes_scores_and_aggregates() {
    let host = host();
    let metric = host.metric("metric-sql", services(&host)).unwrap();
    let names: Vec<String> = metric.describe().unwrap().into_iter().map(|info| info.name).collect();
    assert_eq!(names, ["exact-match", "token-f1", "syntax-valid", "schema-valid"]);
    let session = metric.open(Some(&database()), "{}");
    let row = |predicted: &str| MetricRow {
        gold: "SELECT name FROM singer".to_owned(),
        predicted_sql: predicted.to_owned(),
        ..MetricRow::default()
    };
    let scores = session
        .score(&[row("select NAME from singer"), row("SELECT nme FROM singer")])
        .unwrap();
    assert_eq!(scores[0].values, [Some(100.0); 4]);
    assert_eq!(
        (scores[1].values[0], scores[1].values[2], scores[1].values[3]),
        (Some(0.0), Some(100.0), Some(0.0))
    );
    assert_eq!(session.aggregate(&scores).unwrap()[0], Some(50.0));
}

#[test]
fn a_contract_newer_than_the_host_is_refused_by_its_version() {
    let bytes = std::fs::read(file("metric-sql")).unwrap();
    // The version stands in the names of interfaces, as long as that of a version to come.
    let newer = replaced(&bytes, b"@0.1.0", b"@0.9.0");
    let error = Artifact::read(&newer, "metric-new").unwrap_err();
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert_eq!(
        error.to_string(),
        "metric-new was built for version 0.9.0 of the plugin contract; this nl2sql serves 0.1.0 and 0.2.0"
    );
    assert!(help.contains("update nl2sql"), "{help}");
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}
