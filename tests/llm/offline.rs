//! Answers replayed from a store, shared between runs and without any server.

use std::fs;

use crate::llm::peer::{Peer, Place, said, words};

#[test]
fn a_recording_is_replayed_without_a_server_and_a_miss_is_named() {
    let (peer, place) = (
        Peer::start(&["none", "duplicates", "wrong-shape"]),
        Place::with_demo("concert_singer"),
    );
    place.profile(&peer, "openai", 40, "");
    let shared = ["--set", "llm.cache=answers.sqlite"];
    place.json(&[&["run", "--run-dir", "runs/first"][..], &shared].concat());
    let asked = peer.received().len();
    peer.stop();

    let replay = [&["run", "--offline", "--run-dir", "runs/second"][..], &shared].concat();
    let report = place.json(&replay);
    assert!(asked > 0 && report["usage"]["cached"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(
        report["usage"]["total"]["requests"], 0,
        "a replay costs nothing: {report}"
    );
    let samples = |run: &str| fs::read(place.path().join("runs").join(run).join("samples.jsonl")).unwrap();
    assert!(
        samples("first") == samples("second"),
        "a recording makes a run deterministic"
    );

    let other = [
        &["run", "--offline", "--run-dir", "runs/third", "--set", "plan.total=41"][..],
        &shared,
    ]
    .concat();
    let output = place.call(&other);
    let text = words(&said(&output));
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(
        text.contains("plan: topics") && text.contains("answers.sqlite"),
        "{text}"
    );
    let digest = text
        .split("request ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    assert!(
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{text}"
    );
}

#[test]
fn two_processes_share_a_store() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 40, "");
    let start = |run: &str| {
        let run_dir = format!("runs/{run}");
        place
            .command(&[
                "run",
                "--quiet",
                "--run-dir",
                &run_dir,
                "--set",
                "llm.cache=answers.sqlite",
            ])
            .spawn()
            .unwrap()
    };
    let both = [start("one"), start("two")];
    for process in both {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let mut digests: Vec<_> = peer
        .received()
        .iter()
        .filter_map(|request| request.idempotency_key.clone())
        .collect();
    let asked = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), asked, "what one process asks the other waits for");
}
