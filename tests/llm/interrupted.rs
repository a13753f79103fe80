//! Runs that are killed or stopped go on without asking for what was answered.

use std::collections::BTreeSet;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::llm::peer::{Peer, Place, said, words};

/// Digests of the requests from number `from` on.
fn asked(peer: &Peer, from: usize) -> BTreeSet<String> {
    let received = peer.received();
    received[from..]
        .iter()
        .filter_map(|request| request.idempotency_key.clone())
        .collect()
}

/// Waits until the server has seen `count` requests or the process has ended; whether it still runs.
fn runs_until(process: &mut Child, peer: &Peer, count: usize) -> bool {
    let deadline = Instant::now() + Duration::from_secs(120);
    while peer.received().len() < count && Instant::now() < deadline {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    process.try_wait().unwrap().is_none()
}

#[test]
fn killed_anywhere_no_answered_request_is_sent_again() {
    let (peer, place) = (
        Peer::start(&["slow", "none", "server-error"]),
        Place::with_demo("concert_singer"),
    );
    place.profile(&peer, "openai", 100, "rate = { concurrency = 3 }\n");
    let mut kills = 0;
    for more in 1..40 {
        let before = peer.received().len();
        let stored = place.stored();
        let mut process = place.command(&["run", "--quiet"]).spawn().unwrap();
        let running = runs_until(&mut process, &peer, before + 1 + more % 4);
        kills += u32::from(running);
        // Sooner or later after a request has come in: before, while and after its answer is stored.
        std::thread::sleep(Duration::from_millis(7 * (more as u64 % 5)));
        let _ = process.kill();
        process.wait().unwrap();
        let again: Vec<_> = asked(&peer, before)
            .into_iter()
            .filter(|digest| stored.contains(digest))
            .collect();
        assert!(again.is_empty(), "asked again after kill {more}: {again:?}");
        if !running {
            break;
        }
    }
    assert!(kills >= 5, "only {kills} kills came in time");
    let before = peer.received().len();
    let stored = place.stored();
    place.json(&["run"]);
    assert!(asked(&peer, before).iter().all(|digest| !stored.contains(digest)));
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 100);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_resumable_llm_run() {
    let (peer, place) = (Peer::start(&["slow"]), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 60, "rate = { concurrency = 2 }\n");
    let mut process = place.command(&["run"]).spawn().unwrap();
    assert!(
        runs_until(&mut process, &peer, 3),
        "the run ended before it could be stopped"
    );
    let told = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    let stored = place.stored();
    let before = peer.received().len();
    assert_eq!(
        stored.len(),
        before,
        "answers on their way were waited for and stored: {}",
        words(&said(&output))
    );
    place.json(&["run"]);
    assert!(asked(&peer, before).iter().all(|digest| !stored.contains(digest)));
    assert_eq!(place.counts().values().map(|(accepted, _)| accepted).sum::<u64>(), 60);
}
