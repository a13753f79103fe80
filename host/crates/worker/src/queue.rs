//! The streams of JetStream that coordinator and workers meet at.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::kv::Store;
use async_nats::jetstream::object_store::{self, ObjectStore};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, Event};
use nl2sql_profile::{ExposeSecret, QueueSettings, read_secret, without_password};
use tokio::sync::watch;

use crate::{Artifacts, QueueError};

/// Tasks that wait for a worker, or are leased.
const TASKS: &str = "nl2sql_tasks";
/// What came of tasks, until their run is complete.
const RESULTS: &str = "nl2sql_results";
/// Tasks that nobody could do.
const DEAD_LETTERS: &str = "nl2sql_dead_letters";
/// What workers tell beside results, until their run has written it down.
const REPORTS: &str = "nl2sql_reports";
/// The manifests of runs that want workers.
const JOBS: &str = "nl2sql_jobs";
/// What workers say of themselves.
const WORKERS: &str = "nl2sql_workers";
/// Artifacts.
const ARTIFACTS: &str = "nl2sql_artifacts";

/// How often a job and a worker's status are renewed.
pub(crate) const RENEWAL: Duration = Duration::from_secs(5);
/// How long a job or a worker that is not renewed is seen.
const PRESENCE: Duration = Duration::from_secs(20);
/// How long results and artifacts of a run that was never completed are kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Tasks of one job that may be leased at once.
const MAX_LEASED: i64 = 10_000;

/// A connection to the queue, its streams made where they are not there.
#[derive(Clone)]
pub struct Queue {
    pub(crate) client: async_nats::Client,
    /// How often the connection was made. A server that was gone knows nothing of what was asked of it before.
    pub(crate) connections: watch::Receiver<u64>,
    pub(crate) jetstream: Context,
    pub(crate) tasks: Stream,
    pub(crate) results: Stream,
    pub(crate) dead_letters: Stream,
    pub(crate) reports: Stream,
    pub(crate) jobs: Store,
    pub(crate) workers: Store,
    artifacts: ObjectStore,
}

impl Queue {
    /// Connects, and makes the streams that are not there yet.
    ///
    /// # Errors
    /// When no server answers, the login is refused, or JetStream is not at hand.
    pub async fn connect(settings: &QueueSettings) -> Result<Self, QueueError> {
        let (made, connections) = watch::channel(0);
        let client = connect(settings, made).await?;
        let jetstream = jetstream::new(client.clone());
        let kept = |name: &str, subject: &str, retention| Config {
            name: name.to_owned(),
            subjects: vec![format!("{subject}.>")],
            retention,
            storage: StorageType::File,
            max_age: KEPT,
            duplicate_window: Duration::from_secs(120),
            ..Config::default()
        };
        let tasks = kept(TASKS, "nl2sql.tasks", RetentionPolicy::WorkQueue);
        // The first result of a task stands; a second worker that had the task too is told so.
        let results = Config {
            max_messages_per_subject: 1,
            discard: DiscardPolicy::New,
            discard_new_per_subject: true,
            allow_direct: true,
            ..kept(RESULTS, "nl2sql.results", RetentionPolicy::Limits)
        };
        let dead_letters = kept(DEAD_LETTERS, "nl2sql.dead", RetentionPolicy::Limits);
        let reports = kept(REPORTS, "nl2sql.reports", RetentionPolicy::Limits);
        Ok(Self {
            tasks: stream(&jetstream, tasks).await?,
            results: stream(&jetstream, results).await?,
            dead_letters: stream(&jetstream, dead_letters).await?,
            reports: stream(&jetstream, reports).await?,
            jobs: bucket(&jetstream, JOBS).await?,
            workers: bucket(&jetstream, WORKERS).await?,
            artifacts: object_store(&jetstream).await?,
            client,
            connections,
            jetstream,
        })
    }

    /// Whether the server is there, as far as the connection tells.
    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// The artifacts of a job.
    pub fn artifacts(&self, job: &str) -> Artifacts {
        Artifacts::new(self.artifacts.clone(), job)
    }

    /// What hands the tasks of a job to workers.
    pub(crate) async fn consumer(
        &self,
        job: &str,
        lease: Duration,
    ) -> Result<jetstream::consumer::PullConsumer, QueueError> {
        let config = pull::Config {
            durable_name: Some(job.to_owned()),
            filter_subject: task_subject(job),
            ack_policy: AckPolicy::Explicit,
            ack_wait: lease,
            max_ack_pending: MAX_LEASED,
            ..pull::Config::default()
        };
        self.tasks
            .get_or_create_consumer(job, config)
            .await
            .map_err(|error| QueueError::refused("hand out tasks", error))
    }
}

pub(crate) fn task_subject(job: &str) -> String {
    format!("nl2sql.tasks.{job}")
}

pub(crate) fn result_subject(job: &str, task: &str) -> String {
    format!("nl2sql.results.{job}.{task}")
}

pub(crate) fn dead_subject(job: &str, task: &str) -> String {
    format!("nl2sql.dead.{job}.{task}")
}

pub(crate) fn report_subject(job: &str) -> String {
    format!("nl2sql.reports.{job}")
}

pub(crate) fn chat_subject(job: &str) -> String {
    format!("nl2sql.chat.{job}")
}

async fn connect(settings: &QueueSettings, connections: watch::Sender<u64>) -> Result<async_nats::Client, QueueError> {
    let mut options = ConnectOptions::new()
        .name("nl2sql")
        .event_callback(move |event| {
            if event == Event::Connected {
                connections.send_modify(|made| *made += 1);
            }
            std::future::ready(())
        })
        .connection_timeout(Duration::from_millis(settings.connect_timeout_ms))
        .request_timeout(Some(Duration::from_secs(30)));
    if let Some(path) = &settings.credentials_file {
        options = options
            .credentials_file(path)
            .await
            .map_err(|error| QueueError::Setting {
                key: "queue.credentials_file",
                reason: format!("{}: {error}", path.display()),
            })?;
    }
    let secret = |key: &'static str, variable: Option<&str>| {
        read_secret(variable, None).map_err(|error| QueueError::Setting {
            key,
            reason: error.to_string(),
        })
    };
    if let Some(seed) = secret("queue.nkey_env", settings.nkey_env.as_deref())? {
        options = options.nkey(seed.expose_secret().to_owned());
    }
    if let Some(password) = secret("queue.password_env", settings.password_env.as_deref())? {
        let user = settings.user.clone().unwrap_or_default();
        options = options.user_and_password(user, password.expose_secret().to_owned());
    }
    if let Some(path) = &settings.ca_certificate {
        options = options.add_root_certificates(path.clone()).require_tls(true);
    }
    options
        .connect(settings.url.as_str())
        .await
        .map_err(|error| QueueError::Unreachable {
            url: without_password(&settings.url),
            reason: error.to_string(),
        })
}

async fn stream(jetstream: &Context, config: Config) -> Result<Stream, QueueError> {
    let name = config.name.clone();
    match jetstream.get_or_create_stream(config).await {
        Ok(stream) => Ok(stream),
        // Who makes it at the same moment as somebody else may be told that its subjects are taken.
        Err(error) => jetstream
            .get_stream(name)
            .await
            .map_err(|_| QueueError::refused("make its streams", error)),
    }
}

/// A bucket whose entries disappear when they are not renewed. Made as a stream (NATS ADR-8), because the client's own way needs a server
/// of version 2.10.
async fn bucket(jetstream: &Context, name: &str) -> Result<Store, QueueError> {
    let config = Config {
        name: format!("KV_{name}"),
        subjects: vec![format!("$KV.{name}.>")],
        max_messages_per_subject: 1,
        max_age: PRESENCE,
        duplicate_window: PRESENCE,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        allow_rollup: true,
        allow_direct: true,
        deny_delete: true,
        ..Config::default()
    };
    stream(jetstream, config).await?;
    jetstream
        .get_key_value(name)
        .await
        .map_err(|error| QueueError::refused("make its streams", error))
}

async fn object_store(jetstream: &Context) -> Result<ObjectStore, QueueError> {
    if let Ok(store) = jetstream.get_object_store(ARTIFACTS).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: ARTIFACTS.to_owned(),
        max_age: KEPT,
        storage: StorageType::File,
        ..object_store::Config::default()
    };
    match jetstream.create_object_store(config).await {
        Ok(store) => Ok(store),
        Err(error) => jetstream
            .get_object_store(ARTIFACTS)
            .await
            .map_err(|_| QueueError::refused("make its streams", error)),
    }
}
