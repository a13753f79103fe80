//! Many streams at once, among clients that stall and clients that vanish: no answer is lost or mixed, and memory stays bounded.
//!
//! `cargo xtask load` runs the same with 200 streams for ten minutes, on a model of real size.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::serving::{Running, exchanged, project, serving};

/// Tokens of an answer.
const TOKENS: usize = 24;
/// Different questions.
const QUESTIONS: usize = 12;
/// Memory that a server may have grown by since every client has asked once, in KiB: what allocators keep of their peaks.
const MAX_GROWTH_KIB: u64 = 256 << 10;

/// How much is asked.
struct Load {
    streams: usize,
    time: Duration,
    /// A model folder; otherwise one of random weights.
    model: String,
}

impl Load {
    fn of_environment() -> Self {
        let number = |name: &str, usual: u64| std::env::var(name).map_or(usual, |text| text.parse().unwrap());
        Self {
            streams: number("NL2SQL_LOAD_STREAMS", 40) as usize,
            time: Duration::from_secs(number("NL2SQL_LOAD_SECONDS", 2)),
            model: std::env::var("NL2SQL_LOAD_MODEL").unwrap_or_else(|_| "tiny".to_owned()),
        }
    }
}

/// What clients do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Client {
    /// Reads its answer.
    Reads,
    /// Stops reading for a while in the middle.
    Stalls,
    /// Goes after the first token.
    Vanishes,
    /// Asks the database.
    Queries,
}

impl Client {
    fn of(turn: u64) -> Self {
        match turn % 10 {
            3 => Self::Stalls,
            5 => Self::Vanishes,
            7 => Self::Queries,
            _ => Self::Reads,
        }
    }
}

/// What came of all requests.
#[derive(Default)]
struct Tally {
    done: Mutex<BTreeMap<Client, u64>>,
    /// Requests that were refused with 503 and a time to come again.
    refused: AtomicU64,
    /// Answers that were not what the same question gets alone.
    mixed: Mutex<Vec<String>>,
    /// Answers that ended before their end.
    lost: Mutex<Vec<String>>,
    /// Milliseconds to the first token.
    first_token: Mutex<Vec<u64>>,
}

fn question(model: &str, number: usize, stream: bool) -> String {
    let text = format!(
        "Question {number}: name the capital of country {} and its river.",
        number * 7
    );
    json!({
        "model": model, "max_tokens": TOKENS, "stream": stream, "logit_bias": { "2": -100 },
        "messages": [{ "role": "user", "content": text }],
    })
    .to_string()
}

fn post(address: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The text of an answer that nobody else was answered beside.
fn alone(address: &str, model: &str, number: usize) -> String {
    let answer = exchanged(address, "POST /v1/chat/completions", &question(model, number, false));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    body["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

/// Data of a stream's events, as they come.
fn events(stream: TcpStream) -> impl Iterator<Item = String> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned))
}

impl Tally {
    fn count(&self, client: Client) {
        *self.done.lock().unwrap().entry(client).or_default() += 1;
    }

    /// One request, from its beginning to its end.
    fn ask(&self, address: &str, load: &Load, turn: u64, expected: &[String]) {
        let client = Client::of(turn);
        if client == Client::Queries {
            let answer = exchanged(
                address,
                "POST /v1/query",
                r#"{"sql": "SELECT count(*) FROM customers"}"#,
            );
            match answer.contains("\"rows\":[[4]]") {
                true => self.count(client),
                false => self.lost.lock().unwrap().push(answer),
            }
            return;
        }
        let number = turn as usize % QUESTIONS;
        let begun = Instant::now();
        let name = Path::new(&load.model).file_name().unwrap().to_string_lossy();
        let mut events = events(post(address, "/v1/chat/completions", &question(&name, number, true)));
        let (mut text, mut ended) = (String::new(), false);
        let mut count = 0;
        for event in events.by_ref() {
            if event == "[DONE]" {
                ended = true;
                break;
            }
            if count == 0 {
                self.first_token
                    .lock()
                    .unwrap()
                    .push(begun.elapsed().as_millis() as u64);
            }
            count += 1;
            match client {
                Client::Vanishes => return self.count(client),
                Client::Stalls if count == 3 => std::thread::sleep(load.time / 20),
                _ => {}
            }
            let chunk: Value = serde_json::from_str(&event).unwrap();
            text.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        }
        if count == 0 && !ended {
            // More requests wait than the queue holds.
            self.refused.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(200));
        } else if !ended {
            self.lost
                .lock()
                .unwrap()
                .push(format!("question {number} after {count} events: {text}"));
        } else if text != expected[number] {
            self.mixed
                .lock()
                .unwrap()
                .push(format!("question {number}: {text} instead of {}", expected[number]));
        } else {
            self.count(client);
        }
    }
}

/// Resident memory of a process in KiB.
fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Samples memory while `work` goes on.
fn watched(process: u32, work: impl FnOnce()) -> Vec<u64> {
    let (samples, over) = (Mutex::new(Vec::new()), std::sync::atomic::AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                samples.lock().unwrap().push(resident_kib(process));
                std::thread::sleep(Duration::from_millis(250));
            }
        });
        work();
        over.store(true, Ordering::Relaxed);
    });
    samples.into_inner().unwrap()
}

fn figure(metrics: &str, name: &str) -> f64 {
    let line = metrics
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{name}: {metrics}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn many_streams_lose_and_mix_nothing_and_memory_stays_bounded() {
    let load = Load::of_environment();
    let project = project();
    let arguments = ["serve", "--run", "runs/shop", "--model", &load.model, "--port", "0"];
    let (server, address) = serving(project.path(), &arguments);
    let name = Path::new(&load.model)
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let expected: Vec<String> = (0..QUESTIONS).map(|number| alone(&address, &name, number)).collect();
    // Clients whose requests never end hold no place that others need.
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(b"POST /v1/ask HTTP/1.1\r\nx-slow: ").unwrap();
            stream
        })
        .collect();
    let (tally, turns) = (Tally::default(), AtomicU64::new(0));
    let begun = Instant::now();
    let memory = watched(server.0.id(), || {
        std::thread::scope(|scope| {
            for _ in 0..load.streams {
                scope.spawn(|| {
                    while begun.elapsed() < load.time {
                        let turn = turns.fetch_add(1, Ordering::Relaxed);
                        tally.ask(&address, &load, turn, &expected);
                    }
                });
            }
        });
    });
    drop(slow);
    let seconds = begun.elapsed().as_secs_f64();
    let metrics = settled(&address);
    told(&tally, &memory, &metrics, load.streams, seconds);
    assert!(tally.mixed.lock().unwrap().is_empty(), "{:?}", tally.mixed);
    assert!(tally.lost.lock().unwrap().is_empty(), "{:?}", tally.lost);
    assert_eq!(tally.refused.load(Ordering::Relaxed), 0, "the queue has room for all");
    let done = tally.done.lock().unwrap();
    assert!(
        [Client::Reads, Client::Stalls, Client::Vanishes, Client::Queries]
            .iter()
            .all(|kind| done.contains_key(kind)),
        "{done:?}"
    );
    let (early, late) = memory.split_at(memory.len() / 2);
    let peak = |samples: &[u64]| samples.iter().copied().max().unwrap_or(0);
    assert!(peak(late) < peak(early) + MAX_GROWTH_KIB, "memory grows: {memory:?}");
    killed_and_started_again(server, project.path(), &arguments, &name, &expected);
}

/// The figures, once nobody is answered any more: who vanished is not waited for.
fn settled(address: &str) -> String {
    for _ in 0..600 {
        let metrics = exchanged(address, "GET /metrics", "");
        let busy = ["vllm:num_requests_running", "vllm:num_requests_waiting"].map(|name| figure(&metrics, name));
        if busy == [0.0, 0.0] {
            return metrics;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("requests of clients that are gone are still answered")
}

fn told(tally: &Tally, memory: &[u64], metrics: &str, streams: usize, seconds: f64) {
    let mut first = tally.first_token.lock().unwrap().clone();
    first.sort_unstable();
    let at = |share: f64| first.get((first.len() as f64 * share) as usize).copied().unwrap_or(0);
    let mib = |at: usize| memory.get(at).copied().unwrap_or(0) / 1_024;
    println!(
        "{streams} streams, {seconds:.0} s: {:?}, {} refused",
        tally.done.lock().unwrap(),
        tally.refused.load(Ordering::Relaxed)
    );
    println!(
        "lost {}, mixed {}; {:.0} tokens/s; first token after {} ms (median), {} ms (p95)",
        tally.lost.lock().unwrap().len(),
        tally.mixed.lock().unwrap().len(),
        figure(metrics, "vllm:generation_tokens_total") / seconds,
        at(0.5),
        at(0.95)
    );
    println!(
        "resident memory in MiB: {} at first, {} after a quarter, {} at half, {} at the end, {} at most",
        mib(0),
        mib(memory.len() / 4),
        mib(memory.len() / 2),
        mib(memory.len().saturating_sub(1)),
        memory.iter().max().unwrap_or(&0) / 1_024
    );
}

/// A server that was killed in the middle of answers leaves nothing behind that the next one stumbles over.
fn killed_and_started_again(mut server: Running, project: &Path, arguments: &[&str], name: &str, expected: &[String]) {
    let audit = || fs::read_to_string(project.join("runs/shop/serve/audit.jsonl")).unwrap();
    let before = audit().lines().count();
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let (again, address) = serving(project, arguments);
    assert_eq!(alone(&address, name, 1), expected[1]);
    exchanged(&address, "POST /v1/query", r#"{"sql": "SELECT 1"}"#);
    assert_eq!(
        audit()
            .lines()
            .filter(|line| serde_json::from_str::<Value>(line).is_ok())
            .count(),
        before + 1
    );
    drop(again);
}
