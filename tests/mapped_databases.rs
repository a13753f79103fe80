//! Rows whose `db_id` is not the name of the run's database: mapped by the profile, or refused by name.

use std::fs;
use std::path::Path;

use nl2sql_database::ConnectionSettings;

use crate::before_and_after::{command, done, exported, json, said};
use crate::servers::TestDatabase;

use crate::scoring::EVAL;

const ROWS: &str = r#"{"db_id": "debit_card", "question": "How many customers?", "query": "SELECT count(*) FROM customers"}
{"db_id": "gas_stations", "question": "Cities?", "query": "SELECT city FROM customers"}
"#;

const PREDICTIONS: &str = "SELECT count(*) FROM customers\tdebit_card\nSELECT id FROM customers\tgas_stations\n";

/// Matches and all rows of a report.
fn execution_match(folder: &Path) -> (u64, u64) {
    let report = json(&folder.join("scored/report.json"));
    let outcomes = &report["outcomes"];
    let count = |name: &str| outcomes[name][1].as_u64().unwrap_or(0);
    let names = outcomes.as_object().unwrap().keys();
    (count("match"), names.map(|name| count(name)).sum())
}

#[test]
fn ids_are_mapped_to_the_runs_database_or_refused_by_name() {
    let folder = exported();
    fs::write(folder.path().join("rows.jsonl"), ROWS).unwrap();
    fs::write(folder.path().join("pred.txt"), PREDICTIONS).unwrap();
    let eval = |more: &[&str]| command(folder.path(), &[&EVAL[..], more].concat()).output().unwrap();
    let output = eval(&[]);
    let text = said(&output);
    assert!(
        !output.status.success() && text.contains("debit_card") && text.contains("evaluate.db_ids"),
        "{text}"
    );
    // One that is left out is refused too.
    let output = eval(&["--set", "evaluate.db_ids.debit_card={}"]);
    let text = said(&output);
    assert!(!output.status.success() && text.contains("gas_stations"), "{text}");
    let output = eval(&["--set", r#"evaluate.db_ids={"*" = { database = "other" }}"#]);
    let text = said(&output);
    assert!(!output.status.success() && text.contains("names a database"), "{text}");

    done(
        folder.path(),
        &[&EVAL[..], &["--set", r#"evaluate.db_ids={"*" = {}}"#]].concat(),
    );
    assert_eq!(execution_match(folder.path()), (1, 2));
}

fn url(login: &ConnectionSettings) -> String {
    let (user, host, port) = (&login.user, &login.host, login.effective_port());
    format!("database.url=postgres://{user}@{host}:{port}/{}", login.database)
}

#[test]
fn ids_are_mapped_to_schemas_of_a_postgres_database() {
    let variable = "NL2SQL_TEST_POSTGRES_URL";
    let Some(server) = std::env::var(variable).ok().filter(|url| !url.is_empty()) else {
        eprintln!("skipped: ids_are_mapped_to_schemas_of_a_postgres_database needs {variable}");
        return;
    };
    let mut server = TestDatabase::create(&server);
    server.script(
        "CREATE SCHEMA debit; CREATE TABLE debit.customers (id INTEGER, city TEXT); INSERT INTO debit.customers VALUES (1, 'Oslo');
         CREATE SCHEMA \"gas Stations\"; CREATE TABLE \"gas Stations\".customers (id INTEGER, city TEXT);
         INSERT INTO \"gas Stations\".customers VALUES (1, 'Oslo'), (2, 'Rome');",
    );
    server.add_reader();
    let grants = "USAGE ON SCHEMA debit, \"gas Stations\" TO ; GRANT SELECT ON ALL TABLES IN SCHEMA debit, \"gas Stations\" TO ;";
    server.script(&format!(
        "GRANT {}",
        grants.replace(" TO ;", &format!(" TO {};", server.reader.user))
    ));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.jsonl"), ROWS).unwrap();
    let predictions = "SELECT 1\tdebit_card\nSELECT city FROM customers ORDER BY city DESC\tgas_stations\n";
    fs::write(folder.path().join("pred.txt"), predictions).unwrap();
    let login = &server.reader;
    let output = command(folder.path(), &EVAL)
        .env("READER_PASSWORD", login.password.reveal())
        .args(["--set", "database.password_env=READER_PASSWORD", "--set", &url(login)])
        .args(["--set", "evaluate.db_ids.debit_card={ schema = \"debit\" }"])
        .args(["--set", "evaluate.db_ids.gas_stations={ schema = \"gas Stations\" }"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(execution_match(folder.path()), (2, 2));
}
