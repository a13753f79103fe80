//! Stages before the training on the run's own pairs: `[[train.stages]]`.

use std::fs;
use std::path::Path;

use crate::before_and_after::{command, done, exported, json, said};

const STAGES: &str = r#"
group_by_prefix = true
replay = 0.2
[[train.stages]]
name = "people"
dataset = "people.jsonl"
databases = "databases"
max_steps = 3
"#;

const PEOPLE: &str = r#"{"db_id": "library", "question": "How many books are there?", "query": "SELECT count(*) FROM book"}
{"db_id": "library", "question": "What are the titles of all books?", "query": "SELECT title FROM book"}
{"db_id": "library", "question": "Which books have more than 100 pages?", "query": "SELECT title FROM book WHERE pages > 100"}
"#;

/// A run whose training has a stage before it, on pairs about another database.
fn with_stage() -> tempfile::TempDir {
    let folder = exported();
    let library = folder.path().join("databases/library");
    fs::create_dir_all(&library).unwrap();
    rusqlite::Connection::open(library.join("library.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT, pages INTEGER)")
        .unwrap();
    fs::write(folder.path().join("people.jsonl"), PEOPLE).unwrap();
    change_profile(folder.path(), "[evaluate]", &format!("{STAGES}[evaluate]"));
    folder
}

fn change_profile(folder: &Path, from: &str, to: &str) {
    let profile = folder.join("nl2sql.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(profile, text.replacen(from, to, 1)).unwrap();
}

fn weights(adapter: &Path) -> Vec<u8> {
    fs::read(adapter.join("adapter_model.safetensors")).unwrap()
}

#[test]
fn a_stage_comes_before_and_is_not_trained_again() {
    let folder = with_stage();
    let plan = done(folder.path(), &["train", "--dry-run"]);
    assert!(plan.contains("stage people"), "{plan}");
    let told = done(folder.path(), &["train"]);
    assert!(told.contains("stage people"), "{told}");
    let adapter = folder.path().join("runs/shop/train");
    let people = adapter.join("stages/people");
    assert_eq!(json(&people.join("trainer_state.json"))["global_step"], 3);
    assert_eq!(json(&adapter.join("trainer_state.json"))["global_step"], 8);
    let manifest = json(&adapter.join("nl2sql_training.json"));
    assert!(manifest["settings"]["start adapter"].is_string(), "{manifest}");
    let own = json(&people.join("nl2sql_training.json"));
    assert_eq!(own["settings"]["samples"], "3");
    let files = manifest["data"].as_array().unwrap();
    assert!(
        files
            .iter()
            .any(|file| file["path"].as_str().unwrap().contains("people_prompted")),
        "{manifest}"
    );

    let (first, second) = (weights(&people), weights(&adapter));
    done(folder.path(), &["train", "--quiet"]);
    assert_eq!((first, second), (weights(&people), weights(&adapter)));
}

#[test]
fn stages_that_cannot_be_are_refused_by_name() {
    let folder = with_stage();
    for (from, to, refusal) in [
        ("\"people\"", "\"../people\"", "\"../people\" is no name of a folder"),
        ("\"../people\"", "\"people\"", ""),
        ("\"people.jsonl\"", "\"peple.jsonl\"", "peple.jsonl"),
    ] {
        change_profile(folder.path(), from, to);
        let output = command(folder.path(), &["train", "--dry-run"]).output().unwrap();
        if refusal.is_empty() {
            assert!(output.status.success(), "{}", said(&output));
        } else {
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            assert!(said(&output).contains(refusal), "{}", said(&output));
        }
    }
}

#[test]
fn training_rows_show_pairs_like_theirs() {
    let folder = exported();
    let shown = [
        "--set",
        "export.similar_pairs=2",
        "--set",
        "export.similar_share=0.5",
        "--set",
        "run.name=showing",
    ];
    done(folder.path(), &[&["run", "--quiet"][..], &shown].concat());
    let export = folder.path().join("runs/showing/export");
    let rows = json(&export.join("showing_train.json"));
    let rows = rows.as_array().unwrap();
    let showing: Vec<_> = rows.iter().filter(|row| row["history"].is_array()).collect();
    assert!(
        !showing.is_empty() && showing.len() <= rows.len().div_ceil(2),
        "{} of {}",
        showing.len(),
        rows.len()
    );
    for row in showing {
        let turns = row["history"].as_array().unwrap();
        assert!(
            turns.len() <= 2 && turns.iter().all(|turn| turn[1] != row["output"]),
            "{row}"
        );
    }
    assert_eq!(
        json(&export.join("dataset_info.json"))["showing_train"]["columns"]["history"],
        "history"
    );
    assert!(json(&export.join("dataset_info.json"))["showing_test"]["columns"]["history"].is_null());
    done(folder.path(), &[&["train", "--quiet"][..], &shown].concat());
}
