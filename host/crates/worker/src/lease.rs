//! A task in the hands of a worker.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::{AckKind, Message};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::coordinator::stored_result;
use crate::dead_letters::DeadLetter;
use crate::payload::{Opened, Packed};
use crate::queue::{dead_subject, result_subject};
use crate::{Artifacts, Queue, QueueError, Task, TaskResult};

/// How long a task that a worker gave back waits for the next.
const PAUSE: Duration = Duration::from_secs(2);

/// A leased task. The lease is renewed while this lives, and ends soon after its worker.
pub(crate) struct Lease {
    queue: Queue,
    artifacts: Artifacts,
    job: String,
    id: String,
    message: Arc<Message>,
    /// How often the task was handed out.
    pub(crate) deliveries: i64,
    _renewal: DropGuard,
}

impl Lease {
    /// Takes a message of the queue; gives the task, or what is wrong with it.
    pub(crate) async fn take(
        queue: &Queue,
        job: &str,
        length: Duration,
        message: Message,
    ) -> (Self, Result<Task<'static>, QueueError>) {
        let artifacts = queue.artifacts(job);
        let message = Arc::new(message);
        let renewal = CancellationToken::new();
        renew(message.clone(), length / 4, renewal.clone());
        let deliveries = message.info().map_or(1, |info| info.delivered);
        let opened = Opened::new(&artifacts, &message.payload).await;
        let id = opened.as_ref().map(Opened::digest).unwrap_or_default();
        let task = opened.and_then(|opened| Task::from_bytes(&opened.text));
        let lease = Self {
            queue: queue.clone(),
            artifacts,
            job: job.to_owned(),
            id,
            message,
            deliveries,
            _renewal: renewal.drop_guard(),
        };
        (lease, task)
    }

    /// Whether somebody has done it already.
    pub(crate) async fn is_done(&self) -> Result<bool, QueueError> {
        stored_result(&self.queue, &self.job, &self.id)
            .await
            .map(|result| result.is_some())
    }

    /// Publishes the result and ends the lease. The first result of a task stands.
    pub(crate) async fn finish(self, result: &TaskResult) -> Result<(), QueueError> {
        let text = serde_json::to_vec(result).map_err(|error| QueueError::malformed("a result", error))?;
        let payload = Packed::new(&text).message(&self.artifacts).await?;
        let published = async {
            let sent = self
                .queue
                .jetstream
                .publish(result_subject(&self.job, &self.id), payload);
            sent.await
                .map_err(|error| error.to_string())?
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        };
        if let Err(reason) = published.await
            && !self.is_done().await?
        {
            return Err(QueueError::refused("publish a result", reason));
        }
        // Where this is lost, the next worker sees that there is a result.
        self.message
            .ack()
            .await
            .map_err(|error| QueueError::refused("end a lease", error))
    }

    /// Ends the lease without a result: the task is somebody else's, after a while.
    pub(crate) async fn give_back(self) -> Result<(), QueueError> {
        self.end(AckKind::Nak(Some(PAUSE))).await
    }

    /// Nobody could do it.
    pub(crate) async fn dead_letter(self, letter: &DeadLetter) -> Result<(), QueueError> {
        let text = serde_json::to_vec(letter).map_err(|error| QueueError::malformed("a dead letter", error))?;
        let subject = dead_subject(&self.job, if self.id.is_empty() { "unreadable" } else { &self.id });
        let refused = |error: String| QueueError::refused("publish a dead letter", error);
        self.queue
            .jetstream
            .publish(subject, text.into())
            .await
            .map_err(|error| refused(error.to_string()))?
            .await
            .map_err(|error| refused(error.to_string()))?;
        self.end(AckKind::Term).await
    }

    /// Ends it as somebody else's work that is done.
    pub(crate) async fn end_done(self) -> Result<(), QueueError> {
        self.end(AckKind::Ack).await
    }

    async fn end(self, how: AckKind) -> Result<(), QueueError> {
        self.message
            .double_ack_with(how)
            .await
            .map_err(|error| QueueError::refused("end a lease", error))
    }
}

/// Renews a lease until `renewal` ends. The server counts the time, so no clock of a worker matters.
fn renew(message: Arc<Message>, every: Duration, renewal: CancellationToken) {
    tokio::spawn(async move {
        while renewal.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            if let Err(error) = message.ack_with(AckKind::Progress).await {
                tracing::warn!("a lease could not be renewed: {error}");
            }
        }
    });
}
