//! What workers tell beside their results: kept in the queue until a coordinator of the job has written it down.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::message::PublishMessage;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::payload::MAX_INLINE_BYTES;
use crate::queue::report_subject;
use crate::{Queue, QueueError};

/// Maximum reports that wait for a server that is gone.
const MAX_UNSENT: usize = 256;

/// Reports that are fetched at once.
const BATCH: usize = 500;

/// How long a reader of reports outlives its process.
const INACTIVE: Duration = Duration::from_secs(60);

/// What one worker tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerReport {
    /// Name of the worker.
    pub worker: String,
    /// What it tells, in a form that the run decides.
    pub told: serde_json::Value,
}

/// Sends the reports of one worker. Those that a server that is gone did not take go with the next.
pub(crate) struct Reporter {
    queue: Queue,
    worker: String,
    unsent: Mutex<VecDeque<Unsent>>,
}

struct Unsent {
    job: String,
    /// So that a report whose acknowledgement was lost is not taken twice.
    id: String,
    bytes: Vec<u8>,
}

impl Reporter {
    pub(crate) fn new(queue: Queue, worker: String) -> Self {
        Self {
            queue,
            worker,
            unsent: Mutex::default(),
        }
    }

    /// Sends a report, after those that wait.
    pub(crate) async fn send(&self, job: &str, told: serde_json::Value) -> Result<(), QueueError> {
        let worker = self.worker.clone();
        let bytes = serde_json::to_vec(&WorkerReport { worker, told })
            .map_err(|error| QueueError::malformed("a report", error))?;
        if bytes.len() > MAX_INLINE_BYTES {
            let reason = format!("it has {} bytes, more than the {MAX_INLINE_BYTES} allowed", bytes.len());
            return Err(QueueError::malformed("a report", reason));
        }
        let mut unsent = self.unsent.lock().await;
        if unsent.len() == MAX_UNSENT {
            unsent.pop_front();
        }
        unsent.push_back(Unsent {
            job: job.to_owned(),
            id: format!("{:032x}", rand::random::<u128>()),
            bytes,
        });
        while let Some(report) = unsent.front() {
            self.publish(report).await?;
            unsent.pop_front();
        }
        Ok(())
    }

    async fn publish(&self, report: &Unsent) -> Result<(), QueueError> {
        let refused = |error: String| QueueError::refused("take a report", error);
        let message = PublishMessage::build()
            .payload(report.bytes.clone().into())
            .message_id(&report.id);
        let sent = self.queue.jetstream.send_publish(report_subject(&report.job), message);
        sent.await
            .map_err(|error| refused(error.to_string()))?
            .await
            .map(drop)
            .map_err(|error| refused(error.to_string()))
    }
}

/// Hands the reports of a job to `take`, oldest first; what is no report is left out. Gives the place of the last.
pub(crate) async fn read(queue: &Queue, job: &str, mut take: impl FnMut(WorkerReport)) -> Result<u64, QueueError> {
    let refused = |error: String| QueueError::refused("hand out reports", error);
    let config = pull::Config {
        filter_subject: report_subject(job),
        ack_policy: AckPolicy::None,
        inactive_threshold: INACTIVE,
        ..pull::Config::default()
    };
    let consumer = queue
        .reports
        .create_consumer(config)
        .await
        .map_err(|error| refused(error.to_string()))?;
    let mut last = 0;
    loop {
        let batch = consumer.fetch().max_messages(BATCH).messages().await;
        let mut batch = batch.map_err(|error| refused(error.to_string()))?;
        let mut is_empty = true;
        while let Some(message) = batch.next().await {
            let message = message.map_err(|error| refused(error.to_string()))?;
            let info = message.info().map_err(|error| refused(error.to_string()))?;
            (last, is_empty) = (info.stream_sequence, false);
            match serde_json::from_slice::<WorkerReport>(&message.payload) {
                Ok(report) if !is_name(&report.worker) => tracing::warn!("a report of the queue names no worker"),
                Ok(report) => take(report),
                Err(error) => tracing::warn!("a report of the queue cannot be understood: {error}"),
            }
        }
        if is_empty {
            return Ok(last);
        }
    }
}

/// Whether a worker can be called so: its status has that name in the queue.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_=.".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// Removes the reports of a job up to the one at `last`.
pub(crate) async fn forget(queue: &Queue, job: &str, last: u64) -> Result<(), QueueError> {
    queue
        .reports
        .purge()
        .filter(report_subject(job))
        .sequence(last + 1)
        .await
        .map(drop)
        .map_err(|error| QueueError::refused("purge reports", error))
}
