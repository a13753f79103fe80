//! `predict --endpoint`: answers that were cut off are told from answers, and are said.

use std::fs;

use serde_json::{Value, json};

use crate::llm::peer::{Peer, Place, said, words};

fn completion(content: &Value, reason: &str) -> String {
    let message = json!({ "role": "assistant", "content": content, "reasoning_content": "SELECT wrong ... hm" });
    json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "tester",
        "choices": [{ "index": 0, "message": message, "finish_reason": reason }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 256, "total_tokens": 259 },
    })
    .to_string()
}

/// The predictions of three questions, and what was said.
fn predicted(bodies: &[String]) -> (Vec<Value>, String) {
    let (peer, place) = (Peer::repeating(bodies), Place::with_demo("concert_singer"));
    place.profile(&peer, "openai", 10, "rate = { concurrency = 1 }\n");
    let questions = ["How many?", "Which?", "Who?"];
    let rows = questions.map(|question| json!({ "question": question, "query": "SELECT 1" }).to_string());
    fs::write(place.path().join("d.jsonl"), rows.join("\n")).unwrap();
    let output = place.call(&["predict", "--endpoint", "--dataset", "d.jsonl", "--output", "p"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = fs::read_to_string(place.path().join("p/generated_predictions.jsonl")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (rows, words(&said(&output)))
}

#[test]
fn an_answer_that_is_all_thoughts_fails_and_says_what_to_raise() {
    let (rows, text) = predicted(&[completion(&Value::Null, "length")]);
    for row in &rows {
        let error = row["error"].as_str().unwrap();
        assert!(
            error.contains("finish_reason length") && error.contains("4096"),
            "{error}"
        );
        assert_eq!(row["predicted_sql"], "", "nothing is taken out of thoughts");
    }
    assert!(text.contains("3 failed"), "{text}");
}

#[test]
fn answers_that_were_cut_off_are_counted() {
    let (rows, text) = predicted(&[completion(&json!("SELECT name FROM"), "length")]);
    assert!(rows.iter().all(|row| row["finish_reason"] == "length"), "{rows:?}");
    assert!(
        text.contains("3 answers were cut off at evaluate.max_new_tokens"),
        "{text}"
    );
    let (rows, text) = predicted(&[completion(&json!("SELECT name FROM singer"), "stop")]);
    assert!(rows.iter().all(|row| row["finish_reason"] == "stop"), "{rows:?}");
    assert!(!text.contains("cut off"), "{text}");
}
