//! Statements a CPU second that pass both validators, syntax and schema, through WASM on one core, and that sqlglot parses and walks in the
//! same run: `cargo xtask bench validation`.
//!
//! The statements are the distinct gold queries of Spider against their databases, so that nothing is answered from what was seen before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Instant;

use nl2sql_catalog::{Column, Database, Sample, Table};
use nl2sql_plugin_host::{PluginHost, Services, ValidatorSession};
use serde_json::Value;

/// Samples handed over at once, at most; the pipeline's number.
const BATCH: usize = 32;

/// How often everything is done; the best time counts on both sides.
const ROUNDS: usize = 5;

/// A database with its validators and its statements.
struct Bound {
    validators: Vec<ValidatorSession>,
    samples: Vec<Sample>,
}

fn main() {
    let databases = databases();
    let queries = queries();
    let host = PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .build()
        .expect("an engine");
    let dialect = host.dialect("sqlite").expect("the dialect is built in");
    let bound: Vec<Bound> = queries
        .iter()
        .map(|(database, statements)| {
            let database = &databases[database.as_str()];
            let session = Arc::new(dialect.open(database));
            let validators = ["validator-syntax", "validator-schema"].map(|name| {
                let services = Services::none().with_sql(session.clone());
                let validator = host.validator(name, services).expect("the validator is built in");
                validator.open(database, "{}")
            });
            let sample = |sql: &String| Sample {
                sql: sql.clone(),
                ..Sample::default()
            };
            Bound {
                validators: validators.into(),
                samples: statements.iter().map(sample).collect(),
            }
        })
        .collect();
    let statements: usize = bound.iter().map(|bound| bound.samples.len()).sum();
    println!("{statements} distinct statements of {} databases", bound.len());
    let mut ours = f64::MAX;
    for _ in 0..=ROUNDS {
        let began = seconds_on_cpu();
        let rejected: usize = bound.iter().map(check).sum();
        ours = ours.min(seconds_on_cpu() - began);
        assert_eq!(rejected, 0, "a gold query is refused");
    }
    let rows = queries.values().flatten().map(|sql| ("sqlite", sql.as_str()));
    let mut theirs = f64::MAX;
    let mut version = String::new();
    for _ in 0..ROUNDS {
        let printed = nl2sql_bench::sqlglot("walk", rows.clone());
        let answer: Value = serde_json::from_str(&printed).expect("sqlglot prints its time");
        assert_eq!(answer["compiled"], true, "the peer is sqlglot compiled");
        theirs = theirs.min(answer["seconds"].as_f64().expect("a number"));
        version = answer["version"].as_str().unwrap_or_default().to_owned();
    }
    let rate = |seconds: f64| statements as f64 / seconds;
    println!(
        "ours, syntax and schema through WASM: {:>7.0} statements a CPU second",
        rate(ours)
    );
    println!(
        "sqlglot {version} compiled, parse and walk: {:>4.0} statements a CPU second",
        rate(theirs)
    );
    println!("ratio: {:.1}", theirs / ours);
}

/// Checks every sample with every validator; how many findings there are.
fn check(bound: &Bound) -> usize {
    let findings = |batch: &[Sample], validator: &ValidatorSession| {
        let answers = validator.check(batch).expect("the validator answers");
        answers.iter().map(Vec::len).sum::<usize>()
    };
    bound
        .samples
        .chunks(BATCH)
        .flat_map(|batch| bound.validators.iter().map(move |validator| findings(batch, validator)))
        .sum()
}

/// Distinct gold queries by database.
fn queries() -> BTreeMap<String, BTreeSet<String>> {
    let mut queries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in ["dev.jsonl", "train.jsonl"] {
        for row in nl2sql_bench::rows(&nl2sql_bench::data().join("spider").join(file)) {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            queries.entry(text("db_id")).or_default().insert(text("query"));
        }
    }
    queries
}

/// The schemas of Spider by database.
fn databases() -> BTreeMap<String, Database> {
    let path = nl2sql_bench::data().join("spider/tables.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schemas: Vec<Value> = serde_json::from_str(&text).expect("tables.json is JSON");
    schemas
        .iter()
        .map(database)
        .map(|database| (database.name.clone(), database))
        .collect()
}

fn database(schema: &Value) -> Database {
    let names = |field: &str| schema[field].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let table = |name: &Value| Table {
        name: text(name),
        ..Table::default()
    };
    let mut tables: Vec<Table> = names("table_names_original").iter().map(table).collect();
    for column in names("column_names_original") {
        let table = column[0].as_u64().and_then(|index| tables.get_mut(index as usize));
        if let Some(table) = table {
            table.columns.push(Column {
                name: text(&column[1]),
                ..Column::default()
            });
        }
    }
    Database {
        name: text(&schema["db_id"]),
        dialect: "sqlite".to_owned(),
        tables,
        ..Database::default()
    }
}

/// CPU time of this thread where Linux tells it, else the time that passed: only differences mean something.
fn seconds_on_cpu() -> f64 {
    thread_local!(static BEGAN: Instant = Instant::now());
    let scheduled = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(
        || BEGAN.with(|began| began.elapsed().as_secs_f64()),
        |nanoseconds| nanoseconds / 1e9,
    )
}
