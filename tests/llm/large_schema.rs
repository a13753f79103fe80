//! A thousand tables are planned in pages, and every table is in a topic.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::llm::peer::{Peer, Place};

#[test]
fn a_thousand_tables_are_planned_and_generated_by_llm() {
    let mut script = String::new();
    for family in 0..100 {
        let _ = writeln!(
            script,
            "CREATE TABLE family{family}_root (id INTEGER PRIMARY KEY, title TEXT, opened DATE);"
        );
        for part in 1..10 {
            let _ = writeln!(
                script,
                "CREATE TABLE family{family}_part{part} (id INTEGER PRIMARY KEY, root_id INTEGER REFERENCES family{family}_root(id), label TEXT, amount REAL);"
            );
        }
    }
    let (peer, place) = (
        Peer::start(&["none", "none", "wrong-shape", "truncated"]),
        Place::with_database(&script),
    );
    place.profile(&peer, "openai", 1200, "[plan.options]\npage_tokens = 2000\n");
    for stage in ["extract", "cards", "plan"] {
        place.json(&[stage, "--set", "plan.minimum=1"]);
    }
    let plan: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.run().join("plan.json")).unwrap()).unwrap();
    let topics = plan["topics"].as_array().unwrap();
    let tables: BTreeSet<&str> = topics
        .iter()
        .flat_map(|topic| topic["tables"].as_array().unwrap())
        .map(|table| table.as_str().unwrap())
        .collect();
    assert_eq!(tables.len(), 1000, "every table is in a topic");
    assert_eq!(
        topics
            .iter()
            .map(|topic| topic["budget"].as_u64().unwrap())
            .sum::<u64>(),
        1200
    );
    assert!(topics.iter().all(|topic| topic["budget"].as_u64().unwrap() >= 1));
    assert!(peer.received().len() >= 10, "planned in pages");
    // No family is cut by the end of a page.
    let together = (0..100)
        .filter(|family| {
            let root = format!("## family{family}_root\n");
            let part = format!("## family{family}_part1\n");
            let raw =
                |request: &nl2sql_llm_server::Received| String::from_utf8_lossy(&request.raw).replace("\\n", "\n");
            peer.received()
                .iter()
                .map(raw)
                .any(|text| text.contains(&root) && text.contains(&part))
        })
        .count();
    assert_eq!(together, 100, "families with root and part on one page");
    place.json(&[
        "generate",
        "--set",
        "plan.minimum=1",
        "--set",
        "generate.max_rounds=2",
        "--set",
        "plan.total=1200",
    ]);
    let counts = place.counts();
    let accepted: u64 = counts.values().map(|(accepted, _)| accepted).sum();
    assert!(accepted > 1100, "{accepted} of 1200");
}
