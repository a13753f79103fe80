//! Whole runs against a server on which everything goes wrong end with the counts asked for.

use crate::llm::peer::{Peer, Place};

/// Every fault of the server, with a good answer now and then.
const EVERYTHING: [&str; 18] = [
    "none",
    "slow",
    "half-answer",
    "rate-limited",
    "none",
    "server-error",
    "reset",
    "malformed-json",
    "wrong-shape",
    "none",
    "refusal",
    "truncated",
    "duplicates",
    "prose",
    "none",
    "stall",
    "wrong-shape",
    "refusal",
];

fn ends_with_the_exact_counts(demo: &str, protocol: &str, more: &str) {
    let (peer, place) = (Peer::start(&EVERYTHING), Place::with_demo(demo));
    place.profile(&peer, protocol, 200, more);
    let report = place.json(&["run"]);
    let counts = place.counts();
    assert!(
        counts.values().all(|(accepted, budget)| accepted == budget),
        "{counts:?}"
    );
    assert_eq!(
        counts.values().map(|(accepted, _)| accepted).sum::<u64>(),
        200,
        "{counts:?}"
    );
    let asked = peer.received().len();
    assert!(asked > EVERYTHING.len(), "every fault was met: {asked} requests");
    let total = &report["usage"]["total"];
    assert_eq!(
        total["requests"].as_u64().unwrap() as usize,
        place.stored().len(),
        "{report}"
    );
    assert!(total["cost"].as_f64().unwrap() > 0.0, "{report}");
    let stages = report["usage"]["stages"].as_array().unwrap();
    assert_eq!(
        stages.iter().map(|stage| &stage["stage"]).collect::<Vec<_>>(),
        ["generate", "plan"]
    );
    let again = place.json(&["run"]);
    assert_eq!(
        (peer.received().len(), &again["usage"]["total"]),
        (asked, total),
        "a finished run sends no request"
    );
}

#[test]
fn openai_on_an_english_schema() {
    ends_with_the_exact_counts("concert_singer", "openai", "");
}

#[test]
fn openai_streamed_on_a_chinese_schema() {
    let chinese =
        "stream = true\nstructured = \"json\"\n[plan.options]\nattempts = 4\n[generate.languages]\nzh = 1.0\n";
    ends_with_the_exact_counts("sales_zh", "openai", chinese);
}

#[test]
fn anthropic_on_a_chinese_schema() {
    ends_with_the_exact_counts("sales_zh", "anthropic", "");
}

#[test]
fn anthropic_streamed_on_an_english_schema() {
    ends_with_the_exact_counts("concert_singer", "anthropic", "stream = true\n");
}

#[test]
fn the_fallback_provider_answers_when_the_first_is_down() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    let gone = Peer::start(&[]);
    let gone_url = gone.base_url();
    gone.stop();
    place.profile(
        &peer,
        "openai",
        20,
        &format!("[llm.providers.gone]\nbase_url = \"{gone_url}\"\nmodel = \"m\"\nproxy = \"none\"\n"),
    );
    let chain = [
        "run",
        "--set",
        "llm.provider=gone",
        "--set",
        "llm.fallback=[\"peer\"]",
        "--set",
        "llm.attempts=2",
    ];
    let report = place.json(&chain);
    let providers = report["usage"]["topics"].as_array().unwrap();
    assert!(providers.iter().all(|line| line["provider"] == "peer"), "{report}");
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 20);
}

#[test]
fn an_unreachable_provider_is_named_and_the_run_is_resumable() {
    let (peer, place) = (Peer::start(&["reset"]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 20, "");
    let output = place.call(&["run", "--set", "llm.attempts=2"]);
    let text = crate::llm::peer::words(&crate::llm::peer::said(&output));
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(
        text.contains("peer: the connection broke") && text.contains("Run the same command again"),
        "{text}"
    );
    let better = Peer::start(&[]);
    place.profile(&better, "openai", 20, "");
    place.json(&["run"]);
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 20);
}

#[test]
fn concurrency_follows_the_provider_limit() {
    for concurrency in [1, 6] {
        let (peer, place) = (Peer::start(&["slow"]), Place::with_demo("sales_zh"));
        let rate = format!("rate = {{ concurrency = {concurrency} }}\n");
        place.profile(&peer, "openai", 240, &rate);
        place.json(&["run"]);
        assert_eq!(
            peer.most_at_once(),
            concurrency,
            "no more than the profile allows, and as many"
        );
    }
}
