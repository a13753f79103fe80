//! What `/metrics` counts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::served::{Served, question};

/// Samples by name and labels.
async fn samples_of(served: &Served) -> BTreeMap<String, f64> {
    let response = served
        .client
        .get(format!("{}/metrics", served.url))
        .send()
        .await
        .unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/plain"), "{kind}");
    let text = response.text().await.unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn requests_tokens_and_first_tokens_are_counted() {
    let served = Served::usual().await;
    let body = question(json!({ "max_tokens": 5, "n": 2 }));
    let (status, answer) = served.answer("/v1/chat/completions", &body).await;
    assert_eq!(status, 200, "{answer}");
    let (status, _) = served.answer("/v1/chat/completions", &json!({ "model": "tiny" })).await;
    assert_eq!(status, 400);
    served.answer("/v1/nothing/of/anybody's", &json!({})).await;
    let mut samples = samples_of(&served).await;
    let running = r#"vllm:num_requests_running{model_name="tiny"}"#;
    // The scheduler notes that nothing runs any more a moment after the last token has left.
    while samples[running] != 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        samples = samples_of(&served).await;
    }
    let count = |name: &str| {
        samples
            .get(name)
            .copied()
            .unwrap_or_else(|| panic!("{name} in {samples:?}"))
    };
    let model = r#"model_name="tiny""#;
    assert_eq!(count(&format!("vllm:generation_tokens_total{{{model}}}")), 10.0);
    let prompt = answer["usage"]["prompt_tokens"].as_f64().unwrap();
    assert_eq!(count(&format!("vllm:prompt_tokens_total{{{model}}}")), 2.0 * prompt);
    assert_eq!(
        count(&format!("vllm:time_to_first_token_seconds_count{{{model}}}")),
        2.0
    );
    for (status, requests) in [("200", 1.0), ("400", 1.0)] {
        let name = format!(r#"nl2sql_http_requests_total{{route="/v1/chat/completions",status="{status}"}}"#);
        assert_eq!(count(&name), requests);
    }
    assert!(
        !samples.keys().any(|name| name.contains("anybody")),
        "paths are not labels"
    );
}
