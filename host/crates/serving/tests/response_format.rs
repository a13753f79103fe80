//! Answers that are JSON: whatever the model would rather write, they are values of the schema.

use serde_json::{Value, json};

use crate::served::{Served, question};

const CHAT: &str = "/v1/chat/completions";

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "table": { "type": "string", "enum": ["singer", "stadium"] },
            "count": { "type": "integer", "minimum": 0, "maximum": 99 },
            "sure": { "type": "boolean" },
            "tags": { "type": "array", "items": { "$ref": "#/$defs/tag" }, "maxItems": 2 },
        },
        "required": ["table", "count", "sure", "tags"],
        "additionalProperties": false,
        "$defs": { "tag": { "type": "string", "maxLength": 4 } },
    })
}

fn of_schema(text: &str) {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(
        ["singer", "stadium"].contains(&value["table"].as_str().unwrap()),
        "{text}"
    );
    assert!((0..100).contains(&value["count"].as_i64().unwrap()), "{text}");
    assert!(value["sure"].is_boolean(), "{text}");
    let tags = value["tags"].as_array().unwrap();
    assert!(
        tags.len() <= 2 && tags.iter().all(|tag| tag.as_str().unwrap().chars().count() <= 4),
        "{text}"
    );
    assert_eq!(value.as_object().unwrap().len(), 4, "{text}");
}

#[tokio::test]
async fn answers_are_values_of_the_schema_alone_and_in_a_batch() {
    let served = Served::usual().await;
    let format =
        json!({ "type": "json_schema", "json_schema": { "name": "found", "strict": true, "schema": schema() } });
    let warm = question(json!({ "response_format": format, "temperature": 1.5, "seed": 3, "n": 8, "max_tokens": 400 }));
    let (status, answer) = served.answer(CHAT, &warm).await;
    assert_eq!(status, 200, "{answer}");
    for choice in answer["choices"].as_array().unwrap() {
        assert_eq!(choice["finish_reason"], "stop", "{choice}");
        of_schema(choice["message"]["content"].as_str().unwrap());
    }
    let free = served.answer(CHAT, &question(json!({}))).await.1["choices"].clone();
    assert!(serde_json::from_str::<Value>(free[0]["message"]["content"].as_str().unwrap()).is_err());

    let turn = json!({
        "model": "tiny", "input": "How many singers?", "max_output_tokens": 400,
        "text": { "format": { "type": "json_schema", "name": "found", "schema": schema() } },
    });
    let (status, response) = served.answer("/v1/responses", &turn).await;
    assert_eq!((status, &response["status"]), (200, &json!("completed")), "{response}");
    of_schema(response["output"][0]["content"][0]["text"].as_str().unwrap());
}

#[tokio::test]
async fn a_json_object_is_an_object_and_an_answer_that_is_cut_says_so() {
    let served = Served::usual().await;
    let mut ended = 0;
    for seed in 0..6 {
        let request = json!({
            "response_format": { "type": "json_object" }, "temperature": 1.0, "seed": seed, "max_tokens": 200, "stream": true,
        });
        let events = served.events(CHAT, &question(request)).await;
        let chunks: Vec<Value> = events
            .iter()
            .filter_map(|event| serde_json::from_str(event).ok())
            .collect();
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
            .collect();
        assert!(text.trim_start().starts_with('{'), "{text}");
        let reason = chunks.last().unwrap()["choices"][0]["finish_reason"].clone();
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => {
                assert!(value.is_object() && reason == "stop", "{reason}: {text}");
                ended += 1;
            }
            Err(_) => assert_eq!(reason, "length", "{text}"),
        }
    }
    assert!(ended > 0, "no object was closed in 200 tokens");
}

#[tokio::test]
async fn schemas_that_cannot_be_enforced_are_refused_by_name() {
    let served = Served::usual().await;
    let deep = (0..100).fold(
        json!({ "type": "string" }),
        |inner, _| json!({ "type": "array", "items": inner }),
    );
    for (schema, word) in [
        (json!({ "type": "array", "uniqueItems": true }), "uniqueItems"),
        (json!({ "type": "object", "dependentSchemas": {} }), "dependentSchemas"),
        (
            json!({ "$ref": "https://elsewhere.example/schema.json" }),
            "elsewhere.example",
        ),
        (json!({ "$ref": "file:///etc/passwd" }), "file:///etc/passwd"),
        (json!({ "type": "string", "pattern": "(" }), ""),
        (json!({ "type": "word" }), "word"),
        (json!(false), ""),
        (json!([1]), ""),
    ] {
        let format = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": schema } });
        let (status, body) = served
            .answer(CHAT, &question(json!({ "response_format": format })))
            .await;
        assert_eq!(
            (status, &body["error"]["param"]),
            (400, &json!("response_format")),
            "{schema}: {body}"
        );
        let message = body["error"]["message"].as_str().unwrap();
        assert!(
            message.contains(word) && !message.contains("backtrace") && !message.contains("root:"),
            "{message}"
        );
    }
    let format = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": deep } });
    let (status, _) = served
        .answer(CHAT, &question(json!({ "response_format": format, "max_tokens": 4 })))
        .await;
    assert!([200, 400].contains(&status));
    assert_eq!(
        served.answer(CHAT, &question(json!({}))).await.0,
        200,
        "the server goes on"
    );
}
