//! A job that workers take part in, and what its tasks come to.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::join_all;
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::LlmService;
use nl2sql_worker::{ChatResponder, Coordinator, Queue, QueueError, Task, TaskFailure, TaskResult};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::chats::CoordinatorChats;
use super::job_bundle::JobBundle;
use super::queue_failure;
use super::worker_plugins::WorkerPlugins;
use crate::{PLUGIN_AUDIT, ServiceRuntime, Session};

/// How often it is looked whether workers came or went.
const LOOK: Duration = Duration::from_secs(2);
/// Tasks for each one that workers do at once, so that none of them waits while another has much left to do.
const TASKS_A_SLOT: usize = 2;

/// A job at the session's queue.
pub(crate) struct OfferedJob {
    coordinator: Arc<Coordinator>,
    runtime: ServiceRuntime,
    session: Arc<Session>,
    /// Why no more tasks can be done.
    broken: OnceLock<Failure>,
}

impl OfferedJob {
    /// Offers a job. `chats` answers workers whose plugins ask a language model.
    pub(super) fn open(
        session: &Arc<Session>,
        cancellation: &CancellationToken,
        bundle: JobBundle,
        chats: Option<Arc<dyn LlmService>>,
    ) -> Result<Self, Failure> {
        let settings = &session.profile().queue;
        let chats = chats.map(|chats| Arc::new(CoordinatorChats(chats)) as Arc<dyn ChatResponder>);
        let cancel = cancellation.clone();
        let opened = session.runtime().block_on(|| async move {
            let queue = Queue::connect(settings).await?;
            Coordinator::open(queue, bundle.manifest, &bundle.artifacts, chats, cancel).await
        });
        let job = Self {
            coordinator: Arc::new(opened.map_err(|error| queue_failure(&error))?),
            runtime: session.runtime().clone(),
            session: session.clone(),
            broken: OnceLock::new(),
        };
        job.tell_of_workers(session);
        Ok(job)
    }

    /// Says how many workers there are, and when that changes: a run without any waits.
    fn tell_of_workers(&self, session: &Session) {
        let (coordinator, tell) = (Arc::downgrade(&self.coordinator), session.teller());
        self.runtime.spawn(async move {
            let mut told = None;
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(coordinator) = coordinator.upgrade() else {
                    return;
                };
                let slots = coordinator.slots();
                if told != Some(slots) {
                    tell(match slots {
                        0 => "no worker takes tasks; start some with `nl2sql worker --queue <URL>`".to_owned(),
                        1 => "workers do 1 task at once".to_owned(),
                        _ => format!("workers do {slots} tasks at once"),
                    });
                    told = Some(slots);
                }
            }
        });
    }

    /// Tasks that the workers there are do at once.
    pub(super) fn slots(&self) -> usize {
        self.coordinator.slots().max(1)
    }

    /// How many of `all` make a task, so that every worker has some.
    pub(super) fn share(&self, all: usize) -> usize {
        all.div_ceil(TASKS_A_SLOT * self.slots())
    }

    /// What came of each task, in their order. Blocks the calling thread.
    pub(super) fn perform<T: DeserializeOwned + Send>(&self, tasks: &[Task<'_>]) -> Vec<Result<T, Failure>> {
        self.runtime
            .block_on(|| join_all(tasks.iter().map(|task| self.answer(task))))
    }

    /// What came of a task. Once the queue cannot be used or nobody could do a task, none is tried any more.
    pub(super) async fn answer<T: DeserializeOwned + Send>(&self, task: &Task<'_>) -> Result<T, Failure> {
        if let Some(failure) = self.broken() {
            return Err(failure);
        }
        let performed = self.coordinator.perform(task).await;
        let answer = performed
            .map_err(|error| queue_failure(&error))
            .and_then(|result: TaskResult<T>| result.map_err(failure));
        if let Err(failure) = &answer
            && matches!(failure.code.as_str(), "unavailable" | "cancelled")
        {
            // The first one says why.
            let _ = self.broken.set(failure.clone());
        }
        answer
    }

    /// Why no more tasks can be done, where that is so.
    pub(crate) fn broken(&self) -> Option<Failure> {
        self.broken.get().cloned()
    }

    /// Ends the job: for good where it is `complete`, or so that the next process finds what was computed. `name` is that of the command's job.
    pub(crate) fn end(&self, name: &str, complete: bool) -> Result<(), Failure> {
        let ended = self.runtime.block_on(|| async {
            if complete {
                self.coordinator.complete().await?;
            } else {
                self.coordinator.withdraw().await?;
            }
            self.write_down_plugins(name).await
        });
        ended.map_err(|error| queue_failure(&error))
    }

    /// Brings what plugins did at workers into the run folder. Where that cannot be written, it stays in the queue for the next process.
    async fn write_down_plugins(&self, name: &str) -> Result<(), QueueError> {
        let mut plugins = WorkerPlugins::new(&self.session.place().folder);
        let last = self.coordinator.reports(|report| plugins.take(report)).await?;
        match plugins.write(&self.session, name) {
            Ok(()) => self.coordinator.forget_reports(last).await,
            Err(error) => {
                let tell = self.session.teller();
                tell(format!(
                    "what plugins used at workers could not be written to {PLUGIN_AUDIT}: {error}"
                ));
                Ok(())
            }
        }
    }
}

fn failure(failure: TaskFailure) -> Failure {
    Failure {
        part: failure.part,
        code: failure.code,
        message: failure.message,
        hint: failure.hint,
    }
}

/// A result with another number of answers than was asked for.
pub(super) fn unequal(asked: usize, answered: usize) -> Failure {
    queue_failure(&QueueError::Malformed {
        what: "a result",
        reason: format!("it answers {answered} things where {asked} were asked"),
    })
}
