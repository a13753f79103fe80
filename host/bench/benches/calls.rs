//! What a call of a plugin costs, by itself and through the service `sql`, where two plugins and the host take turns.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nl2sql_catalog::{Column, Database, Sample, Table, TypeClass};
use nl2sql_plugin_host::{PluginHost, Services};

const QUERY: &str = "SELECT t.name, count(*) FROM singer AS t JOIN concert AS c ON c.singer_id = t.singer_id \
                     WHERE t.age > 20 GROUP BY t.name HAVING count(*) > 1 ORDER BY count(*) DESC LIMIT 3";

/// Samples of one batch.
const BATCH: usize = 100;

fn database() -> Database {
    let column = |name: &str| Column {
        name: name.to_owned(),
        type_name: "INTEGER".to_owned(),
        type_class: TypeClass::Integer,
        ..Column::default()
    };
    let table = |name: &str, columns: &[&str]| Table {
        name: name.to_owned(),
        columns: columns.iter().map(|name| column(name)).collect(),
        ..Table::default()
    };
    Database {
        name: "concert_singer".to_owned(),
        dialect: "sqlite".to_owned(),
        tables: vec![
            table("singer", &["singer_id", "name", "age"]),
            table("concert", &["concert_id", "singer_id", "year"]),
        ],
        ..Database::default()
    }
}

fn calls(criterion: &mut Criterion) {
    let host = PluginHost::builder()
        .embedded(nl2sql_builtin_plugins::PLUGINS)
        .build()
        .expect("an engine");
    let database = database();
    let dialect = host.dialect("sqlite").expect("the dialect sqlite is built in");
    let session = Arc::new(dialect.open(&database));

    let mut group = criterion.benchmark_group("dialect");
    group.bench_function("quote", |bench| bench.iter(|| session.quote(black_box("name")).is_ok()));
    for (name, sql) in [("tiny", "SELECT 1"), ("usual", QUERY)] {
        group.bench_function(format!("statement/{name}"), |bench| {
            bench.iter(|| session.statement(black_box(sql)).is_ok());
        });
        group.bench_function(format!("check-syntax/{name}"), |bench| {
            bench.iter(|| session.check_syntax(black_box(sql)).is_ok());
        });
        group.bench_function(format!("diagnose/{name}"), |bench| {
            bench.iter(|| session.diagnose(black_box(sql)).is_ok());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("validator, per sample");
    group.throughput(Throughput::Elements(BATCH as u64));
    for name in ["validator-syntax", "validator-schema"] {
        let services = Services::none().with_sql(session.clone());
        let validator = host
            .validator(name, services)
            .expect("the validator is built in")
            .open(&database, "{}");
        for (size, sql) in [("tiny", "SELECT 1"), ("usual", QUERY)] {
            let samples = vec![
                Sample {
                    sql: sql.to_owned(),
                    ..Sample::default()
                };
                BATCH
            ];
            group.bench_function(format!("{name}/{size}"), |bench| {
                bench.iter(|| validator.check(black_box(&samples)).is_ok());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
