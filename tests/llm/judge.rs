//! The guide "A language model as judge" is followed, with a model that finds some pairs unfaithful.

use std::fs;

use nl2sql_llm_server::{Chat, Responder};
use serde_json::Value;

use crate::followed_guide::{follow_with, shop};
use crate::llm::peer::{Peer, contains, said};

/// Finds statements that count unfaithful.
struct Strict;

impl Responder for Strict {
    fn reply(&self, chat: &Chat) -> String {
        if chat.text().to_lowercase().contains("count(") {
            "no: it counts".to_owned()
        } else {
            "yes".to_owned()
        }
    }
}

fn nl2sql(folder: &std::path::Path, arguments: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_nl2sql"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// Follows the guide with this budget.
fn followed(peer: &Peer, folder: &std::path::Path, budget: &str) {
    let model = "model = \"tester\"";
    let reached = format!("{model}\nproxy = \"none\"");
    let replaced = [
        ("@JUDGE@", &*peer.base_url()),
        (model, &*reached),
        ("tokens = 200000", budget),
    ];
    follow_with("llm-judge.md", folder, &replaced);
}

#[test]
fn the_judge_guide_can_be_followed_within_budget_and_privacy() {
    let peer = Peer::answering(Strict, &[]);
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    followed(&peer, folder.path(), "tokens = 200000");
    let run = folder.path().join("runs/shop");
    let verdicts = fs::read_to_string(run.join("verdicts.jsonl")).unwrap();
    assert!(
        verdicts.contains("not-faithful") && verdicts.contains("no: it counts"),
        "{verdicts}"
    );
    assert!(verdicts.contains("\"accepted\":true"), "{verdicts}");
    let usage: Value = serde_json::from_slice(&fs::read(run.join("usage.json")).unwrap()).unwrap();
    assert_eq!(usage["stages"][0]["stage"], "validate", "{usage}");
    let audit = fs::read_to_string(run.join("plugin-audit.jsonl")).unwrap();
    assert!(audit.contains("judge-fidelity"), "{audit}");

    // No row left: the judge sees question and SQL, and values were not let out.
    let received = peer.received();
    for canary in ["Oslo", "Rome"] {
        assert!(
            received.iter().all(|request| !contains(&request.raw, canary)),
            "{canary}"
        );
    }

    // What was asked is not asked again.
    let again = nl2sql(folder.path(), &["validate", "--redo"]);
    assert!(again.status.success(), "{}", said(&again));
    assert_eq!(peer.received().len(), received.len());
}

#[test]
fn a_judge_whose_budget_is_spent_accepts_nothing_unjudged() {
    let peer = Peer::answering(Strict, &[]);
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    follow_with(
        "llm-judge.md",
        folder.path(),
        &[("@JUDGE@", &peer.base_url()), ("tokens = 200000", "tokens = 1500")],
    );
    let run = folder.path().join("runs/shop");
    let accepted = fs::read_to_string(run.join("verdicts.jsonl"))
        .unwrap_or_default()
        .matches("\"accepted\":true")
        .count();
    let plan: Value = serde_json::from_slice(&fs::read(run.join("plan.json")).unwrap()).unwrap();
    let topics = plan["topics"].as_array().unwrap();
    let wanted: u64 = topics.iter().map(|topic| topic["budget"].as_u64().unwrap()).sum();
    assert!((accepted as u64) < wanted, "the budget ends before the plan does");
    assert!(accepted <= peer.received().len(), "{accepted}");
}
