//! The same API in front of an endpoint that speaks it: here another server of ours.

use std::collections::BTreeMap;
use std::time::Duration;

use nl2sql_profile::{SecretString, ServeKey, ServeRight, ServeSettings};
use nl2sql_serving::{Backend, OpenAiEndpoint, OpenAiEndpointSettings};
use serde_json::{Value, json};

use crate::served::{Served, question};

const KEY: &str = "endpoint-key-0123456789";

/// A server behind a key, and one in front of it that sends `key`.
async fn pair(key: &str) -> (Served, Served, tempfile::TempDir) {
    in_front("tiny", &[], key).await
}

/// The same in front of this model, and of `others` beside it.
async fn in_front(model: &str, others: &[&str], key: &str) -> (Served, Served, tempfile::TempDir) {
    let keys = tempfile::tempdir().unwrap();
    let path = keys.path().join("key");
    std::fs::write(&path, KEY).unwrap();
    let key_settings = ServeKey {
        key_file: Some(path),
        rights: vec![ServeRight::Chat],
        ..ServeKey::default()
    };
    let behind = Served::with(ServeSettings {
        keys: BTreeMap::from([("front".to_owned(), key_settings)]),
        ..ServeSettings::default()
    })
    .await;
    let endpoint = OpenAiEndpoint::new(OpenAiEndpointSettings {
        base_url: format!("{}/v1", behind.url),
        key: Some(SecretString::from(key.to_owned())),
        model: model.into(),
        others: others.iter().map(|&name| name.into()).collect(),
        timeout: Duration::from_secs(30),
    });
    let backend = Backend::Endpoint(endpoint.unwrap());
    let front = Served::over(backend, ServeSettings::default(), tempfile::tempdir().unwrap()).await;
    (behind, front, keys)
}

#[tokio::test]
async fn requests_and_streams_are_handed_on_with_the_servers_key() {
    let (behind, front, _keys) = pair(KEY).await;
    let request = question(json!({}));
    let direct = behind
        .post("/v1/chat/completions", &request)
        .bearer_auth(KEY)
        .send()
        .await
        .unwrap();
    let direct: Value = direct.json().await.unwrap();
    let (status, handed) = front.answer("/v1/chat/completions", &request).await;
    assert_eq!(status, 200, "{handed}");
    assert_eq!(handed["choices"], direct["choices"]);
    let events = front
        .events("/v1/chat/completions", &question(json!({ "stream": true })))
        .await;
    assert_eq!(events.last().unwrap(), "[DONE]");
    let (status, refused) = front
        .answer("/v1/chat/completions", &question(json!({ "model": "none" })))
        .await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!("model_not_found")));
}

async fn told(front: &Served, path: &str) -> (u16, Value) {
    let answer = front.client.get(format!("{}{path}", front.url)).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn models_of_an_endpoint_are_those_that_the_profile_names() {
    let not_found = (404, json!("model_not_found"));
    for (model, others, is_open, count) in [
        ("tiny", &[][..], true, 1),
        ("other", &["*"], true, 2),
        ("other", &["third"], false, 1),
    ] {
        let (_behind, front, _keys) = in_front(model, others, KEY).await;
        let (status, list) = told(&front, "/v1/models").await;
        assert_eq!((status, list["data"].as_array().unwrap().len()), (200, count), "{list}");
        let (status, own) = told(&front, &format!("/v1/models/{model}")).await;
        assert_eq!((status, &own["id"]), (200, &json!(model)), "{own}");
        let (status, card) = told(&front, "/v1/models/tiny").await;
        let (asked, answer) = front.answer("/v1/chat/completions", &question(json!({}))).await;
        if is_open {
            assert_eq!(
                (status, &card["id"], asked),
                (200, &json!("tiny"), 200),
                "{card} {answer}"
            );
        } else {
            assert_eq!((status, card["error"]["code"].clone()), not_found);
            assert_eq!((asked, answer["error"]["code"].clone()), not_found);
        }
        let (status, none) = told(&front, "/v1/models/none").await;
        assert_eq!((status, none["error"]["code"].clone()), not_found);
        let (status, wrong) = front
            .answer("/v1/chat/completions", &question(json!({ "model": 7 })))
            .await;
        assert_eq!((status, &wrong["error"]["param"]), (400, &json!("model")));
    }
}

#[tokio::test]
async fn an_endpoint_that_refuses_or_is_gone_is_told_without_its_address_or_key() {
    let (behind, front, _keys) = pair("wrong-canary-0123456789").await;
    let address = behind.url.clone();
    let (status, answer) = front.answer("/v1/chat/completions", &question(json!({}))).await;
    assert_eq!(status, 500);
    let said = answer.to_string();
    assert!(!said.contains("canary") && !said.contains(&address), "{said}");
    behind.stop.cancel();
    let mut behind = behind;
    (&mut behind.ended).await.unwrap();
    let (status, answer) = front.answer("/v1/chat/completions", &question(json!({}))).await;
    let said = answer.to_string();
    assert!([500, 502].contains(&status) && !said.contains(&address), "{said}");
}
