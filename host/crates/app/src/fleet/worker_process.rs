//! A worker from beginning to end, and what a queue's status is.

use std::sync::Arc;
use std::time::Duration;

use nl2sql_pipeline::Failure;
use nl2sql_profile::QueueSettings;
use nl2sql_worker::{FleetStatus, Queue, Worker};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::queue_failure;
use super::runner::{FleetRunner, WorkerSettings};
use crate::{AppError, ServiceRuntime, Session};

/// Does tasks of every run at the queue until the settings' token is cancelled, `slots` at once.
///
/// # Errors
/// When the queue cannot be used from the beginning.
pub fn work_at(
    queue: &QueueSettings,
    runtime: &ServiceRuntime,
    name: String,
    slots: usize,
    settings: WorkerSettings,
) -> Result<(), AppError> {
    refuse_no_queue(queue)?;
    let cancel = settings.cancel.clone();
    let runner = Arc::new(FleetRunner::new(settings));
    runtime.block_on(|| async {
        let queue = Queue::connect(queue).await?;
        let worker = Arc::new(Worker::new(queue, runner, name, env!("CARGO_PKG_VERSION"), slots));
        Ok(worker.run(cancel).await?)
    })
}

/// Workers, jobs and dead letters of a queue.
///
/// # Errors
/// When the queue cannot be used.
pub fn fleet_status(queue: &QueueSettings, runtime: &ServiceRuntime) -> Result<FleetStatus, AppError> {
    refuse_no_queue(queue)?;
    runtime.block_on(|| async { Ok(FleetStatus::read(&Queue::connect(queue).await?).await?) })
}

/// How long somebody who only looks waits.
const MAX_WAIT: Duration = Duration::from_secs(3);

/// A queue that is looked at again and again, over one connection.
pub struct FleetWatch {
    settings: QueueSettings,
    runtime: ServiceRuntime,
    queue: OnceCell<Queue>,
}

impl FleetWatch {
    /// The queue that a session's profile names; none where it names none.
    pub fn of(session: &Session) -> Option<Self> {
        let settings = session.profile().queue.clone();
        (!settings.url.is_empty()).then(|| Self {
            settings,
            runtime: session.runtime().clone(),
            queue: OnceCell::new(),
        })
    }

    /// How it is now. Blocks the calling thread.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub fn status(&self) -> Result<FleetStatus, Failure> {
        let read = || async {
            let queue = self.queue.get_or_try_init(|| Queue::connect(&self.settings)).await?;
            FleetStatus::read(queue).await
        };
        match self.runtime.block_on(|| async { timeout(MAX_WAIT, read()).await }) {
            Ok(status) => status.map_err(|error| queue_failure(&error)),
            Err(_) => {
                let message = format!("it does not answer within {} s", MAX_WAIT.as_secs());
                Err(Failure::new("queue", "unavailable", message))
            }
        }
    }
}

fn refuse_no_queue(queue: &QueueSettings) -> Result<(), AppError> {
    if queue.url.is_empty() {
        return Err(AppError::Usage(
            "no queue is named: pass --queue nats://host:4222, or set queue.url in the profile".into(),
        ));
    }
    Ok(())
}
