//! OpenAI's routes: answers, streams, choices, likelihoods and errors.

use nl2sql_profile::ServeSettings;
use serde_json::{Value, json};

use crate::served::{Served, question};

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_stream_has_the_text_of_the_whole_answer_and_its_usage() {
    let served = Served::usual().await;
    let (status, whole) = served.answer(CHAT, &question(json!({}))).await;
    assert_eq!(status, 200, "{whole}");
    assert_eq!(whole["object"], "chat.completion");
    assert_eq!(whole["choices"][0]["finish_reason"], "length");
    assert_eq!(whole["usage"]["completion_tokens"], 12);
    let text = whole["choices"][0]["message"]["content"].as_str().unwrap();

    let streamed = question(json!({ "stream": true, "stream_options": { "include_usage": true } }));
    let mut events = served.events(CHAT, &streamed).await;
    assert_eq!(events.pop().unwrap(), "[DONE]");
    let chunks: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    let pieces: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(pieces, text);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let usage = &chunks.last().unwrap()["usage"];
    assert_eq!(usage["total_tokens"], whole["usage"]["total_tokens"]);
    assert!(
        usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap() > 0,
        "the prompt was read before: {usage}"
    );
    let last = &chunks[chunks.len() - 2]["choices"][0];
    assert_eq!(last["finish_reason"], "length");
}

#[tokio::test]
async fn several_choices_differ_and_a_seed_repeats_them() {
    let served = Served::usual().await;
    let request = question(json!({ "n": 3, "temperature": 1.5, "seed": 7 }));
    let texts = |answer: &Value| -> Vec<String> {
        let choices = answer["choices"].as_array().unwrap();
        choices
            .iter()
            .map(|choice| choice["message"]["content"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = texts(&served.answer(CHAT, &request).await.1);
    assert_eq!(first.len(), 3);
    assert!(first[0] != first[1] || first[1] != first[2], "{first:?}");
    assert_eq!(texts(&served.answer(CHAT, &request).await.1), first);
}

#[tokio::test]
async fn stop_texts_biases_and_likelihoods_are_honoured() {
    let served = Served::usual().await;
    let (_, whole) = served
        .answer(CHAT, &question(json!({ "logprobs": true, "top_logprobs": 3 })))
        .await;
    let choice = &whole["choices"][0];
    let steps = choice["logprobs"]["content"].as_array().unwrap();
    assert_eq!(steps.len(), 12);
    for step in steps {
        assert!(step["logprob"].as_f64().unwrap() <= 0.0);
        assert_eq!(step["top_logprobs"].as_array().unwrap().len(), 3);
        assert_eq!(
            step["top_logprobs"][0]["token"], step["token"],
            "the likeliest was taken"
        );
    }
    let text = choice["message"]["content"].as_str().unwrap();
    let middle: String = text.chars().skip(text.chars().count() / 2).take(2).collect();
    let (_, cut) = served.answer(CHAT, &question(json!({ "stop": [middle] }))).await;
    assert_eq!(cut["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        cut["choices"][0]["message"]["content"],
        text[..text.find(&middle).unwrap()]
    );
    let (_, forced) = served
        .answer(CHAT, &question(json!({ "logit_bias": { "70": 100000 } })))
        .await;
    let (_, again) = served
        .answer(
            CHAT,
            &question(json!({ "logit_bias": { "70": 100000 }, "max_tokens": 1 })),
        )
        .await;
    let one = again["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(forced["choices"][0]["message"]["content"], one.repeat(12));
}

#[tokio::test]
async fn plain_completions_and_responses_answer_too() {
    let served = Served::usual().await;
    let prompt = json!({ "model": "tiny", "prompt": "SELECT", "max_tokens": 5, "echo": true, "logprobs": 1 });
    let (status, completion) = served.answer("/v1/completions", &prompt).await;
    assert_eq!(status, 200, "{completion}");
    assert!(completion["choices"][0]["text"].as_str().unwrap().starts_with("SELECT"));
    assert_eq!(
        completion["choices"][0]["logprobs"]["tokens"].as_array().unwrap().len(),
        5
    );
    let alone = |text: &str| json!({ "model": "tiny", "prompt": text, "max_tokens": 4 });
    let (_, first) = served.answer("/v1/completions", &alone("SELECT")).await;
    let (_, second) = served.answer("/v1/completions", &alone("FROM customers")).await;
    let several = json!({ "model": "tiny", "prompt": ["SELECT", "FROM customers"], "max_tokens": 4 });
    let (status, both) = served.answer("/v1/completions", &several).await;
    assert_eq!(status, 200, "{both}");
    for (index, one) in [first, second].iter().enumerate() {
        assert_eq!(both["choices"][index]["text"], one["choices"][0]["text"], "{both}");
        assert_eq!(both["choices"][index]["index"], index);
    }
    assert_eq!(both["usage"]["completion_tokens"], 8);
    let (status, none) = served
        .answer("/v1/completions", &json!({ "model": "tiny", "prompt": [] }))
        .await;
    assert_eq!((status, &none["error"]["param"]), (400, &json!("prompt")), "{none}");

    let turn =
        json!({ "model": "tiny", "input": "How many?", "instructions": "Answer in SQL.", "max_output_tokens": 6 });
    let (status, response) = served.answer("/v1/responses", &turn).await;
    assert_eq!(status, 200, "{response}");
    assert_eq!(response["status"], "incomplete");
    assert_eq!(response["usage"]["output_tokens"], 6);
    let text = response["output"][0]["content"][0]["text"].as_str().unwrap();
    let mut streamed = turn.clone();
    streamed["stream"] = true.into();
    let events: Vec<Value> = served
        .events("/v1/responses", &streamed)
        .await
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    assert!(
        events
            .iter()
            .enumerate()
            .all(|(at, event)| event["sequence_number"] == at)
    );
    let deltas: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(deltas, text);
    assert_eq!(events.last().unwrap()["type"], "response.incomplete");
}

#[tokio::test]
async fn requests_that_cannot_be_served_are_refused_in_openais_shape() {
    let served = Served::usual().await;
    let long = "word ".repeat(5_000);
    let cases = [
        (question(json!({ "model": "other" })), 404, "model_not_found"),
        (question(json!({ "temperature": -1 })), 400, "invalid_value"),
        (question(json!({ "top_p": 0 })), 400, "invalid_value"),
        (question(json!({ "n": 0 })), 400, "invalid_value"),
        (question(json!({ "n": 1000 })), 400, "invalid_value"),
        (question(json!({ "messages": [] })), 400, "invalid_value"),
        (
            question(json!({ "messages": [{ "role": "tool", "content": "x" }] })),
            400,
            "invalid_value",
        ),
        (
            question(json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] })),
            400,
            "invalid_value",
        ),
        (
            question(json!({ "messages": [{ "role": "user", "content": long }] })),
            400,
            "context_length_exceeded",
        ),
        (question(json!({ "max_tokens": 5_000 })), 400, "context_length_exceeded"),
        (
            question(json!({ "tools": [{ "type": "function" }] })),
            400,
            "invalid_value",
        ),
        (
            question(json!({ "logit_bias": { "99999999": 1 } })),
            400,
            "invalid_value",
        ),
        (
            question(json!({ "response_format": { "type": "xml" } })),
            400,
            "invalid_value",
        ),
        (json!({ "model": "tiny" }), 400, "invalid_value"),
        (json!("text"), 400, "invalid_value"),
    ];
    for (request, expected, code) in cases {
        let (status, body) = served.answer(CHAT, &request).await;
        assert_eq!(
            (status, body["error"]["code"].as_str()),
            (expected, Some(code)),
            "{body}"
        );
        assert!(
            body["error"]["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        assert!(body["error"]["type"].is_string());
    }
}

#[tokio::test]
async fn messages_of_one_role_in_a_row_are_one_turn() {
    let served = Served::usual().await;
    let said = |role: &str, content: Value| json!({ "role": role, "content": content });
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let several = json!([
        said("system", json!("Answer in SQL.")),
        said("user", json!("Tables: singer.")),
        said("user", json!([{ "type": "text", "text": "How many" }, { "type": "input_text", "text": "singers?" }])),
        { "role": "assistant", "content": "SELECT 1", "refusal": null, "tool_calls": null, "audio": null, "annotations": [] },
        { "role": "assistant", "content": null, "refusal": "I cannot." },
        said("developer", text("Be brief.")),
        said("user", json!("Why?")),
        said("user", json!("Tell.")),
    ]);
    let merged = json!([
        said("system", json!("Answer in SQL.\n\nBe brief.")),
        said("user", json!("Tables: singer.\n\nHow many\nsingers?")),
        said("assistant", json!("SELECT 1\n\nI cannot.")),
        said("user", json!("Why?\n\nTell.")),
    ]);
    let (status, answer) = served.answer(CHAT, &question(json!({ "messages": several }))).await;
    assert_eq!(status, 200, "{answer}");
    let (_, expected) = served.answer(CHAT, &question(json!({ "messages": merged }))).await;
    assert_eq!(answer["choices"], expected["choices"]);
    assert_eq!(answer["usage"]["prompt_tokens"], expected["usage"]["prompt_tokens"]);
    let input = json!([
        { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "How many?" }] },
        { "type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
          "content": [{ "type": "output_text", "text": "SELECT 1", "annotations": [] }] },
        { "role": "user", "content": "Why?" },
        { "role": "user", "content": "Tell." },
    ]);
    let turns = json!({ "model": "tiny", "input": input, "instructions": "Answer in SQL.", "max_output_tokens": 4 });
    let response = served.post("/v1/responses", &turns).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("x-nl2sql-ignored-fields"));
}

#[tokio::test]
async fn what_a_model_cannot_be_shown_is_refused_by_name() {
    let served = Served::usual().await;
    let user = json!({ "role": "user", "content": "How many?" });
    let part = |part: Value| json!([user, { "role": "user", "content": [{ "type": "text", "text": "See:" }, part] }]);
    let call = json!([{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }]);
    let cases = [
        (
            part(json!({ "type": "image_url", "image_url": { "url": "data:," } })),
            "message 2: parts of type `image_url`",
        ),
        (
            part(json!({ "type": "input_audio", "input_audio": {} })),
            "message 2: parts of type `input_audio`",
        ),
        (
            part(json!({ "type": "file", "file": {} })),
            "message 2: parts of type `file`",
        ),
        (
            part(json!({ "type": "text" })),
            "message 2: a part of type `text` has no `text`",
        ),
        (
            part(json!("text")),
            "message 2: `content` is neither text nor a list of parts",
        ),
        (json!([user, { "role": "user" }]), "message 2: `content` is missing"),
        (json!([user, { "content": "x" }]), "message 2: missing field `role`"),
        (json!([user, "x"]), "message 2: invalid type"),
        (
            json!([user, { "role": "assistant", "content": null, "tool_calls": call }]),
            "message 2: `tool_calls`",
        ),
        (
            json!([user, { "role": "assistant", "audio": { "id": "a" } }]),
            "message 2: `audio`",
        ),
        (
            json!([user, { "role": "tool", "content": "x", "tool_call_id": "c" }]),
            "message 2: role `tool`",
        ),
        (
            json!([user, { "role": "narrator", "content": "x" }]),
            "message 2: role `narrator`",
        ),
        (
            json!([{ "role": "assistant", "content": "Hello!" }, user]),
            "begin with the user's",
        ),
        (
            json!([user, { "role": "assistant", "content": "SELECT" }]),
            "end with the user's",
        ),
        (
            json!([{ "role": "system", "content": "Answer in SQL." }]),
            "no message of the user",
        ),
    ];
    for (messages, said) in cases {
        let (status, body) = served.answer(CHAT, &question(json!({ "messages": messages }))).await;
        let message = body["error"]["message"].as_str().unwrap();
        assert_eq!((status, &body["error"]["param"]), (400, &json!("messages")), "{body}");
        assert!(message.contains(said), "{said}: {message}");
        let (status, body) = served
            .answer("/v1/responses", &json!({ "model": "tiny", "input": messages }))
            .await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!("input")), "{body}");
    }
    let turn = |more: Value| {
        let mut turn = json!({ "model": "tiny", "input": "How many?" });
        turn.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        turn
    };
    for (more, param) in [
        (
            json!({ "input": [{ "type": "function_call_output", "call_id": "c", "output": "x" }] }),
            "input",
        ),
        (json!({ "tools": [{ "type": "web_search" }] }), "tools"),
        (json!({ "conversation": "conv_1" }), "conversation"),
        (json!({ "previous_response_id": "resp_1" }), "previous_response_id"),
        (json!({ "background": true }), "background"),
    ] {
        let (status, body) = served.answer("/v1/responses", &turn(more)).await;
        assert_eq!((status, &body["error"]["param"]), (400, &json!(param)), "{body}");
    }
    let sound = question(json!({ "modalities": ["text", "audio"] }));
    assert_eq!(served.answer(CHAT, &sound).await.1["error"]["param"], "modalities");
}

#[tokio::test]
async fn fields_that_nothing_reads_are_named_in_a_header() {
    let served = Served::usual().await;
    let request = question(json!({ "user": "u", "metadata": {}, "max_tokens": 1 }));
    let response = served
        .post(CHAT, &request)
        .header("x-request-id", "mine-1")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-nl2sql-ignored-fields"], "user,metadata");
    let named = json!([{ "role": "user", "name": "ann", "content": "How many?" }]);
    let named = served
        .post(CHAT, &question(json!({ "messages": named, "max_tokens": 1 })))
        .send()
        .await
        .unwrap();
    assert_eq!(named.headers()["x-nl2sql-ignored-fields"], "messages.name");
    assert_eq!(response.headers()["x-request-id"], "mine-1");
    let response = served
        .post(CHAT, &question(json!({ "max_tokens": 1 })))
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    assert!(!response.headers().contains_key("x-nl2sql-ignored-fields"));
    assert!(response.headers()["x-request-id"].to_str().unwrap().starts_with("req-"));
}

#[tokio::test]
async fn concurrent_answers_are_those_of_single_requests() {
    let served = Served::usual().await;
    let asked =
        |number: usize| question(json!({ "messages": [{ "role": "user", "content": format!("Question {number}") }] }));
    let mut alone = Vec::new();
    for number in 0..24 {
        alone.push(served.answer(CHAT, &asked(number)).await.1["choices"].clone());
    }
    let together = futures::future::join_all((0..24).map(|number| {
        let request = asked(number);
        let served = &served;
        async move { served.answer(CHAT, &request).await.1["choices"].clone() }
    }));
    assert_eq!(together.await, alone);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_again() {
    let served = Served::with(ServeSettings {
        rows: 1,
        queue: 1,
        ..ServeSettings::default()
    })
    .await;
    let slow = question(json!({ "max_tokens": 3_000 }));
    let streams = futures::future::join_all((0..6).map(|_| {
        let mut request = slow.clone();
        request["stream"] = true.into();
        served.post(CHAT, &request).send()
    }))
    .await;
    let refused: Vec<_> = streams
        .into_iter()
        .map(Result::unwrap)
        .filter(|answer| answer.status() == 503)
        .collect();
    assert!(!refused.is_empty());
    assert!(
        refused
            .iter()
            .all(|answer| answer.headers().contains_key("retry-after"))
    );
}

#[tokio::test]
async fn the_api_describes_itself() {
    let served = Served::usual().await;
    let get = |path: &str| served.client.get(format!("{}{path}", served.url)).send();
    let document: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
    for path in [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/models",
        "/health",
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
    assert!(!document.to_string().contains("crate::"), "tags are words for people");
    assert!(
        !document.to_string().contains("int32"),
        "numbers end where their type does"
    );
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let Some(good) = operation["responses"].get("200") else {
                continue;
            };
            let content = good["content"].as_object().unwrap_or_else(|| panic!("{path}"));
            let streams = operation.pointer("/requestBody").is_some() && content.contains_key("text/event-stream");
            assert!(
                content.values().all(|kind| kind["schema"].is_object()),
                "{path}: {content:?}"
            );
            let answers = ["/chat/completions", "/v1/completions", "/v1/responses", "/v1/ask"];
            assert_eq!(streams, answers.iter().any(|route| path.ends_with(route)), "{path}");
        }
    }
    for name in [
        "Answer",
        "ResultTable",
        "AnswerColumn",
        "ChatResponse",
        "CompletionResponse",
        "ModelList",
    ] {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
    let models: Value = get("/v1/models").await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "tiny");
    assert_eq!(get("/health").await.unwrap().status(), 200);
    let missing = get("/v1/nothing").await.unwrap();
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json::<Value>().await.unwrap()["error"]["code"], "unknown_url");
    assert_eq!(get("/v1/responses").await.unwrap().status(), 405);
}
