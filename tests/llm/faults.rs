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

/// A profile whose first provider denies every request, and a second that answers.
fn denied_first(place: &Place, peer: &Peer, denying: &Peer, more: &str) {
    let url = denying.base_url();
    place.profile(
        peer,
        "openai",
        20,
        &format!("[llm.providers.first]\nbase_url = \"{url}\"\nmodel = \"m\"\nproxy = \"none\"\nrate = {{ concurrency = 1 }}\n{more}"),
    );
}

const FIRST_THEN_PEER: [&str; 5] = ["run", "--set", "llm.provider=first", "--set", "llm.fallback=[\"peer\"]"];

#[test]
fn a_provider_that_denies_the_key_is_not_asked_again_and_the_fallback_is_said() {
    let (peer, denying, place) = (
        Peer::start(&[]),
        Peer::start(&["unauthorized"]),
        Place::with_demo("concert_singer"),
    );
    denied_first(&place, &peer, &denying, "");
    let report = place.json(&FIRST_THEN_PEER);
    assert_eq!(denying.received().len(), 1, "one request is enough to know");
    let said = report["usage"]["fallbacks"].to_string();
    assert!(
        said.contains("peer answers in place of others") && said.contains("401"),
        "{said}"
    );
}

#[test]
fn a_missing_key_of_the_first_provider_does_not_stop_a_run_that_has_a_fallback() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    denied_first(&place, &peer, &peer, "key_env = \"NL2SQL_NO_SUCH_KEY\"\n");
    let report = place.json(&FIRST_THEN_PEER);
    let said = report["usage"]["fallbacks"].to_string();
    assert!(said.contains("NL2SQL_NO_SUCH_KEY"), "{said}");
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 20);
    // Without a fallback it stops.
    let alone = place.call(&["run", "--redo", "--set", "llm.provider=first"]);
    assert!(!alone.status.success(), "{}", crate::llm::peer::said(&alone));
}

#[test]
fn what_a_provider_without_prices_costs_is_unknown() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    denied_first(&place, &peer, &peer, "");
    let report = place.json(&["run", "--set", "llm.provider=first"]);
    assert!(report["usage"]["total"]["cost"].is_null(), "{report}");
    let shown = place.call(&["run", "--set", "llm.provider=first"]);
    let text = crate::llm::peer::said(&shown);
    assert!(text.contains("unknown") && !text.contains("0.0000"), "{text}");
}

#[test]
fn options_that_a_validator_refuses_stop_doctor_and_run_before_anything_is_paid() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    place.profile(
        &peer,
        "openai",
        20,
        "[validate.options.validator-execution]\non_emty = \"reject\"\n",
    );
    for command in ["doctor", "run"] {
        let output = place.call(&[command]);
        let text = crate::llm::peer::words(&crate::llm::peer::said(&output));
        assert!(
            !output.status.success() && text.contains("on_emty"),
            "{command}: {text}"
        );
    }
    let asked = peer
        .received()
        .iter()
        .filter(|request| !crate::llm::peer::contains(&request.raw, "the word ready"))
        .count();
    assert_eq!(asked, 0, "nothing was paid");
}
