//! Caps hold, are said, and can be raised; costs are foreseen.

use crate::llm::peer::{Peer, Place};

fn notes(report: &serde_json::Value) -> String {
    report["stages"].to_string()
}

#[test]
fn a_budget_cap_stops_the_run_and_a_higher_one_resumes_it() {
    for (cap, unit) in [
        ("llm.budget.tokens=9000", "tokens"),
        ("llm.stage_budgets.generate.cost=0.008", "cost"),
    ] {
        let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
        place.profile(&peer, "openai", 200, "max_tokens = 1500\n");
        let report = place.json(&["run", "--set", cap]);
        let total = &report["usage"]["total"];
        let tokens = total["input_tokens"].as_u64().unwrap() + total["output_tokens"].as_u64().unwrap();
        let generate = report["usage"]["stages"][0]["cost"].as_f64().unwrap();
        match unit {
            "tokens" => assert!(tokens <= 9_000, "{report}"),
            _ => assert!(generate <= 0.008, "{report}"),
        }
        let accepted = |place: &Place| place.counts().values().map(|(accepted, _)| *accepted).sum::<u64>();
        let before = accepted(&place);
        assert!(before > 0 && before < 200, "{before}");
        assert!(
            notes(&report).contains("budget") && notes(&report).contains("used up"),
            "{report}"
        );
        place.json(&["run"]);
        assert_eq!(accepted(&place), 200, "without the cap the run goes on to the end");
    }
}

#[test]
fn concurrent_requests_stay_under_the_cap() {
    let (peer, place) = (Peer::start(&["slow"]), Place::with_demo("sales_zh"));
    place.profile(&peer, "openai", 300, "max_tokens = 1000\nrate = { concurrency = 16 }\n");
    let report = place.json(&["run", "--set", "llm.budget.tokens=20000"]);
    let total = &report["usage"]["total"];
    let tokens = total["input_tokens"].as_u64().unwrap() + total["output_tokens"].as_u64().unwrap();
    assert!((10_000..=20_000).contains(&tokens), "{report}");
}

#[test]
fn usage_is_recorded_by_stage_and_topic() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 20, "");
    let output = place.call(&["run"]);
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(table.contains("tokens out") && table.contains("topic 1"), "{table}");
    let usage: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.run().join("usage.json")).unwrap()).unwrap();
    let sum = |lines: &serde_json::Value| -> u64 {
        let lines = lines.as_array().unwrap().iter();
        lines.map(|line| line["input_tokens"].as_u64().unwrap()).sum()
    };
    assert_eq!(sum(&usage["stages"]), usage["total"]["input_tokens"].as_u64().unwrap());
    assert_eq!(sum(&usage["topics"]), sum(&usage["stages"]));
    let cost = usage["total"]["cost"].as_f64().unwrap();
    let expected = (usage["total"]["input_tokens"].as_f64().unwrap()
        + 2.0 * usage["total"]["output_tokens"].as_f64().unwrap())
        / 1e6;
    assert!((cost - expected).abs() < 1e-9, "{usage}");
}

#[test]
fn a_dry_run_sends_nothing_writes_nothing_and_estimates_closely() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 200, "");
    let estimate = place.json(&["run", "--dry-run", "--set", "llm.budget.tokens=3000"]);
    assert!(peer.received().is_empty() && !place.path().join("runs").exists());
    assert!(
        estimate["notes"]
            .to_string()
            .contains("llm.budget.tokens ends it at 3000"),
        "{estimate}"
    );
    let foreseen = estimate["total"]["cost"].as_f64().unwrap();
    assert!(foreseen > 0.0, "{estimate}");
    let report = place.json(&["run"]);
    let real = report["usage"]["total"]["cost"].as_f64().unwrap();
    assert!(
        (real / 4.0..real * 4.0).contains(&foreseen),
        "foreseen {foreseen}, was {real}"
    );
    let rest = place.json(&["generate", "--dry-run"]);
    assert_eq!(
        rest["total"]["requests"], 0,
        "a finished run needs nothing more: {rest}"
    );
    let offline = place.json(&[
        "run",
        "--dry-run",
        "--set",
        "plan.planner=planner-fk",
        "--set",
        "generate.generator=generator-grammar",
    ]);
    assert!(
        offline["notes"].to_string().contains("no stage asks a language model"),
        "{offline}"
    );
}

#[test]
fn a_cap_on_money_without_prices_is_refused() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 20, "");
    let profile = std::fs::read_to_string(place.path().join("nl2sql.toml")).unwrap();
    std::fs::write(place.path().join("nl2sql.toml"), profile.replace("price = ", "body = ")).unwrap();
    let output = place.call(&["run", "--set", "llm.budget.cost=1.0"]);
    let text = crate::llm::peer::words(&crate::llm::peer::said(&output));
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("llm.providers.peer.price"), "{text}");
    let typo = place.call(&["run", "--set", "llm.stage_budgets.generation.tokens=5"]);
    assert_eq!(typo.status.code(), Some(2), "{}", crate::llm::peer::said(&typo));
}
