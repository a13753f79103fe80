//! The side that computes: finds jobs, leases their tasks, and does them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::PullConsumer;
use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bucket::entries;
use crate::chat_relay::ChatRelay;
use crate::dead_letters::DeadLetter;
use crate::job::PROTOCOL;
use crate::job_news::JobNews;
use crate::lease::Lease;
use crate::queue::RENEWAL;
use crate::reports::Reporter;
use crate::status::WorkerStatus;
use crate::{Artifacts, JobManifest, Queue, QueueError, Task, TaskResult};

/// How often a worker looks for jobs that it was not told of.
const LOOK: Duration = Duration::from_secs(1);
/// How long one request for a task waits at the server. A task that is handed out just when a request ends is lost until its lease ends, so
/// requests are long.
const WAIT_FOR_TASK: Duration = Duration::from_secs(30);
/// Workers that a task may outlive.
const MAX_DELIVERIES: i64 = 5;

/// How long a worker leaves a task that it gave back to others, for each time that it was delivered: longer than the queue keeps it back.
const REST: Duration = Duration::from_secs(3);

/// Why a worker cannot do a task now although another one, or the same one later, may: its database is not reached, the coordinator is gone.
#[derive(Clone, Debug)]
pub struct CannotRunHere(pub String);

/// Does tasks. Called on threads that may block, several at once.
pub trait TaskRunner: Send + Sync + 'static {
    /// Makes ready for the tasks of a job: fetches and checks its artifacts. Called once per job, before its first task.
    ///
    /// # Errors
    /// In one sentence: this worker cannot take part.
    fn open(
        &self,
        job: &str,
        manifest: &JobManifest,
        artifacts: &Artifacts,
        chats: ChatRelay,
    ) -> Result<(), QueueError>;
    /// Does a task of an open job.
    ///
    /// # Errors
    /// When it cannot be done here.
    fn run(&self, job: &str, task: Task<'_>) -> Result<TaskResult, CannotRunHere>;
    /// What there is to tell the job's coordinator since it was asked last. Asked after each task, before its result is published.
    fn report(&self, job: &str) -> Option<serde_json::Value>;
    /// Forgets a job.
    fn close(&self, job: &str);
    /// Tells the user.
    fn tell(&self, message: String);
}

/// A process that does tasks of every job it can.
pub struct Worker {
    queue: Queue,
    runner: Arc<dyn TaskRunner>,
    reporter: Reporter,
    name: String,
    program: String,
    slots: usize,
    counts: Arc<Counts>,
}

/// What the worker has done.
#[derive(Default)]
struct Counts {
    busy: AtomicUsize,
    done: AtomicU64,
    given_back: AtomicU64,
    refused: AtomicU64,
}

impl Worker {
    /// A worker that does up to `slots` tasks of a run at once; more for jobs that wait for a language model.
    pub fn new(queue: Queue, runner: Arc<dyn TaskRunner>, name: String, program: &str, slots: usize) -> Self {
        Self {
            reporter: Reporter::new(queue.clone(), name.clone()),
            queue,
            runner,
            name,
            program: program.to_owned(),
            slots,
            counts: Arc::default(),
        }
    }

    /// Works until `cancel`; then finishes the tasks at hand.
    ///
    /// # Errors
    /// When the queue cannot be used from the beginning.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) -> Result<(), QueueError> {
        let tracker = TaskTracker::new();
        let mut joined: HashMap<String, CancellationToken> = HashMap::new();
        let mut refused = HashSet::new();
        self.report(&[]).await?;
        let mut news = JobNews::new(self.queue.jobs.clone());
        let (mut next_report, mut is_lost) = (Instant::now(), false);
        while cancel.run_until_cancelled(news.wait(LOOK)).await.is_some() {
            let Some(jobs) = cancel.run_until_cancelled(self.jobs()).await else {
                break;
            };
            match jobs {
                Ok(jobs) => {
                    if std::mem::take(&mut is_lost) {
                        self.runner.tell("the queue is back".into());
                    }
                    self.leave(&mut joined, &jobs);
                    for (job, manifest) in jobs {
                        if !joined.contains_key(&job) && !refused.contains(&job) {
                            self.join(job, manifest, &mut joined, &mut refused, &tracker, &cancel);
                        }
                    }
                }
                Err(error) if !is_lost => {
                    is_lost = true;
                    self.runner.tell(format!("{error}; trying again until it is back"));
                }
                Err(_) => {}
            }
            if Instant::now() >= next_report {
                next_report = Instant::now() + RENEWAL;
                let jobs: Vec<_> = joined.keys().cloned().collect();
                // A server that is gone is reported above.
                let _ = self.report(&jobs).await;
            }
        }
        for job in joined.values() {
            job.cancel();
        }
        tracker.close();
        tracker.wait().await;
        // It disappears by itself where the server is gone.
        if self.queue.is_connected() {
            let _ = timeout(RENEWAL, self.queue.workers.purge(&self.name)).await;
        }
        Ok(())
    }

    /// The jobs there are, as bytes.
    async fn jobs(&self) -> Result<HashMap<String, Vec<u8>>, QueueError> {
        if !self.queue.is_connected() {
            return Err(QueueError::refused("list jobs", "it is not there"));
        }
        let listed = timeout(RENEWAL, entries(&self.queue.jobs, "list jobs")).await;
        let entries = listed.map_err(|_| QueueError::refused("list jobs", "it does not answer"))??;
        Ok(entries.into_iter().collect())
    }

    /// Leaves jobs that are gone.
    fn leave(&self, joined: &mut HashMap<String, CancellationToken>, jobs: &HashMap<String, Vec<u8>>) {
        joined.retain(|job, stop| {
            let stays = jobs.contains_key(job);
            if !stays {
                stop.cancel();
                self.runner.close(job);
            }
            stays
        });
    }

    /// Takes part in a job, or says once why not.
    fn join(
        self: &Arc<Self>,
        job: String,
        manifest: Vec<u8>,
        joined: &mut HashMap<String, CancellationToken>,
        refused: &mut HashSet<String>,
        tracker: &TaskTracker,
        cancel: &CancellationToken,
    ) {
        let manifest = JobManifest::from_bytes(&manifest).and_then(|manifest| {
            manifest.check_program(&self.program)?;
            if manifest.id() == job {
                Ok(manifest)
            } else {
                Err(QueueError::malformed("a job", "its name is not its digest"))
            }
        });
        match manifest {
            Ok(manifest) => {
                let stop = cancel.child_token();
                joined.insert(job.clone(), stop.clone());
                tracker.spawn(self.clone().take_part(job, manifest, stop, tracker.clone()));
            }
            Err(error) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                self.runner.tell(error.to_string());
                refused.insert(job);
            }
        }
    }

    /// Leases tasks of a job until `stop`.
    async fn take_part(
        self: Arc<Self>,
        job: String,
        manifest: JobManifest,
        stop: CancellationToken,
        tracker: TaskTracker,
    ) {
        let opened = {
            let (runner, artifacts) = (self.runner.clone(), self.queue.artifacts(&job));
            let chats = ChatRelay::new(&self.queue, &job);
            let (job, manifest) = (job.clone(), manifest.clone());
            tokio::task::spawn_blocking(move || runner.open(&job, &manifest, &artifacts, chats)).await
        };
        match opened {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                self.runner.tell(error.to_string());
                return;
            }
            Err(panic) => {
                self.runner
                    .tell(format!("the run `{}` could not be opened: {panic}", manifest.run));
                return;
            }
        }
        // Of each run: one whose queue is empty waits for tasks and must not keep the others from theirs.
        let at_once = manifest.at_once.unwrap_or_default().max(self.slots);
        let permits = Arc::new(Semaphore::new(at_once));
        let consumer = loop {
            match self.queue.consumer(&job, manifest.lease()).await {
                Ok(consumer) => break consumer,
                Err(error) => self.runner.tell(error.to_string()),
            }
            if stop.run_until_cancelled(tokio::time::sleep(RENEWAL)).await.is_none() {
                return;
            }
        };
        let mut connections = self.queue.connections.clone();
        while !stop.is_cancelled() {
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            connections.mark_unchanged();
            let taken = tokio::select! {
                taken = next_message(&consumer) => Some(taken),
                // Of this request the server knows nothing any more.
                Ok(()) = connections.changed() => Some(Ok(None)),
                () = stop.cancelled() => None,
            };
            match taken {
                None => return,
                Some(Ok(None)) => {}
                Some(Ok(Some(message))) => {
                    let (worker, job, manifest) = (self.clone(), job.clone(), manifest.clone());
                    let stop = stop.clone();
                    tracker.spawn(async move {
                        worker.counts.busy.fetch_add(1, Ordering::Relaxed);
                        let rest = worker.work(&job, &manifest, message).await.unwrap_or_else(|error| {
                            worker.runner.tell(error.to_string());
                            Duration::ZERO
                        });
                        worker.counts.busy.fetch_sub(1, Ordering::Relaxed);
                        stop.run_until_cancelled(tokio::time::sleep(rest)).await;
                        drop(permit);
                    });
                }
                Some(Err(_)) => {
                    // The server is gone for a while, or the job for good, which the next look tells.
                    stop.run_until_cancelled(tokio::time::sleep(LOOK)).await;
                }
            }
        }
    }

    /// Does one task, and tells how long to wait before the next one is taken in its place: a task that is given back should be somebody else's.
    async fn work(
        &self,
        job: &str,
        manifest: &JobManifest,
        message: async_nats::jetstream::Message,
    ) -> Result<Duration, QueueError> {
        let (lease, task) = Lease::take(&self.queue, job, manifest.lease(), message).await;
        let letter = |task: &str, deliveries: i64, reason: String| DeadLetter {
            run: manifest.run.clone(),
            task: task.to_owned(),
            deliveries,
            reason,
        };
        let task = match task {
            Ok(task) => task,
            Err(error) => {
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                let letter = letter("unreadable", lease.deliveries, error.to_string());
                lease.dead_letter(&letter).await?;
                return Err(error);
            }
        };
        let deliveries = lease.deliveries;
        if deliveries > 1 && lease.is_done().await? {
            return lease.end_done().await.map(|()| Duration::ZERO);
        }
        if deliveries > MAX_DELIVERIES {
            let reason = "the workers before ended without a word".to_owned();
            let letter = letter(&task.label(), deliveries - 1, reason);
            return lease.dead_letter(&letter).await.map(|()| Duration::ZERO);
        }
        let label = task.label();
        let (done, told) = {
            let (runner, job) = (self.runner.clone(), job.to_owned());
            let run = tokio::task::spawn_blocking(move || (runner.run(&job, task), runner.report(&job)));
            match run.await {
                Ok((done, told)) => (Ok(done), told),
                Err(panic) => (Err(panic), None),
            }
        };
        if let Some(told) = told
            && let Err(error) = self.reporter.send(job, told).await
        {
            self.runner.tell(error.to_string());
        }
        let done = done.unwrap_or_else(|panic| Err(CannotRunHere(format!("the worker failed: {panic}"))));
        match done {
            Ok(result) => {
                self.counts.done.fetch_add(1, Ordering::Relaxed);
                lease.finish(&result).await?;
            }
            Err(CannotRunHere(reason)) if deliveries >= MAX_DELIVERIES => {
                lease.dead_letter(&letter(&label, deliveries, reason)).await?;
            }
            Err(CannotRunHere(reason)) => {
                self.counts.given_back.fetch_add(1, Ordering::Relaxed);
                self.runner.tell(format!("given back: {label}: {reason}"));
                lease.give_back().await?;
                return Ok(REST * deliveries as u32);
            }
        }
        Ok(Duration::ZERO)
    }

    /// Says what the worker does.
    async fn report(&self, jobs: &[String]) -> Result<(), QueueError> {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let status = WorkerStatus {
            name: self.name.clone(),
            program: self.program.clone(),
            protocol: PROTOCOL,
            slots: self.slots,
            busy: self.counts.busy.load(Ordering::Relaxed),
            done: count(&self.counts.done),
            given_back: count(&self.counts.given_back),
            refused: count(&self.counts.refused),
            jobs: jobs.to_vec(),
        };
        let text = serde_json::to_vec(&status).map_err(|error| QueueError::malformed("a status", error))?;
        self.queue
            .workers
            .put(&self.name, text.into())
            .await
            .map(drop)
            .map_err(|error| QueueError::refused("report a worker", error))
    }
}

/// One task, or nothing after a while.
async fn next_message(consumer: &PullConsumer) -> Result<Option<async_nats::jetstream::Message>, String> {
    let mut batch = consumer
        .batch()
        .max_messages(1)
        .expires(WAIT_FOR_TASK)
        .messages()
        .await
        .map_err(|error| error.to_string())?;
    batch.next().await.transpose().map_err(|error| error.to_string())
}
