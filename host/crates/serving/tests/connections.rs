//! Connections: clients that vanish, stall or send too much, TLS, and the end of the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use nl2sql_profile::ServeSettings;
use serde_json::{Value, json};

use crate::served::{Served, question};

#[tokio::test]
async fn a_client_that_goes_leaves_its_place_to_the_next() {
    let served = Served::with(ServeSettings {
        rows: 1,
        ..ServeSettings::default()
    })
    .await;
    let endless = question(json!({ "stream": true, "max_tokens": 3_000 }));
    for _ in 0..3 {
        let mut stream = served.post("/v1/chat/completions", &endless).send().await.unwrap();
        assert!(stream.chunk().await.unwrap().is_some());
    }
    let (status, answer) = served
        .answer("/v1/chat/completions", &question(json!({ "max_tokens": 2 })))
        .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn answers_under_way_are_finished_when_the_server_stops() {
    let mut served = Served::usual().await;
    let request = question(json!({ "stream": true, "max_tokens": 200 }));
    let mut stream = served.post("/v1/chat/completions", &request).send().await.unwrap();
    let first = stream.chunk().await.unwrap().unwrap();
    served.stop.cancel();
    let mut text = String::from_utf8(first.to_vec()).unwrap();
    while let Some(chunk) = stream.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    assert!(text.trim_end().ends_with("[DONE]"), "{text}");
    drop(stream);
    (&mut served.ended).await.unwrap();
    assert!(
        served.post("/v1/chat/completions", &request).send().await.is_err(),
        "nobody listens any more"
    );
}

#[tokio::test]
async fn bodies_that_are_too_large_too_deep_or_no_json_are_refused() {
    let served = Served::with(ServeSettings {
        max_body_kib: 64,
        ..ServeSettings::default()
    })
    .await;
    let send = |body: String, kind: &'static str| {
        let request = served.client.post(format!("{}/v1/chat/completions", served.url));
        let request = request.header("content-type", kind).body(body);
        async move {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            (status, response.json::<Value>().await.unwrap()["error"]["code"].clone())
        }
    };
    let json = "application/json";
    assert_eq!(
        send(" ".repeat(100 << 10), json).await,
        (413, json!("request_too_large"))
    );
    assert_eq!(send("[".repeat(50_000), json).await, (400, json!("invalid_json")));
    assert_eq!(send("{\"model\"".into(), json).await, (400, json!("invalid_json")));
    assert_eq!(
        send("{}".into(), "text/plain").await,
        (415, json!("unsupported_media_type"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_head_never_ends_is_let_go() {
    let served = Served::with(ServeSettings {
        header_timeout_s: 1,
        ..ServeSettings::default()
    })
    .await;
    let address = served.url.trim_start_matches("http://").to_owned();
    let closed = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-slow: ")
            .unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).is_ok()
    });
    assert!(closed.await.unwrap(), "the server closed the connection");
}

/// What the server sends to a client that writes this, then waits, then reads to the end.
async fn sent_after(url: &str, request: String, pause: Duration) -> Vec<u8> {
    let address = url.trim_start_matches("http://").to_owned();
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        // The server may stop reading before all is written.
        let _ = stream.write_all(request.as_bytes());
        std::thread::sleep(pause);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_not_waited_for() {
    let served = Served::with(ServeSettings {
        header_timeout_s: 1,
        ..ServeSettings::default()
    })
    .await;
    for path in ["/v1/chat/completions", "/v1/ask", "/v1/load_lora_adapter"] {
        let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n");
        let request = format!("{head}content-length: 100\r\nconnection: close\r\n\r\n{{");
        let answer = sent_after(&served.url, request, Duration::ZERO).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 408") && answer.contains("\"timeout\""),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_nothing_is_let_go() {
    let served = Served::with(ServeSettings {
        stall_timeout_s: 1,
        ..ServeSettings::default()
    })
    .await;
    // More than all buffers on the way hold.
    let requests = 2_000;
    let request = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(requests);
    let whole = served
        .client
        .get(format!("{}/openapi.json", served.url))
        .send()
        .await
        .unwrap();
    let whole = whole.bytes().await.unwrap().len();
    let answer = sent_after(&served.url, request, Duration::from_secs(3)).await;
    assert!(answer.len() < requests * whole, "all of it was sent");
    assert_eq!(
        served
            .answer("/v1/chat/completions", &question(json!({ "max_tokens": 1 })))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn tls_is_spoken_with_the_certificate_of_the_settings() {
    let place = tempfile::tempdir().unwrap();
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (place.path().join("certificate.pem"), place.path().join("key.pem"));
    std::fs::write(&certificate, issued.cert.pem()).unwrap();
    std::fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let served = Served::with(ServeSettings {
        certificate: Some(certificate),
        private_key: Some(key),
        ..ServeSettings::default()
    })
    .await;
    let root = reqwest::Certificate::from_pem(issued.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let url = served.url.replace("127.0.0.1", "localhost");
    assert!(url.starts_with("https://"));
    assert_eq!(client.get(format!("{url}/health")).send().await.unwrap().status(), 200);
    assert!(
        served.client.get(format!("{url}/health")).send().await.is_err(),
        "a stranger's certificate is not accepted"
    );
    let plain = url.replace("https://", "http://");
    assert!(served.client.get(format!("{plain}/health")).send().await.is_err());
}
