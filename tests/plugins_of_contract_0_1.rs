//! A whole run by plugins built for contract 0.1: `guests_0_1` holds one of every kind, built with the SDK of that version and never since.

use std::fs;
use std::path::Path;

use crate::before_and_after::{command, done, json, lines, said};
use crate::scoring::EVAL;

/// A folder with a shop and a profile in which every kind is served by an old plugin.
fn shop() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    rusqlite::Connection::open(folder.path().join("shop.sqlite"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE shops (id INTEGER, city TEXT); CREATE TABLE sales (id INTEGER, amount REAL); CREATE TABLE empty (id INTEGER);
             INSERT INTO shops VALUES (1, 'Oslo'); INSERT INTO sales VALUES (1, 2.5);",
        )
        .unwrap();
    let file = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/guests_0_1/{name}.wasm"));
        serde_json::Value::from(path.display().to_string())
    };
    let profile = format!(
        "[database]\npath = \"shop.sqlite\"\ndialect = \"plain\"\n[run]\nname = \"shop\"\n[plan]\nplanner = \"planner-plain\"\ntotal = 3\n\
         [generate]\ngenerator = \"generator-plain\"\n[validate]\nvalidators = [\"validator-syntax\", \"validator-execution\"]\n\
         [evaluate]\nmetrics = [\"metric-sql\"]\n\
         [plugins.dialect-plain]\npath = {}\ngrant = [\"disclose-rows\"]\n[plugins.planner-plain]\npath = {}\n[plugins.generator-plain]\npath = {}\n\
         [plugins.validator-execution]\npath = {}\ngrant = [\"sql\", \"query\"]\n[plugins.metric-sql]\npath = {}\ngrant = [\"sql\"]\n",
        file("dialect-plain"),
        file("planner-plain"),
        file("generator-plain"),
        file("validator-execution"),
        file("metric-sql"),
    );
    fs::write(folder.path().join("nl2sql.toml"), profile).unwrap();
    folder
}

#[test]
fn one_of_every_kind_makes_validates_and_scores_pairs() {
    let folder = shop();
    done(folder.path(), &["run", "--quiet"]);
    let run = folder.path().join("runs/shop");
    let statements: Vec<String> = lines(&run.join("samples.jsonl"))
        .iter()
        .map(|sample| sample["sql"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        statements.iter().any(|sql| sql == "SELECT * FROM shops"),
        "{statements:?}"
    );
    // What the old validator found: one table has no rows.
    let verdicts = lines(&run.join("verdicts.jsonl"));
    let empty = verdicts
        .iter()
        .filter(|verdict| verdict.to_string().contains("empty-result"));
    assert_eq!((verdicts.len(), empty.count()), (3, 1), "{verdicts:#?}");
    fs::write(
        folder.path().join("rows.jsonl"),
        "{\"db_id\": \"shop\", \"question\": \"Shops?\", \"query\": \"SELECT * FROM shops\"}\n",
    )
    .unwrap();
    fs::write(folder.path().join("pred.txt"), "SELECT * FROM shops\n").unwrap();
    done(folder.path(), &EVAL);
    let report = json(&folder.path().join("scored/report.json")).to_string();
    assert!(report.contains("exact-match"), "{report}");
    let checked = said(&command(folder.path(), &["plugin", "list"]).output().unwrap());
    assert!(checked.contains("generator-plain"), "{checked}");
}
