//! Many threads over one session: every answer is the one a single thread gets, whichever instance gave it.

use std::sync::Arc;

use nl2sql_builtin_plugins::PLUGINS;
use nl2sql_catalog::{Column, Database, Sample, Table};
use nl2sql_plugin_host::{PluginHost, Services};

fn database() -> Database {
    let column = |name: &str| Column {
        name: name.to_owned(),
        type_name: "INTEGER".to_owned(),
        ..Column::default()
    };
    Database {
        name: "concert".to_owned(),
        dialect: "sqlite".to_owned(),
        tables: vec![Table {
            name: "singer".to_owned(),
            columns: vec![column("singer_id"), column("age")],
            ..Table::default()
        }],
        ..Database::default()
    }
}

/// Good statements, unknown names, syntax errors and other kinds of statements, none of them twice.
fn samples() -> Vec<Sample> {
    let sql = |number: usize| match number % 4 {
        0 => format!("SELECT age FROM singer WHERE singer_id = {number}"),
        1 => format!("SELECT agee FROM singer WHERE singer_id = {number}"),
        2 => format!("SELECT age FROM WHERE {number}"),
        _ => format!("DELETE FROM singer WHERE singer_id = {number}"),
    };
    (0..400)
        .map(|number| Sample {
            id: number.to_string(),
            sql: sql(number),
            ..Sample::default()
        })
        .collect()
}

#[test]
fn answers_do_not_depend_on_threads_or_on_what_an_instance_did_before() {
    let host = PluginHost::builder().embedded(PLUGINS).build().unwrap();
    let dialect = Arc::new(host.dialect("sqlite").unwrap().open(&database()));
    let services = Services::none().with_sql(dialect.clone());
    let samples = samples();
    for name in ["validator-syntax", "validator-schema"] {
        let plugin = host.validator(name, services.clone()).unwrap();
        let expected = plugin.open(&database(), "{}").check(&samples).unwrap();
        assert!(expected.iter().any(Vec::is_empty) && expected.iter().any(|findings| !findings.is_empty()));
        let session = plugin.open(&database(), "{}");
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (session, samples, expected) = (&session, &samples, &expected);
                scope.spawn(move || {
                    // Each thread begins elsewhere and takes batches of its own size.
                    let size = 7 + thread;
                    for start in (0..samples.len())
                        .step_by(size)
                        .map(|at| (at + 60 * thread) % samples.len())
                    {
                        let end = (start + size).min(samples.len());
                        assert_eq!(session.check(&samples[start..end]).unwrap(), expected[start..end]);
                    }
                });
            }
        });
    }
}
