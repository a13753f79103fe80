//! The side that has the run: hands out tasks, and waits for what comes of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::push::OrderedConfig;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Stream;
use futures::StreamExt;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::chat_relay::{ChatResponder, answer_chats};
use crate::dead_letters::DeadLetter;
use crate::payload::{Opened, Packed};
use crate::queue::{RENEWAL, dead_subject, result_subject, task_subject};
use crate::reports::{self, WorkerReport};
use crate::status::slots_of_workers;
use crate::{Artifacts, JobManifest, Queue, QueueError, Task, TaskResult};

/// How often a task that waits is looked after, in case that the message that told of its result was lost.
const SECOND_LOOK: Duration = Duration::from_secs(5);

/// How often it is looked which workers there are.
const LOOK: Duration = Duration::from_secs(1);

/// Tries until a server that is gone is given up.
const ATTEMPTS: u32 = 10;

/// How a task ended.
enum Settled {
    Result(Vec<u8>),
    DeadLetter(DeadLetter),
}

/// Those who wait for a task, by its name.
type Waiting = Arc<Mutex<HashMap<String, Vec<oneshot::Sender<Settled>>>>>;

/// The coordinator of one job. Workers see the job while this lives.
pub struct Coordinator {
    queue: Queue,
    job: String,
    artifacts: Artifacts,
    waiting: Waiting,
    /// Whether a coordinator before this one left results.
    has_earlier_results: bool,
    /// Tasks that the workers there are do at once.
    slots: Arc<AtomicUsize>,
    cancel: CancellationToken,
    /// Ends what runs beside, with this.
    _beside: DropGuard,
}

impl Coordinator {
    /// Offers a job: sends what its workers fetch, and announces it. `chats` answers workers that ask a language model.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn open(
        queue: Queue,
        mut manifest: JobManifest,
        artifacts: &BTreeMap<String, Vec<u8>>,
        chats: Option<Arc<dyn ChatResponder>>,
        cancel: CancellationToken,
    ) -> Result<Self, QueueError> {
        manifest.artifacts = artifacts
            .iter()
            .map(|(name, bytes)| (name.clone(), crate::sha256(bytes)))
            .collect();
        let job = manifest.id();
        let store = queue.artifacts(&job);
        for bytes in artifacts.values() {
            store.put(bytes).await?;
        }
        // What an earlier coordinator left in the queue is asked for again by this one, in its own time.
        purge(&queue.tasks, &task_subject(&job)).await?;
        purge(&queue.dead_letters, &dead_subject(&job, "*")).await?;
        queue.consumer(&job, manifest.lease()).await?;
        let has_earlier_results = has_messages(&queue.results, &result_subject(&job, "*")).await?;
        let beside = CancellationToken::new();
        let waiting = Waiting::default();
        listen(
            &queue.results,
            result_subject(&job, "*"),
            &waiting,
            &beside,
            Settled::Result,
        )
        .await?;
        let dead = |bytes: Vec<u8>| Settled::DeadLetter(DeadLetter::from_bytes(&bytes));
        listen(&queue.dead_letters, dead_subject(&job, "*"), &waiting, &beside, dead).await?;
        if let Some(chats) = chats {
            answer_chats(&queue, &job, chats, beside.clone()).await?;
        }
        let coordinator = Self {
            artifacts: store,
            waiting,
            has_earlier_results,
            slots: Arc::default(),
            cancel,
            _beside: beside.clone().drop_guard(),
            queue,
            job,
        };
        coordinator.announce(&manifest, beside).await?;
        Ok(coordinator)
    }

    /// The name of the job.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Has a task done by some worker, and waits for what comes of it. A result that is there already is taken.
    ///
    /// # Errors
    /// When the queue cannot be used, nobody can do the task, or the job is cancelled.
    pub async fn perform<T: DeserializeOwned>(&self, task: &Task<'_>) -> Result<TaskResult<T>, QueueError> {
        let packed = Packed::new(&task.to_bytes()?);
        let id = packed.digest();
        if self.has_earlier_results
            && let Some(result) = self.patiently(|| self.stored(&id)).await?
        {
            return self.take(&id, &result).await;
        }
        let settled = self.wait_for(&id);
        self.publish(&id, &packed).await?;
        let settled = tokio::select! {
            settled = self.settled(&id, settled) => settled?,
            () = self.cancel.cancelled() => return Err(QueueError::Cancelled),
        };
        match settled {
            Settled::Result(bytes) => self.take(&id, &bytes).await,
            Settled::DeadLetter(letter) => Err(letter.into_error()),
        }
    }

    /// Tasks that the workers there are do at once, as they said last; none where there is none yet.
    pub fn slots(&self) -> usize {
        self.slots.load(Ordering::Relaxed)
    }

    /// Ends the job for good: its results and artifacts are no longer needed.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn complete(&self) -> Result<(), QueueError> {
        self.withdraw().await?;
        purge(&self.queue.results, &result_subject(&self.job, "*")).await?;
        self.artifacts.clear().await
    }

    /// Takes back what nobody has begun. What was computed stays for the next coordinator of the job.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn withdraw(&self) -> Result<(), QueueError> {
        let refused = |error: String| QueueError::refused("take back a job", error);
        self.queue
            .jobs
            .purge(&self.job)
            .await
            .map_err(|error| refused(error.to_string()))?;
        purge(&self.queue.tasks, &task_subject(&self.job)).await?;
        self.queue
            .tasks
            .delete_consumer(&self.job)
            .await
            .map(drop)
            .map_err(|error| refused(error.to_string()))
    }

    /// Hands what workers told beside their results to `take`, oldest first, and gives the place of the last. It stays until it is forgotten.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn reports(&self, take: impl FnMut(WorkerReport)) -> Result<u64, QueueError> {
        reports::read(&self.queue, &self.job, take).await
    }

    /// Removes what workers told, up to the one at `last`.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn forget_reports(&self, last: u64) -> Result<(), QueueError> {
        reports::forget(&self.queue, &self.job, last).await
    }

    /// Shows the job to workers as long as `beside` runs.
    async fn announce(&self, manifest: &JobManifest, beside: CancellationToken) -> Result<(), QueueError> {
        let text = serde_json::to_vec(manifest).map_err(|error| QueueError::malformed("a job", error))?;
        let (jobs, job) = (self.queue.jobs.clone(), self.job.clone());
        let (queue, slots) = (self.queue.clone(), self.slots.clone());
        jobs.put(&job, text.clone().into())
            .await
            .map_err(|error| QueueError::refused("announce a job", error))?;
        slots.store(slots_of_workers(&queue).await, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut since_renewal = Duration::ZERO;
            while beside.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
                slots.store(slots_of_workers(&queue).await, Ordering::Relaxed);
                since_renewal += LOOK;
                if since_renewal < RENEWAL {
                    continue;
                }
                since_renewal = Duration::ZERO;
                // A server that is gone comes back, or the tasks say so.
                if let Err(error) = jobs.put(&job, text.clone().into()).await {
                    tracing::warn!("the job could not be announced again: {error}");
                }
            }
        });
        Ok(())
    }

    /// Registers for the end of a task.
    fn wait_for(&self, id: &str) -> oneshot::Receiver<Settled> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.entry(id.to_owned()).or_default().push(sender);
        receiver
    }

    /// Waits for the end of a task, and looks whether it was missed.
    async fn settled(&self, id: &str, mut settled: oneshot::Receiver<Settled>) -> Result<Settled, QueueError> {
        loop {
            match tokio::time::timeout(SECOND_LOOK, &mut settled).await {
                Ok(Ok(settled)) => return Ok(settled),
                Ok(Err(_)) => return Err(QueueError::refused("tell of results", "its messages ended")),
                Err(_) => match self.stored(id).await {
                    Ok(Some(result)) => return Ok(Settled::Result(result)),
                    Ok(None) => {}
                    // A server that starts again has kept its streams.
                    Err(error) => tracing::warn!("{error}"),
                },
            }
        }
    }

    /// The result of a task, where there is one.
    async fn stored(&self, id: &str) -> Result<Option<Vec<u8>>, QueueError> {
        stored_result(&self.queue, &self.job, id).await
    }

    async fn publish(&self, id: &str, packed: &Packed) -> Result<(), QueueError> {
        let payload = self.patiently(|| packed.message(&self.artifacts)).await?;
        // The server drops a second copy of a message whose acknowledgement was lost.
        let name = format!("{id}-{:x}", rand::random::<u64>());
        let message = || PublishMessage::build().payload(payload.clone()).message_id(&name);
        self.patiently(|| async {
            let refused = |error: String| QueueError::refused("take a task", error);
            let subject = task_subject(&self.job);
            let sent = self.queue.jetstream.send_publish(subject, message()).await;
            sent.map_err(|error| refused(error.to_string()))?
                .await
                .map(drop)
                .map_err(|error| refused(error.to_string()))
        })
        .await
    }

    /// Tries again while the server is gone, for a minute and a half.
    async fn patiently<T, F: Future<Output = Result<T, QueueError>>>(
        &self,
        work: impl Fn() -> F,
    ) -> Result<T, QueueError> {
        let mut pause = Duration::from_millis(500);
        for _ in 1..ATTEMPTS {
            match work().await {
                Err(QueueError::Refused { .. }) => {}
                done => return done,
            }
            if self
                .cancel
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return Err(QueueError::Cancelled);
            }
            pause = (pause * 2).min(Duration::from_secs(15));
        }
        work().await
    }

    /// What a result says. A failure is not kept: its cause may be mended, and the task asked for again.
    async fn take<T: DeserializeOwned>(&self, id: &str, bytes: &[u8]) -> Result<TaskResult<T>, QueueError> {
        let result = self.patiently(|| self.read(bytes)).await?;
        if result.is_err() {
            purge(&self.queue.results, &result_subject(&self.job, id)).await?;
        }
        Ok(result)
    }

    async fn read<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<TaskResult<T>, QueueError> {
        let opened = Opened::new(&self.artifacts, bytes).await?;
        serde_json::from_slice(&opened.text).map_err(|error| QueueError::malformed("a result", error))
    }
}

/// The result of a task, where there is one.
pub(crate) async fn stored_result(queue: &Queue, job: &str, id: &str) -> Result<Option<Vec<u8>>, QueueError> {
    use async_nats::jetstream::stream::DirectGetErrorKind;
    match queue.results.direct_get_last_for_subject(result_subject(job, id)).await {
        Ok(message) => Ok(Some(message.payload.to_vec())),
        Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
        Err(error) => Err(QueueError::refused("look up a result", error)),
    }
}

/// Whether a stream holds anything under a subject.
async fn has_messages(stream: &Stream, subject: &str) -> Result<bool, QueueError> {
    let mut found = stream
        .info_with_subjects(subject)
        .await
        .map_err(|error| QueueError::refused("look up results", error))?;
    Ok(found.next().await.is_some())
}

async fn purge(stream: &Stream, subject: &str) -> Result<(), QueueError> {
    stream
        .purge()
        .filter(subject)
        .await
        .map(drop)
        .map_err(|error| QueueError::refused("purge what is no longer needed", error))
}

/// Hands the messages of a stream to those who wait for them, until `beside` ends. Returns once no message from now on is missed.
async fn listen(
    stream: &Stream,
    subject: String,
    waiting: &Waiting,
    beside: &CancellationToken,
    settle: impl Fn(Vec<u8>) -> Settled + Send + 'static,
) -> Result<(), QueueError> {
    let refused = |error: String| QueueError::refused("tell of results", error);
    let config = OrderedConfig {
        filter_subject: subject,
        deliver_subject: format!("_INBOX.nl2sql.{:032x}", rand::random::<u128>()),
        deliver_policy: DeliverPolicy::New,
        ..OrderedConfig::default()
    };
    let consumer = stream
        .create_consumer(config)
        .await
        .map_err(|error| refused(error.to_string()))?;
    let mut messages = consumer.messages().await.map_err(|error| refused(error.to_string()))?;
    let (waiting, beside) = (waiting.clone(), beside.clone());
    tokio::spawn(async move {
        while let Some(Some(message)) = beside.run_until_cancelled(messages.next()).await {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    // Whoever waits looks after its task by itself.
                    tracing::warn!("a message of the queue was lost: {error}");
                    continue;
                }
            };
            let id = message.subject.rsplit('.').next().unwrap_or_default();
            let senders = waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(id)
                .unwrap_or_default();
            for sender in senders {
                // Who was cancelled does not wait any more.
                let _ = sender.send(settle(message.payload.to_vec()));
            }
        }
    });
    Ok(())
}
