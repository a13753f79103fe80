//! Keys, rights, origins and hosts.

use std::collections::BTreeMap;

use nl2sql_profile::{ServeKey, ServeRight, ServeSettings};
use serde_json::json;

use crate::served::{Served, question};

const CHAT_KEY: &str = "chat-key-0123456789";
const ADMIN_KEY: &str = "admin-key-0123456789";

/// A server whose keys stand in files.
async fn with_keys() -> (Served, tempfile::TempDir) {
    let keys = tempfile::tempdir().unwrap();
    let key = |name: &str, secret: &str, rights: &[ServeRight]| {
        let path = keys.path().join(name);
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        let key = ServeKey {
            key_file: Some(path),
            rights: rights.to_vec(),
            ..ServeKey::default()
        };
        (name.to_owned(), key)
    };
    let settings = ServeSettings {
        keys: BTreeMap::from([
            key("analyst", CHAT_KEY, &[ServeRight::Chat]),
            key("operator", ADMIN_KEY, &[ServeRight::Admin]),
        ]),
        ..ServeSettings::default()
    };
    (Served::with(settings).await, keys)
}

#[tokio::test]
async fn a_key_opens_what_its_rights_name_and_nothing_else() {
    let (served, _keys) = with_keys().await;
    let body = question(json!({ "max_tokens": 1 }));
    let chat = |authorization: Option<String>| {
        let request = served.post("/v1/chat/completions", &body);
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(chat(None).await, 401);
    assert_eq!(chat(Some("Bearer wrong-key-0123456789".into())).await, 401);
    assert_eq!(chat(Some(format!("Basic {CHAT_KEY}"))).await, 401);
    assert_eq!(chat(Some(format!("Bearer {CHAT_KEY}x"))).await, 401);
    assert_eq!(chat(Some(format!("Bearer {CHAT_KEY}"))).await, 200);
    assert_eq!(
        chat(Some(format!("bearer {CHAT_KEY}"))).await,
        200,
        "schemes have no case"
    );
    assert_eq!(chat(Some(format!("Bearer {ADMIN_KEY}"))).await, 403);
    let figures = |key: &'static str| {
        served
            .client
            .get(format!("{}/metrics", served.url))
            .bearer_auth(key)
            .send()
    };
    assert_eq!(figures(CHAT_KEY).await.unwrap().status(), 403);
    assert_eq!(figures(ADMIN_KEY).await.unwrap().status(), 200);
    let adapter = json!({ "lora_name": "a", "lora_path": "a" });
    let load = served
        .post("/v1/load_lora_adapter", &adapter)
        .bearer_auth(CHAT_KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(load.status(), 403);
    let health = served
        .client
        .get(format!("{}/health", served.url))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), 200, "health takes no key");
}

#[tokio::test]
async fn errors_never_repeat_a_key() {
    let (served, _keys) = with_keys().await;
    let sent = "wrong-canary-0123456789";
    let response = served
        .post("/v1/chat/completions", &json!({}))
        .bearer_auth(sent)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert!(!response.text().await.unwrap().contains("canary"));
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_they_are_named() {
    let closed = Served::usual().await;
    let open = Served::with(ServeSettings {
        allowed_origins: vec!["https://shop.example".into()],
        ..ServeSettings::default()
    })
    .await;
    let body = question(json!({ "max_tokens": 1 }));
    for (served, origin, expected) in [
        (&closed, "https://evil.example", 403),
        (&closed, "null", 403),
        (&open, "https://evil.example", 403),
        (&open, "https://shop.example", 200),
    ] {
        let response = served
            .post("/v1/chat/completions", &body)
            .header("origin", origin)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), expected, "{origin}");
        let allowed = response.headers().get("access-control-allow-origin");
        assert_eq!(allowed.is_some(), expected == 200, "{origin}");
    }
    let own = closed.url.clone();
    let response = closed
        .post("/v1/chat/completions", &body)
        .header("origin", own)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_server_without_keys_answers_to_names_of_this_machine_only() {
    let served = Served::usual().await;
    let response = served
        .client
        .get(format!("{}/health", served.url))
        .header("host", "rebound.example:8000")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 403);
}

#[test]
fn keys_that_are_short_missing_or_twice_are_refused() {
    let keys = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(keys.path().join(name), text).unwrap();
        ServeKey {
            key_file: Some(keys.path().join(name)),
            rights: vec![ServeRight::Chat],
            ..ServeKey::default()
        }
    };
    let bind = |keys: BTreeMap<String, ServeKey>| {
        let settings = ServeSettings {
            keys,
            port: 0,
            ..ServeSettings::default()
        };
        let place = tempfile::tempdir().unwrap();
        let model = crate::served::model(place.path(), nl2sql_inference::SchedulerOptions::default());
        nl2sql_serving::Server::bind(&settings, nl2sql_serving::Backend::Local(model), None).map(drop)
    };
    let (short, long) = (file("short", "hunter2"), file("long", CHAT_KEY));
    let missing = ServeKey {
        key_file: Some(keys.path().join("nowhere")),
        ..long.clone()
    };
    for keys in [
        BTreeMap::from([("a".to_owned(), short)]),
        BTreeMap::from([("a".to_owned(), missing)]),
        BTreeMap::from([("a".to_owned(), long.clone()), ("b".to_owned(), long.clone())]),
    ] {
        let error = bind(keys).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && !error.contains(CHAT_KEY), "{error}");
    }
    assert!(bind(BTreeMap::from([("a".to_owned(), long)])).is_ok());
}
