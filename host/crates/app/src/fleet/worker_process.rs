//! A worker from beginning to end, and what a queue's status is.

use std::sync::Arc;

use nl2sql_profile::QueueSettings;
use nl2sql_worker::{FleetStatus, Queue, Worker};

use super::runner::{FleetRunner, WorkerSettings};
use crate::{AppError, ServiceRuntime};

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

fn refuse_no_queue(queue: &QueueSettings) -> Result<(), AppError> {
    if queue.url.is_empty() {
        return Err(AppError::Usage(
            "no queue is named: pass --queue nats://host:4222, or set queue.url in the profile".into(),
        ));
    }
    Ok(())
}
