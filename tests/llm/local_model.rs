//! A model on this machine answers the stages like any provider: stored, budgeted, resumed, and never the end of a run when it talks nonsense.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::llm::peer::{Place, said, words};

/// Imports the tiny model of the model crate's tests and gives it room for a prompt. Its weights are random, so all it says is nonsense.
fn with_tiny_model(more: &str) -> Place {
    let place = Place::with_demo("concert_singer");
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/model/tests/fixtures/llama-tiny.gguf");
    let imported = Command::new(env!("CARGO_BIN_EXE_nl2sql"))
        .current_dir(place.path())
        .args(["model", "import"])
        .arg(gguf)
        .arg("tiny")
        .output()
        .unwrap();
    assert!(imported.status.success(), "{}", said(&imported));
    let config = place.path().join("tiny/config.json");
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    document["max_position_embeddings"] = 20_000.into();
    fs::write(&config, document.to_string()).unwrap();
    let profile = format!(
        "extends = \"local\"\n[database]\npath = \"shop.sqlite\"\n[run]\nname = \"shop\"\n[model]\npath = \"tiny\"\ntemplate = \"default\"\n\
         [plan]\ntotal = 12\n[plan.options]\nmax_tokens = 24\n[generate.options]\nmax_tokens = 24\nrequests_per_round = 2\n{more}"
    );
    fs::write(place.path().join("nl2sql.toml"), profile).unwrap();
    place
}

#[test]
fn malformed_answers_are_retried_and_reported() {
    let place = with_tiny_model("");
    let output = place.call(&["run"]);
    let text = words(&said(&output));
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "no usable topics",
        "no pair in 3 rounds",
        "no sample was accepted",
        "the language model so far",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    let stored = place.stored().len();
    assert!(stored > 10, "answers are stored like any provider's: {stored}");

    let again = place.call(&["run"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(place.stored().len(), stored, "a repetition sends no new request");
    let usage: serde_json::Value = serde_json::from_slice(&fs::read(place.run().join("usage.json")).unwrap()).unwrap();
    assert_eq!(usage["topics"][0]["provider"], "local", "{usage}");
    assert_eq!(usage["total"]["requests"].as_u64().unwrap() as usize, stored);
}

#[test]
fn a_local_model_answers_deterministically() {
    let answers = |place: &Place| {
        let store = rusqlite::Connection::open(place.run().join("llm.sqlite")).unwrap();
        let mut query = store
            .prepare("SELECT digest, answer FROM answers ORDER BY digest")
            .unwrap();
        let rows = query
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>()
    };
    let (one, two) = (with_tiny_model(""), with_tiny_model(""));
    one.call(&["run", "--quiet"]);
    two.call(&["run", "--quiet"]);
    assert!(answers(&one).len() > 10 && answers(&one) == answers(&two));
}

#[test]
fn budgets_and_offline_apply_to_a_local_model() {
    let place = with_tiny_model("[llm.budget]\ntokens = 9000\n");
    let output = place.call(&["run"]);
    assert!(
        words(&said(&output)).contains("budget of 9000 tokens is used up"),
        "{}",
        said(&output)
    );
    let fresh = with_tiny_model("");
    let output = fresh.call(&["run", "--offline"]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(
        words(&said(&output)).contains("is not in the cache"),
        "{}",
        said(&output)
    );
}

#[test]
fn errors_of_a_local_model_are_reported() {
    for (setting, part) in [
        ("model.path=nowhere", "nowhere"),
        ("model.path=runs", "nl2sql model import"),
        ("model.template=klingon", "klingon"),
    ] {
        let place = with_tiny_model("");
        fs::create_dir_all(place.path().join("runs")).unwrap();
        let output = place.call(&["run", "--set", setting]);
        let text = words(&said(&output));
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(text.contains(part) && text.contains("local"), "{part}: {text}");
    }
    let place = with_tiny_model("");
    let config = place.path().join("tiny/config.json");
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    document["max_position_embeddings"] = 512.into();
    fs::write(&config, document.to_string()).unwrap();
    let output = place.call(&["run"]);
    let text = words(&said(&output));
    assert!(
        text.contains("context ends at 512") && text.contains("page_tokens"),
        "{text}"
    );
}
