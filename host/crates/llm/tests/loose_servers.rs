//! Servers that follow the protocols loosely, and what they say when they decline.

use std::io::Write;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use nl2sql_llm::{
    AnswerStore, ChatAnswer, ChatProvider, ChatRequest, FinishReason, HttpProvider, LlmClientBuilder, LlmError,
    Message, Protocol, ProviderSettings, RetryPolicy, Role, StructuredOutput,
};
use nl2sql_llm_server::{Fault, LlmServer, SchemaWriter, Script};
use serde_json::json;
use tempfile::TempDir;

const JSON: &str = "content-type: application/json\r\n";
const EVENTS: &str = "content-type: text/event-stream\r\n";

fn request() -> ChatRequest {
    ChatRequest {
        messages: vec![Message {
            role: Role::User,
            content: "Write exactly 2 pairs.\nCREATE TABLE singer (\n  name TEXT\n)".to_owned(),
        }],
        schema: Some(json!({ "type": "object" })),
        temperature: None,
        max_tokens: Some(200),
        stage: "generate".to_owned(),
        purpose: "singers".to_owned(),
        attempt: 0,
    }
}

async fn server(faults: Vec<Fault>) -> LlmServer {
    LlmServer::start(0, SchemaWriter::default(), Script::cycle(faults))
        .await
        .unwrap()
}

fn settings(server: &LlmServer, protocol: Protocol) -> ProviderSettings {
    let mut settings = ProviderSettings {
        kind: protocol,
        base_url: server.base_url(),
        model: "tester".to_owned(),
        ..ProviderSettings::default()
    };
    settings.request_timeout_ms = 3_000;
    settings.idle_timeout_ms = 300;
    settings
}

async fn chat(settings: ProviderSettings) -> Result<ChatAnswer, LlmError> {
    let folder = TempDir::new().unwrap();
    let store = AnswerStore::open(&folder.path().join("llm.sqlite")).unwrap();
    let provider: Box<dyn ChatProvider> = Box::new(HttpProvider::new("peer", settings)?);
    let policy = RetryPolicy {
        tries: 3,
        base: Duration::from_millis(5),
        cap: Duration::from_millis(10),
        patience: Duration::from_secs(2),
    };
    let client = LlmClientBuilder::new("test", store, vec![provider])
        .retry(policy)
        .build()?;
    client.chat(&request()).await
}

/// The content of the answer that these bytes are taken for.
async fn content(protocol: Protocol, response: Fault) -> String {
    let server = server(vec![response]).await;
    let answer = chat(settings(&server, protocol)).await.unwrap();
    assert_eq!(server.received().len(), 1, "{answer:?}");
    assert!(
        answer.input_tokens > 0 && answer.output_tokens > 0,
        "missing usage is estimated"
    );
    answer.content
}

#[tokio::test]
async fn plain_answers_are_read_in_every_usual_format() {
    let zipped = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let good =
        json!({ "choices": [{ "message": { "content": "{}" }, "finish_reason": null }], "usage": null }).to_string();
    let chunked = format!(
        "{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        9,
        &good[..9],
        good.len() - 9,
        &good[9..]
    );
    for response in [
        Fault::response(200, JSON, &good),
        Fault::response(200, "content-type: text/plain\r\n", format!("\u{feff}\n{good}\n")),
        Fault::response(200, "content-encoding: gzip\r\n", zipped(&good)),
        Fault::response(200, "transfer-encoding: chunked\r\n", chunked),
        Fault::response(
            201,
            JSON,
            json!({ "error": null, "choices": [{ "text": "<think>hm</think>\n{}" }] }).to_string(),
        ),
        Fault::response(
            200,
            JSON,
            "data: {\"choices\":[{\"delta\":{\"content\":\"{}\"}}]}\n\ndata: [DONE]\n\n",
        ),
    ] {
        assert_eq!(content(Protocol::Openai, response).await, "{}");
    }
    let blocks = json!({ "content": [{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": "{}" }], "stop_reason": null });
    assert_eq!(
        content(Protocol::Anthropic, Fault::response(200, JSON, blocks.to_string())).await,
        "{}"
    );
}

#[tokio::test]
async fn streams_are_read_in_every_usual_format() {
    let event = |event: serde_json::Value| format!("data: {event}\n\n");
    let piece = |text: &str| {
        event(json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }], "usage": null }))
    };
    let stop = event(json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }));
    let done = "data: [DONE]\n\n";
    let thinking = event(json!({ "choices": [{ "delta": { "content": null, "reasoning_content": "hm" } }] }));
    let call = |text: &str| {
        event(json!({ "choices": [{ "delta": { "tool_calls": [{ "function": { "arguments": text } }] } }] }))
    };
    let plain = [piece("{"), piece("}"), stop.clone(), done.to_owned()].concat();
    for body in [
        plain.clone(),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace("\n\n", "\n"),
        format!(": keep-alive\n\nretry: 5\nevent: message\nid: 1\n{plain}"),
        format!("data: : PROCESSING\n\ndata: ping\n\n{plain}"),
        [thinking, piece("{}"), stop.clone()].concat(),
        [piece("{}"), done.to_owned()].concat(),
        [call("{"), call("}"), stop.clone()].concat(),
        format!("{}{}", piece("{}"), stop.trim_end()),
        json!({ "choices": [{ "message": { "content": "{}" }, "finish_reason": "stop" }] }).to_string(),
    ] {
        let server = server(vec![Fault::response(200, EVENTS, &body)]).await;
        let mut settings = settings(&server, Protocol::Openai);
        settings.stream = true;
        let answer = chat(settings).await.unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!((answer.content.as_str(), server.received().len()), ("{}", 1), "{body}");
    }
}

#[tokio::test]
async fn half_streams_and_errors_within_good_responses_are_tried_again() {
    let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"{\"}}]}\n\n";
    for broken in [
        Fault::response(200, EVENTS, piece),
        Fault::response(
            200,
            EVENTS,
            format!("{piece}data: {{\"error\":{{\"message\":\"overloaded\"}}}}\n\n"),
        ),
        Fault::response(200, EVENTS, format!("{piece}data: {{\"cho\n\n")),
        Fault::response(
            200,
            JSON,
            json!({ "error": { "message": "busy", "code": 503 } }).to_string(),
        ),
        Fault::response(200, JSON, ""),
        Fault::response(
            200,
            "content-type: text/html\r\n",
            "<!DOCTYPE html><title>Gateway</title>",
        ),
        Fault::response(
            502,
            "content-type: text/html\r\n",
            "<html><body>Bad gateway</body></html>",
        ),
        Fault::response(408, JSON, ""),
        Fault::response(409, JSON, "{}"),
        Fault::response(425, JSON, "{}"),
        Fault::response(
            529,
            JSON,
            json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } }).to_string(),
        ),
        Fault::response(429, "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "slow down"),
    ] {
        let named = format!("{broken:?}");
        let server = server(vec![broken, Fault::None]).await;
        let answer = chat(settings(&server, Protocol::Openai))
            .await
            .unwrap_or_else(|error| panic!("{named}: {error}"));
        assert_eq!(
            (answer.finish_reason, server.received().len()),
            (FinishReason::Stop, 2),
            "{named}"
        );
    }
}

#[tokio::test]
async fn final_rejections_are_not_retried_and_name_the_fix() {
    let error = |message: &str| json!({ "error": { "message": message } }).to_string();
    for (fault, says) in [
        (Fault::response(401, JSON, error("bad key")), "check the key"),
        (
            Fault::response(402, JSON, error("Insufficient Balance")),
            "no credit left",
        ),
        (
            Fault::response(404, JSON, error("model `x` not found")),
            "check base_url and model",
        ),
        (Fault::response(413, "", "<html>Too large</html>"), "page_tokens"),
        (
            Fault::response(400, JSON, error("maximum context length is 4096 tokens")),
            "maximum context length",
        ),
        (
            Fault::response(
                429,
                JSON,
                json!({ "error": { "message": "pay", "code": "insufficient_quota" } }).to_string(),
            ),
            "no credit left",
        ),
        (
            Fault::response(307, "location: http://127.0.0.2:1/v1/chat/completions\r\n", ""),
            "base_url",
        ),
    ] {
        let server = server(vec![fault]).await;
        let said = chat(settings(&server, Protocol::Openai)).await.unwrap_err();
        assert!(matches!(said, LlmError::Rejected { .. }), "{said:?}");
        assert!(
            said.to_string().contains(says) && said.to_string().contains("peer: "),
            "{said}"
        );
        assert_eq!(server.received().len(), 1, "{said}");
    }
}

#[tokio::test]
async fn filtered_prompts_count_as_refusals() {
    let filtered = json!({ "error": { "message": "flagged", "code": "content_filter" } });
    let server = server(vec![Fault::response(400, JSON, filtered.to_string())]).await;
    let answer = chat(settings(&server, Protocol::Openai)).await.unwrap();
    assert_eq!(answer.finish_reason, FinishReason::Refusal);
}

#[tokio::test]
async fn declined_capabilities_are_dropped_on_retry() {
    let decline = |message: &str| Fault::response(400, JSON, json!({ "error": { "message": message } }).to_string());
    let script = vec![
        decline("Use 'max_completion_tokens' instead."),
        decline("This response_format type is unavailable now"),
        decline("'response_format' of type 'json_object' is not supported"),
        Fault::None,
    ];
    let server = server(script).await;
    let mut settings = settings(&server, Protocol::Openai);
    settings.structured = StructuredOutput::Schema;
    chat(settings).await.unwrap();
    let sent: Vec<String> = server
        .received()
        .iter()
        .map(|received| String::from_utf8_lossy(&received.raw).into_owned())
        .collect();
    assert!(sent[0].contains("json_schema") && sent[0].contains("\"max_tokens\""));
    assert!(sent[1].contains("max_completion_tokens"));
    assert!(sent[2].contains("json_object") && sent[2].contains("JSON schema"));
    assert!(!sent[3].contains("response_format") && sent[3].contains("JSON schema"));
}

#[tokio::test]
async fn base_urls_and_redirects_lead_to_the_same_place() {
    let server = server(vec![]).await;
    let with_version = server.base_url();
    let bare = with_version.trim_end_matches("/v1").to_owned();
    for protocol in [Protocol::Openai, Protocol::Anthropic] {
        for base in [
            with_version.clone(),
            format!("{with_version}/"),
            bare.clone(),
            format!("{bare}/"),
        ] {
            let mut settings = settings(&server, protocol);
            settings.base_url = base.clone();
            assert!(chat(settings).await.is_ok(), "{protocol:?} {base}");
        }
    }
    for status in [301, 302, 307, 308] {
        let moved = Fault::response(status, "location: /v1/chat/completions\r\n", "");
        let server = self::server(vec![moved, Fault::None]).await;
        let mut settings = settings(&server, Protocol::Openai);
        settings.base_url = server.base_url().replace("/v1", "/old/v1");
        assert!(chat(settings).await.is_ok(), "{status}");
        assert_eq!(server.received()[1].path, "/v1/chat/completions");
    }
}

#[tokio::test]
async fn secrets_are_sent_where_they_belong_and_quoted_nowhere() {
    const CANARY: &str = "sk-canary-93b1f0";
    let echo = json!({ "error": { "message": format!("no such key: Bearer {CANARY}") } }).to_string();
    for status in [401, 500, 200] {
        let server = server(vec![Fault::response(status, JSON, &echo)]).await;
        let mut settings = settings(&server, Protocol::Openai);
        settings.headers = [("x-gateway".to_owned(), CANARY.to_owned())].into();
        let error = chat(settings).await.unwrap_err();
        let raw = String::from_utf8_lossy(&server.received()[0].raw).into_owned();
        assert!(raw.contains(&format!("x-gateway: {CANARY}")), "{raw}");
        let said = format!("{error} {error:?}");
        assert!(!said.contains(CANARY) && said.contains("[key]"), "{said}");
    }
}

#[tokio::test]
async fn a_proxy_is_used_and_a_bad_one_is_named() {
    // A plain HTTP proxy is asked for the whole URL; the server takes any path that ends as the protocol's does.
    let server = server(vec![]).await;
    let mut proxied = settings(&server, Protocol::Openai);
    proxied.proxy = Some(server.base_url().trim_end_matches("/v1").to_owned());
    proxied.base_url = "http://llm.example.invalid/v1".to_owned();
    chat(proxied.clone()).await.unwrap();
    assert_eq!(
        server.received()[0].path,
        "http://llm.example.invalid/v1/chat/completions"
    );
    proxied.proxy = Some("localhost:8080".to_owned());
    let error = chat(proxied).await.unwrap_err().to_string();
    assert!(error.contains("proxy takes a URL"), "{error}");
}
