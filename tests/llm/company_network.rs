//! A provider inside a company: behind a certificate of the company's own authority, reached through its proxies.

use std::fs;

use crate::llm::peer::{Peer, Place, contains, files, said, words};

const HOST: &str = "llm.company.example";

/// Settings for the program, one `--set` each.
fn call<'a>(settings: &[&'a str]) -> Vec<&'a str> {
    let sets = settings.iter().flat_map(|setting| ["--set", setting]);
    ["run"].into_iter().chain(sets).collect()
}

fn accepted(place: &Place) -> u64 {
    place.counts().values().map(|(accepted, _)| accepted).sum()
}

#[test]
fn a_certificate_of_an_own_authority_is_trusted_when_the_profile_names_the_authority() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    let front = peer.behind_tls("localhost");
    place.profile(&peer, "openai", 20, "");
    let url = format!(
        "llm.providers.peer.base_url=https://localhost:{}/v1",
        front.address().port()
    );
    let unknown = place.call(&call(&[&url, "llm.attempts=1"]));
    let text = words(&said(&unknown));
    assert_eq!(unknown.status.code(), Some(4), "{text}");
    assert!(text.contains("certificate") && text.contains("ca"), "{text}");

    let authority = place.path().join("stranger.pem");
    fs::write(&authority, peer.behind_tls("localhost").authority_pem()).unwrap();
    let wrong = place.call(&call(&[&url, "llm.attempts=1", "llm.providers.peer.ca=stranger.pem"]));
    assert_eq!(wrong.status.code(), Some(4), "{}", said(&wrong));
    assert!(peer.received().is_empty(), "nothing is sent to whom nobody vouches for");

    fs::write(place.path().join("company.pem"), front.authority_pem()).unwrap();
    place.json(&call(&[&url, "llm.providers.peer.ca=company.pem"]));
    assert_eq!(accepted(&place), 20);
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    let front = peer.behind_tls(HOST);
    fs::write(place.path().join("company.pem"), front.authority_pem()).unwrap();
    place.profile(&peer, "openai", 20, "ca = \"company.pem\"\n");
    let url = format!(
        "llm.providers.peer.base_url=https://localhost:{}/v1",
        front.address().port()
    );
    let output = place.call(&call(&[&url, "llm.attempts=1"]));
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(peer.received().is_empty());
}

#[test]
fn http_and_socks_proxies_are_used() {
    let clerk = Some(("clerk", "canary-proxy-9d20"));
    for (proxy_scheme, login, scheme, port) in [
        // A plain request an HTTP proxy reads itself, which the tests of the `llm` crate cover.
        ("http", None, "https", 443),
        ("socks5h", None, "https", 443),
        ("socks5h", clerk, "https", 443),
        ("socks5h", None, "http", 80),
        ("socks5h", clerk, "http", 80),
    ] {
        let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
        let front = peer.behind_tls(HOST);
        let target = if scheme == "https" {
            front.address()
        } else {
            peer.address()
        };
        let gateway = peer.gateway(target, login);
        fs::write(place.path().join("company.pem"), front.authority_pem()).unwrap();
        place.profile(&peer, "openai", 20, "ca = \"company.pem\"\n");
        let credentials = login.map_or_else(String::new, |(user, password)| format!("{user}:{password}@"));
        let proxy = format!(
            "llm.providers.peer.proxy={proxy_scheme}://{credentials}{}",
            gateway.address()
        );
        let url = format!("llm.providers.peer.base_url={scheme}://{HOST}/v1");
        let output = place.call(&call(&[&url, &proxy]));
        assert!(output.status.success(), "{proxy} {url}: {}", said(&output));
        assert_eq!(accepted(&place), 20, "{proxy} {url}");
        let asked = gateway.asked();
        assert!(
            !asked.is_empty() && asked.iter().all(|asked| *asked == format!("{HOST}:{port}")),
            "{asked:?}"
        );
        if let Some((_, password)) = login {
            assert!(!said(&output).contains(password), "{}", said(&output));
            for (path, bytes) in files(&place.run()) {
                assert!(!contains(&bytes, password), "{}", path.display());
            }
        }
    }
}

#[test]
fn a_proxy_that_wants_another_login_is_an_error_and_the_password_is_not_shown() {
    let (peer, place) = (Peer::start(&[]), Place::with_demo("concert_singer"));
    let gateway = peer.gateway(peer.address(), Some(("clerk", "right")));
    place.profile(&peer, "openai", 20, "");
    let proxy = format!(
        "llm.providers.peer.proxy=socks5h://clerk:canary-proxy-9d20@{}",
        gateway.address()
    );
    let url = format!("llm.providers.peer.base_url=http://{HOST}/v1");
    let output = place.call(&call(&[&url, &proxy, "llm.attempts=1"]));
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    assert!(!said(&output).contains("canary-proxy-9d20"), "{}", said(&output));
    assert!(peer.received().is_empty());
}
