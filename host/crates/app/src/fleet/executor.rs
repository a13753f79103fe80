//! The pipeline's executors over a queue.

use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, GenerateRequest, GeneratorContext, Sample};
use nl2sql_pipeline::{Failure, GeneratedBatch, GenerationExecutor, Judgement, PluginIdentity, ValidationExecutor};
use nl2sql_plugin_host::LlmService;
use nl2sql_worker::{AnswersChats, Coordinator, GenerateTask, Queue, QueueError, Task, TaskFailure, ValidateTask};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::chats::CoordinatorChats;
use super::job_bundle::JobBundle;
use super::queue_failure;
use crate::{ServiceRuntime, Session};

/// Calls that wait for workers at once: enough for a round of every topic, and for a round's samples.
const CALLS: usize = 64;

/// The workers of a run, and the job that they take part in.
pub(crate) struct Fleet {
    session: Arc<Session>,
    cancellation: CancellationToken,
    /// The job offered last, by the catalog that it is about.
    offered: Mutex<Option<(Arc<Database>, Arc<Coordinator>)>>,
}

impl Fleet {
    /// The workers of the session's queue; none where the profile names no queue.
    pub(crate) fn of(session: &Arc<Session>, cancellation: &CancellationToken) -> Option<Self> {
        (!session.profile().queue.url.is_empty()).then(|| Self {
            session: session.clone(),
            cancellation: cancellation.clone(),
            offered: Mutex::default(),
        })
    }

    /// Generation by workers.
    pub(crate) fn generation(
        &self,
        plain: &Arc<Database>,
        context: &GeneratorContext,
        identities: &[PluginIdentity],
        chats: Option<Arc<dyn LlmService>>,
        at_once: Option<usize>,
    ) -> Result<Box<dyn GenerationExecutor>, Failure> {
        let bundle = JobBundle::new(&self.session, plain, Some(context), identities, at_once)?;
        let coordinator = self.offer(plain, bundle, chats)?;
        Ok(Box::new(self.remote(coordinator)))
    }

    /// Validation by workers: by those of the generation that is going on, where one is.
    pub(crate) fn validation(
        &self,
        catalog: &Arc<Database>,
        identities: &[PluginIdentity],
        chats: Option<Arc<dyn LlmService>>,
    ) -> Result<Box<dyn ValidationExecutor>, Failure> {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let coordinator = match offered.filter(|(about, _)| about == catalog) {
            Some((_, coordinator)) => coordinator,
            None => {
                let bundle = JobBundle::new(&self.session, catalog, None, identities, None)?;
                self.offer(catalog, bundle, chats)?
            }
        };
        Ok(Box::new(self.remote(coordinator)))
    }

    /// Ends what was offered: for good, or so that the next process finds what was computed.
    pub(crate) fn end(&self, complete: bool) -> Result<(), Failure> {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((_, coordinator)) = offered else { return Ok(()) };
        let ended = self.session.runtime().block_on(|| async {
            if complete {
                coordinator.complete().await
            } else {
                coordinator.withdraw().await
            }
        });
        ended.map_err(|error| queue_failure(&error))
    }

    fn offer(
        &self,
        about: &Arc<Database>,
        bundle: JobBundle,
        chats: Option<Arc<dyn LlmService>>,
    ) -> Result<Arc<Coordinator>, Failure> {
        let settings = &self.session.profile().queue;
        let chats = chats.map(|chats| Arc::new(CoordinatorChats(chats)) as Arc<dyn AnswersChats>);
        let cancel = self.cancellation.clone();
        let opened = self.session.runtime().block_on(|| async move {
            let queue = Queue::connect(settings).await?;
            Coordinator::open(queue, bundle.manifest, &bundle.artifacts, chats, cancel).await
        });
        let coordinator = Arc::new(opened.map_err(|error| queue_failure(&error))?);
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = Some((about.clone(), coordinator.clone()));
        Ok(coordinator)
    }

    fn remote(&self, coordinator: Arc<Coordinator>) -> RemoteExecutor {
        RemoteExecutor {
            coordinator,
            runtime: self.session.runtime().clone(),
        }
    }
}

/// Does nothing itself.
struct RemoteExecutor {
    coordinator: Arc<Coordinator>,
    runtime: ServiceRuntime,
}

impl RemoteExecutor {
    fn perform<T: DeserializeOwned>(&self, task: &Task) -> Result<T, Failure> {
        let result = self
            .runtime
            .block_on(|| self.coordinator.perform(task))
            .map_err(|error| queue_failure(&error))?;
        let answer = result.map_err(|failure: TaskFailure| Failure {
            part: failure.part,
            code: failure.code,
            message: failure.message,
            hint: failure.hint,
        })?;
        serde_json::from_value(answer).map_err(|error| {
            queue_failure(&QueueError::Malformed {
                what: "a result",
                reason: error.to_string(),
            })
        })
    }
}

impl GenerationExecutor for RemoteExecutor {
    fn generate(&self, request: &GenerateRequest<'_>) -> Result<GeneratedBatch, Failure> {
        let generated: GeneratedBatch = self.perform(&Task::Generate(GenerateTask::from(request)))?;
        if generated.statements.len() == generated.batch.samples.len() {
            Ok(generated)
        } else {
            Err(unequal(generated.batch.samples.len(), generated.statements.len()))
        }
    }

    fn at_once(&self) -> Option<usize> {
        Some(CALLS)
    }
}

impl ValidationExecutor for RemoteExecutor {
    fn judge(&self, samples: &[Sample]) -> Result<Judgement, Failure> {
        let task = Task::Validate(ValidateTask {
            samples: samples.to_vec(),
        });
        let judgement: Judgement = self.perform(&task)?;
        let matches = judgement.verdicts.len() == samples.len()
            && samples
                .iter()
                .zip(&judgement.verdicts)
                .all(|(sample, verdict)| verdict.sample == sample.id);
        if matches {
            Ok(judgement)
        } else {
            Err(unequal(samples.len(), judgement.verdicts.len()))
        }
    }

    fn at_once(&self) -> Option<usize> {
        Some(CALLS)
    }
}

fn unequal(asked: usize, answered: usize) -> Failure {
    queue_failure(&QueueError::Malformed {
        what: "a result",
        reason: format!("it answers {answered} things where {asked} were asked"),
    })
}
