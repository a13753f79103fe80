//! The client against a real server that misbehaves, over both protocols.

use std::collections::BTreeMap;
use std::time::Duration;

use nl2sql_llm::{
    AnswerStore, BudgetCaps, ChatProvider, ChatRequest, FinishReason, HttpProvider, LlmClient, LlmClientBuilder,
    LlmError, Message, Price, Protocol, ProviderSettings, RetryPolicy, Role,
};
use nl2sql_llm_server::{Fault, LlmServer, SchemaWriter, Script};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const BOTH: [Protocol; 2] = [Protocol::Openai, Protocol::Anthropic];
const KEY_CANARY: &str = "sk-canary-5d1c";

fn settings(server: &LlmServer, protocol: Protocol) -> ProviderSettings {
    let mut settings = ProviderSettings {
        kind: protocol,
        base_url: server.base_url(),
        model: "tester".to_owned(),
        ..ProviderSettings::default()
    };
    settings.request_timeout_ms = 2_000;
    settings.idle_timeout_ms = 300;
    settings.price = Some(Price {
        input: 1.0,
        output: 2.0,
    });
    settings
}

fn impatient() -> RetryPolicy {
    RetryPolicy {
        tries: 4,
        base: Duration::from_millis(5),
        cap: Duration::from_millis(20),
        patience: Duration::from_secs(2),
    }
}

fn builder(folder: &TempDir, providers: Vec<ProviderSettings>) -> LlmClientBuilder {
    let store = AnswerStore::open(&folder.path().join("llm.sqlite")).unwrap();
    let providers = providers
        .into_iter()
        .map(|settings| Box::new(HttpProvider::new("peer", settings).unwrap()) as Box<dyn ChatProvider>)
        .collect();
    LlmClientBuilder::new("test", store, providers).retry(impatient())
}

fn client(folder: &TempDir, settings: ProviderSettings) -> LlmClient {
    builder(folder, vec![settings]).build().unwrap()
}

fn request(attempt: u32) -> ChatRequest {
    let content = "Write exactly 2 pairs.\nCREATE TABLE 歌手 (\n  name TEXT,\n  age INTEGER\n)".to_owned();
    ChatRequest {
        messages: vec![
            Message {
                role: Role::System,
                content: "You write SQL.".to_owned(),
            },
            Message {
                role: Role::User,
                content,
            },
        ],
        schema: None,
        temperature: None,
        max_tokens: Some(200),
        stage: "generate".to_owned(),
        purpose: "singers".to_owned(),
        attempt,
    }
}

async fn server(faults: Vec<Fault>) -> LlmServer {
    LlmServer::start(0, SchemaWriter::default(), Script::cycle(faults))
        .await
        .unwrap()
}

#[tokio::test]
async fn both_protocols_answer_plain_and_streamed() {
    for protocol in BOTH {
        for stream in [false, true] {
            let (server, folder) = (server(vec![]).await, TempDir::new().unwrap());
            let mut settings = settings(&server, protocol);
            settings.stream = stream;
            let answer = client(&folder, settings).chat(&request(0)).await.unwrap();
            assert_eq!(answer.finish_reason, FinishReason::Stop, "{protocol:?} {stream}");
            let pairs: serde_json::Value = serde_json::from_str(&answer.content).unwrap();
            assert_eq!(
                pairs["pairs"][1]["sql"], "SELECT age FROM 歌手",
                "{protocol:?} {stream}"
            );
            assert!(
                answer.input_tokens > 10 && answer.output_tokens > 10,
                "{protocol:?} {stream} {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_passing_fault_is_retried_until_the_answer_is_whole() {
    for protocol in BOTH {
        for stream in [false, true] {
            for fault in [
                "half-answer",
                "rate-limited",
                "server-error",
                "reset",
                "malformed-json",
                "stall",
                "slow",
            ] {
                let (server, folder) = (
                    server(vec![Fault::from_name(fault).unwrap(), Fault::None]).await,
                    TempDir::new().unwrap(),
                );
                let mut settings = settings(&server, protocol);
                settings.stream = stream;
                let answer = client(&folder, settings).chat(&request(0)).await;
                let content = answer
                    .unwrap_or_else(|error| panic!("{protocol:?} {stream} {fault}: {error}"))
                    .content;
                assert!(
                    serde_json::from_str::<serde_json::Value>(&content).is_ok(),
                    "{protocol:?} {stream} {fault}"
                );
                let expected = if fault == "slow" { 1 } else { 2 };
                assert_eq!(server.received().len(), expected, "{protocol:?} {stream} {fault}");
            }
        }
    }
}

#[tokio::test]
async fn stored_answers_are_not_requested_again() {
    let (server, folder) = (server(vec![]).await, TempDir::new().unwrap());
    let settings = settings(&server, Protocol::Openai);
    let first = client(&folder, settings.clone()).chat(&request(0)).await.unwrap();
    let again = client(&folder, settings.clone());
    assert_eq!(again.chat(&request(0)).await.unwrap(), first);
    assert_eq!(server.received().len(), 1);
    assert_eq!(again.usage().unwrap().cached, 1);
    again.chat(&request(1)).await.unwrap();
    assert_eq!(server.received().len(), 2, "another attempt is another question");

    let offline = builder(&folder, vec![settings]).offline(true).build().unwrap();
    assert_eq!(offline.chat(&request(0)).await.unwrap(), first);
    let miss = offline.chat(&request(9)).await.unwrap_err();
    assert!(
        matches!(&miss, LlmError::OfflineMiss { purpose, .. } if purpose == "singers"),
        "{miss}"
    );
}

#[tokio::test]
async fn concurrent_identical_requests_are_sent_once() {
    let (server, folder) = (
        server(vec![Fault::Slow(Duration::from_millis(100))]).await,
        TempDir::new().unwrap(),
    );
    let client = client(&folder, settings(&server, Protocol::Openai));
    let same = vec![request(0); 8];
    assert!(client.chat_all(&same).await.iter().all(Result::is_ok));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_chain_falls_back_and_keys_are_never_shown() {
    let folder = TempDir::new().unwrap();
    let (closed, open) = (server(vec![Fault::Unauthorized]).await, server(vec![]).await);
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, KEY_CANARY).unwrap();
    let mut first = settings(&closed, Protocol::Openai);
    first.key_file = Some(key_file);
    let chain = builder(&folder, vec![first.clone(), settings(&open, Protocol::Anthropic)])
        .build()
        .unwrap();
    chain.chat(&request(0)).await.unwrap();
    assert_eq!((closed.received().len(), open.received().len()), (1, 1));

    let error = client(&folder, first).chat(&request(1)).await.unwrap_err();
    assert!(matches!(error, LlmError::Rejected { .. }), "{error}");
    assert!(
        error.to_string().contains("[key]") && !format!("{error:?}{error}").contains(KEY_CANARY),
        "{error:?}"
    );
    let stored = std::fs::read(folder.path().join("llm.sqlite")).unwrap();
    assert!(
        !stored
            .windows(KEY_CANARY.len())
            .any(|bytes| bytes == KEY_CANARY.as_bytes())
    );
}

#[tokio::test]
async fn budgets_stop_before_the_request_and_survive_a_restart() {
    let (server, folder) = (server(vec![]).await, TempDir::new().unwrap());
    let caps = BudgetCaps {
        tokens: Some(350),
        cost: None,
    };
    let limited = || {
        builder(&folder, vec![settings(&server, Protocol::Openai)])
            .budget(caps, BTreeMap::new())
            .build()
            .unwrap()
    };
    limited().chat(&request(0)).await.unwrap();
    let second = limited();
    second.chat(&request(1)).await.unwrap();
    let error = limited().chat(&request(2)).await.unwrap_err();
    assert!(matches!(error, LlmError::Budget { .. }), "{error}");
    assert_eq!(server.received().len(), 2);
    let report = second.usage().unwrap();
    assert_eq!((report.requests(), report.lines.len()), (2, 1));
    assert!(report.cost() > 0.0);
}

#[tokio::test]
async fn cancelling_stops_the_retries() {
    let (server, folder) = (server(vec![Fault::RateLimited(1.5)]).await, TempDir::new().unwrap());
    let token = CancellationToken::new();
    let client = builder(&folder, vec![settings(&server, Protocol::Openai)])
        .cancellation(token.clone())
        .build()
        .unwrap();
    let question = request(0);
    let (answer, ()) = tokio::join!(client.chat(&question), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        token.cancel();
    });
    assert!(matches!(answer, Err(LlmError::Cancelled { .. })));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn refusals_and_cut_answers_say_so() {
    for protocol in BOTH {
        for (fault, reason) in [
            (Fault::Refusal, FinishReason::Refusal),
            (Fault::Truncated, FinishReason::Length),
        ] {
            let (server, folder) = (server(vec![fault]).await, TempDir::new().unwrap());
            let answer = client(&folder, settings(&server, protocol))
                .chat(&request(0))
                .await
                .unwrap();
            assert_eq!(answer.finish_reason, reason, "{protocol:?}");
        }
    }
}

#[tokio::test]
async fn an_unreachable_server_is_named() {
    let folder = TempDir::new().unwrap();
    let mut settings = ProviderSettings {
        base_url: "http://127.0.0.1:9/v1".to_owned(),
        model: "tester".to_owned(),
        ..ProviderSettings::default()
    };
    settings.connect_timeout_ms = 300;
    let error = client(&folder, settings).chat(&request(0)).await.unwrap_err();
    assert!(matches!(error, LlmError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("peer"), "{error}");
}
