//! Keys are sent to the provider and appear nowhere else.

use crate::llm::peer::{Peer, Place, contains, files, said};

const KEYS: [(&str, &str); 3] = [
    ("PEER_KEY", "sk-canary-key-5d1c77"),
    ("PEER_HEADER", "canary-header-81aa02"),
    ("PEER_LITERAL", "canary-literal-33fe9b"),
];

#[test]
fn no_key_is_in_any_file_or_output() {
    // The server echoes the key in its error, as some do; afterwards it answers.
    for (faults, code) in [(&["unauthorized"][..], 4), (&["server-error"][..], 4), (&[][..], 0)] {
        let (peer, place) = (Peer::start(faults), Place::with_demo("concert_singer"));
        let literal = KEYS[2].1;
        place.profile(
            &peer,
            "openai",
            20,
            &format!(
                "key_env = \"PEER_KEY\"\nheaders_env = {{ x-gateway = \"PEER_HEADER\" }}\n\
                 headers = {{ x-api-token = \"{literal}\", x-tenant = \"acme\" }}\n"
            ),
        );
        for arguments in [
            &["run", "--set", "llm.attempts=2"][..],
            &["profile", "show"],
            &["doctor"],
        ] {
            let output = place
                .command(arguments)
                .envs(KEYS)
                .env("NL2SQL_LOG", "debug")
                .output()
                .unwrap();
            if arguments[0] == "run" {
                assert_eq!(output.status.code(), Some(code), "{}", said(&output));
            }
            for (_, key) in KEYS {
                assert!(
                    !said(&output).contains(key),
                    "{arguments:?} prints {key}: {}",
                    said(&output)
                );
            }
        }
        let sent = String::from_utf8_lossy(&peer.received()[0].raw).into_owned();
        for wanted in [
            "Bearer sk-canary-key-5d1c77",
            "x-gateway: canary-header-81aa02",
            "x-tenant: acme",
        ] {
            assert!(sent.contains(wanted), "{sent}");
        }
        for (path, bytes) in files(&place.run()) {
            for (_, key) in KEYS {
                assert!(!contains(&bytes, key), "{key} in {}", path.display());
            }
        }
    }
}
