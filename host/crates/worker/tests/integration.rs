//! Coordinator and worker at a real NATS server, and whoever writes there what they did not.

#[allow(dead_code)]
mod nats;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use lz4_flex::block::compress_prepend_size;
use nats::Nats;
use nl2sql_catalog::Sample;
use nl2sql_profile::QueueSettings;
use nl2sql_worker::{
    Artifacts, CannotRunHere, ChatRelay, Coordinator, FleetStatus, JobManifest, PROTOCOL, Queue, QueueError, Task,
    TaskResult, TaskRunner, ValidateTask, Worker,
};
use serde_json::value::to_raw_value;
use tokio_util::sync::CancellationToken;

const PROGRAM: &str = "1.0.0";

/// How to reach a server.
fn settings(server: &Nats) -> QueueSettings {
    QueueSettings {
        url: server.url(),
        ..QueueSettings::default()
    }
}

/// Answers each task with its label, and counts.
#[derive(Default)]
struct Labels {
    runs: AtomicUsize,
    unreported: AtomicUsize,
    told: Mutex<Vec<String>>,
}

impl TaskRunner for Labels {
    fn open(&self, _: &str, manifest: &JobManifest, artifacts: &Artifacts, _: ChatRelay) -> Result<(), QueueError> {
        for digest in manifest.artifacts.values() {
            tokio::runtime::Handle::current().block_on(artifacts.get(digest))?;
        }
        Ok(())
    }

    fn run(&self, _: &str, task: Task) -> Result<TaskResult, CannotRunHere> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.unreported.fetch_add(1, Ordering::SeqCst);
        Ok(Ok(to_raw_value(&task.label()).unwrap()))
    }

    /// What it did, counted since the last report.
    fn report(&self, _: &str) -> Option<serde_json::Value> {
        Some(self.unreported.swap(0, Ordering::SeqCst).into())
    }

    fn close(&self, _: &str) {}

    fn tell(&self, message: String) {
        self.told.lock().unwrap().push(message);
    }
}

impl Labels {
    async fn told(&self, part: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.told.lock().unwrap().iter().any(|message| message.contains(part)) {
            assert!(
                Instant::now() < deadline,
                "`{part}` was not told: {:?}",
                self.told.lock().unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The label that a worker answered.
fn told(result: Result<TaskResult<String>, QueueError>) -> String {
    result.unwrap().unwrap()
}

fn manifest(program: &str) -> JobManifest {
    JobManifest {
        protocol: PROTOCOL,
        program: program.into(),
        run: "shop".into(),
        place: "here".into(),
        at_once: None,
        lease_ms: 2_000,
        artifacts: BTreeMap::new(),
        built_in: BTreeMap::new(),
    }
}

fn task(samples: usize) -> Task<'static> {
    Task::Validate(ValidateTask {
        samples: vec![Sample::default(); samples].into(),
    })
}

/// A sample whose question is the digest of its number, which no other sample makes shorter.
fn unlike_the_others(number: u64) -> Sample {
    Sample {
        question: nl2sql_worker::sha256(&number.to_le_bytes()),
        ..Sample::default()
    }
}

async fn coordinator(settings: &QueueSettings, program: &str) -> Coordinator {
    let artifacts = BTreeMap::from([("profile".to_owned(), b"[run]".to_vec())]);
    let queue = Queue::connect(settings).await.unwrap();
    Coordinator::open(queue, manifest(program), &artifacts, None, CancellationToken::new())
        .await
        .unwrap()
}

/// A worker that works until the token is cancelled.
async fn worker(settings: &QueueSettings, runner: &Arc<Labels>) -> CancellationToken {
    let queue = Queue::connect(settings).await.unwrap();
    let cancel = CancellationToken::new();
    let worker = Arc::new(Worker::new(queue, runner.clone(), "w".into(), PROGRAM, 2));
    let stop = cancel.clone();
    tokio::spawn(async move { worker.run(stop).await.unwrap() });
    cancel
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_computed_once_and_kept_until_the_job_is_complete() {
    let Some(server) = Nats::start("a_result_is_computed_once", &[]) else {
        return;
    };
    let runner = Arc::new(Labels::default());
    let first = coordinator(&settings(&server), PROGRAM).await;
    let _worker = worker(&settings(&server), &runner).await;
    assert_eq!(told(first.perform(&task(3)).await), "validate, 3 samples");
    drop(first);
    // A coordinator that was stopped finds what was computed.
    let second = coordinator(&settings(&server), PROGRAM).await;
    assert_eq!(told(second.perform(&task(3)).await), "validate, 3 samples");
    assert_eq!(runner.runs.load(Ordering::SeqCst), 1);
    second.complete().await.unwrap();
    drop(second);
    let third = coordinator(&settings(&server), PROGRAM).await;
    third.perform::<String>(&task(3)).await.unwrap().unwrap();
    assert_eq!(runner.runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_tells_is_there_with_its_results_and_stays_until_it_is_forgotten() {
    let Some(mut server) = Nats::start("what_a_worker_tells", &[]) else {
        return;
    };
    let runner = Arc::new(Labels::default());
    let first = coordinator(&settings(&server), PROGRAM).await;
    let _worker = worker(&settings(&server), &runner).await;
    for samples in 1..=20 {
        first.perform::<String>(&task(samples)).await.unwrap().unwrap();
    }
    // A stranger's message, and a coordinator and a server that end before anything was written down.
    let stranger = async_nats::connect(&server.url()).await.unwrap();
    let subject = format!("nl2sql.reports.{}", first.job());
    for hostile in ["no report", r#"{"worker":"\u001b[2K","told":1000}"#] {
        stranger.publish(subject.clone(), hostile.into()).await.unwrap();
    }
    stranger.flush().await.unwrap();
    drop(first);
    server.kill();
    server.resume();
    let second = coordinator(&settings(&server), PROGRAM).await;
    // The request for a task that the server forgot would have ended after 30 s.
    let next = tokio::time::timeout(Duration::from_secs(20), second.perform::<String>(&task(21))).await;
    next.expect("the worker still waits for the server of before")
        .unwrap()
        .unwrap();
    let mut told = Vec::new();
    let last = second.reports(|report| told.push(report)).await.unwrap();
    assert!(told.iter().all(|report| report.worker == "w"), "{told:?}");
    let tasks: u64 = told.iter().filter_map(|report| report.told.as_u64()).sum();
    assert_eq!(tasks, 21);
    second.forget_reports(last).await.unwrap();
    second.perform::<String>(&task(22)).await.unwrap().unwrap();
    let mut later = 0;
    second
        .reports(|report| later += report.told.as_u64().unwrap())
        .await
        .unwrap();
    assert_eq!(later, 1, "what was forgotten is not told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_larger_than_a_message_travel_as_artifacts() {
    let Some(server) = Nats::start("tasks_larger_than_a_message", &[]) else {
        return;
    };
    let runner = Arc::new(Labels::default());
    let coordinator = coordinator(&settings(&server), PROGRAM).await;
    let _worker = worker(&settings(&server), &runner).await;
    let samples: Vec<_> = (0..40_000u64).map(unlike_the_others).collect();
    let large = Task::Validate(ValidateTask {
        samples: samples.into(),
    });
    assert!(compress_prepend_size(&serde_json::to_vec(&large).unwrap()).len() > 2 << 20);
    assert_eq!(told(coordinator.perform(&large).await), "validate, 40000 samples");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_another_version_is_refused_with_the_reason() {
    let Some(server) = Nats::start("a_job_of_another_version", &[]) else {
        return;
    };
    let runner = Arc::new(Labels::default());
    let _coordinator = coordinator(&settings(&server), "2.0.0").await;
    let _worker = worker(&settings(&server), &runner).await;
    runner
        .told("its coordinator is nl2sql 2.0.0, and this worker is 1.0.0")
        .await;
    assert_eq!(runner.runs.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_messages_are_refused_and_counted_and_the_rest_is_done() {
    let Some(server) = Nats::start("hostile_messages", &[]) else {
        return;
    };
    let runner = Arc::new(Labels::default());
    let coordinator = coordinator(&settings(&server), PROGRAM).await;
    let subject = format!("nl2sql.tasks.{}", coordinator.job());
    let intruder = async_nats::connect(&server.url()).await.unwrap();
    let texts = [
        "no JSON".to_owned(),
        r#"{"validate":{"samples":[],"more":1}}"#.to_owned(),
        r#"{"delete":{"path":"/etc"}}"#.to_owned(),
        r#"{"artifact":"../../etc/passwd"}"#.to_owned(),
        format!(r#"{{"artifact":"{}"}}"#, "0".repeat(64)),
        format!(r#"{{"validate":{{"samples":[{}]}}}}"#, "[".repeat(100_000)),
        "\0".repeat(50 << 20),
    ];
    let claim = |bytes: u32| [&bytes.to_le_bytes()[..], &[0; 60]].concat();
    let packed = texts.iter().map(|text| compress_prepend_size(text.as_bytes()));
    let hostile: Vec<Vec<u8>> = packed
        .chain([b"not packed".to_vec(), Vec::new(), claim(u32::MAX), claim(100 << 20)])
        .collect();
    let count = hostile.len() as u64;
    for message in hostile {
        intruder.publish(subject.clone(), message.into()).await.unwrap();
    }
    intruder.publish("nl2sql.results.x.y", "{".into()).await.unwrap();
    intruder.flush().await.unwrap();
    let _worker = worker(&settings(&server), &runner).await;
    assert_eq!(told(coordinator.perform(&task(1)).await), "validate, 1 samples");
    runner.told("is not named by a SHA-256 in hex").await;
    let queue = Queue::connect(&settings(&server)).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let status = FleetStatus::read(&queue).await.unwrap();
        let refused = status.workers.first().map_or(0, |worker| worker.refused);
        if refused == count && status.dead_letters.len() as u64 == count {
            break;
        }
        assert!(Instant::now() < deadline, "{status:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_with_other_bytes_is_not_used() {
    let Some(server) = Nats::start("an_artifact_with_other_bytes", &[]) else {
        return;
    };
    let coordinator = coordinator(&settings(&server), PROGRAM).await;
    let queue = Queue::connect(&settings(&server)).await.unwrap();
    let digest = nl2sql_worker::sha256(b"[run]");
    let artifacts = queue.artifacts(coordinator.job());
    assert_eq!(artifacts.get(&digest).await.unwrap(), b"[run]");
    let intruder = async_nats::jetstream::new(async_nats::connect(&server.url()).await.unwrap());
    let store = intruder.get_object_store("nl2sql_artifacts").await.unwrap();
    let name = format!("{}/{digest}", coordinator.job());
    store.put(name.as_str(), &mut &b"[run]\nseed = 2"[..]).await.unwrap();
    let refused = artifacts.get(&digest).await.unwrap_err().to_string();
    assert!(refused.contains("other bytes"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_meet_a_new_server_at_the_same_moment() {
    for _ in 0..12 {
        let Some(server) = Nats::start("many_may_meet_a_new_server", &[]) else {
            return;
        };
        let meetings = (0..16).map(|_| {
            let settings = settings(&server);
            tokio::spawn(async move { Queue::connect(&settings).await.map(drop) })
        });
        for met in join_all(meetings).await {
            met.unwrap().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_server_is_gone_stops_when_it_is_told_to() {
    let Some(mut server) = Nats::start("a_worker_whose_server_is_gone", &[]) else {
        return;
    };
    let queue = Queue::connect(&settings(&server)).await.unwrap();
    let runner = Arc::new(Labels::default());
    let stop = CancellationToken::new();
    let worker = Arc::new(Worker::new(queue, runner.clone(), "w".into(), PROGRAM, 2));
    let working = tokio::spawn(worker.run(stop.clone()));
    let job = coordinator(&settings(&server), PROGRAM).await;
    told(job.perform(&task(1)).await);
    server.kill();
    runner.told("trying again until it is back").await;
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(60), working).await;
    ended.expect("it still works").unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let settings = QueueSettings {
        url: "nats://me:secret@127.0.0.1:9".into(),
        ..QueueSettings::default()
    };
    let Err(error) = Queue::connect(&settings).await else {
        panic!("nothing listens there")
    };
    let said = error.to_string();
    assert!(said.contains("127.0.0.1:9") && !said.contains("secret"), "{said}");
}
