//! `ask --endpoint` and `serve --endpoint`: what a model behind an endpoint does wrong is said to who runs the program, and no more of it than
//! must be to who calls the server.

use std::process::Output;

use serde_json::{Value, json};

use crate::llm::peer::{Peer, Place, said, words};
use crate::serving::{exchanged, listening};

const QUESTION: &str = "How many singers are there?";

fn completion(message: &Value, reason: &str) -> String {
    json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "tester",
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12 },
    })
    .to_string()
}

fn place(peer: &Peer) -> Place {
    let place = Place::with_demo("concert_singer");
    place.profile(peer, "openai", 10, "rate = { concurrency = 1 }\n");
    place
}

fn asked(peer: &Peer, more: &[&str]) -> Output {
    place(peer).call(&[&["ask", QUESTION, "--endpoint", "--json"], more].concat())
}

#[test]
fn answers_of_every_kind_of_model_are_read() {
    let sql = "SELECT count(*) FROM singer";
    for message in [
        json!({ "role": "assistant", "content": sql }),
        json!({ "role": "assistant", "content": sql, "reasoning_content": "SELECT 1 would be wrong" }),
        json!({ "role": "assistant", "content": format!("<think>\nSELECT 1\n</think>\n\n```sql\n{sql};\n```\nIt counts.") }),
    ] {
        let output = asked(&Peer::repeating(&[completion(&message, "stop")]), &[]);
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), &answer["sql"]),
            (Some(0), &json!(sql)),
            "{answer}"
        );
    }
}

/// What was cut off runs as well, and means something else.
#[test]
fn a_statement_that_was_cut_off_is_not_run() {
    let cut = json!({ "role": "assistant", "content": "SELECT count(*) FROM singer" });
    let output = asked(&Peer::repeating(&[completion(&cut, "length")]), &[]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{answer}");
    assert_eq!(
        (&answer["sql"], &answer["findings"][0]["code"]),
        (&Value::Null, &json!("cut-off")),
        "{answer}"
    );
    let chatter =
        json!({ "role": "assistant", "content": "```sql\nSELECT count(*) FROM singer\n```\nThis counts the" });
    let output = asked(&Peer::repeating(&[completion(&chatter, "length")]), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let empty = json!({ "role": "assistant", "content": "" });
    let output = asked(&Peer::repeating(&[completion(&empty, "stop")]), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_model_that_does_not_answer_is_not_available() {
    for (faults, part) in [
        (&["unauthorized"][..], "HTTP 401"),
        (&["server-error"][..], "HTTP 500"),
        (&["malformed-json"][..], "not JSON"),
    ] {
        let output = asked(&Peer::start(faults), &["--set", "llm.attempts=1"]);
        let text = words(&said(&output));
        assert_eq!(output.status.code(), Some(4), "{text}");
        assert!(
            text.contains("the model gave no answer") && text.contains(part),
            "{text}"
        );
    }
}

#[test]
fn callers_of_the_server_do_not_hear_where_its_model_is_or_what_ails_it() {
    let peer = Peer::start(&["server-error"]);
    let address = peer.base_url().replace("http://", "").replace("/v1", "");
    let place = place(&peer);
    let mut command = place.command(&["serve", "--endpoint", "--port", "0", "--set", "llm.attempts=1"]);
    let (mut server, front) = listening(
        command
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped()),
    );
    let question = json!({ "question": QUESTION }).to_string();
    let chat = json!({ "messages": [{ "role": "user", "content": QUESTION }] }).to_string();
    for (route, body) in [("POST /v1/ask", &question), ("POST /v1/chat/completions", &chat)] {
        let answer = exchanged(&front, route, body);
        assert!(answer.starts_with("HTTP/1.1 50"), "{answer}");
        assert!(answer.contains("log says"), "{answer}");
        assert!(
            !answer.contains("internal error") && !answer.contains(&address),
            "{answer}"
        );
    }
    let asked = peer.received().pop().unwrap();
    let body: Value = serde_json::from_slice(asked.raw.rsplitn(2, |byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(body["model"], "tester", "the profile's, where the request names none");
    drop(peer);
    let answer = exchanged(&front, "POST /v1/ask", &question);
    assert!(
        answer.starts_with("HTTP/1.1 503") && !answer.contains(&address),
        "{answer}"
    );
    server.0.kill().unwrap();
    let mut log = String::new();
    std::io::Read::read_to_string(&mut server.0.stderr.take().unwrap(), &mut log).unwrap();
    assert!(
        log.contains("HTTP 500") && log.contains("the model gave no answer"),
        "{log}"
    );
}
