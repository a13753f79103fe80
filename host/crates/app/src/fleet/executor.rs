//! The pipeline's executors over a queue.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use nl2sql_catalog::{Database, GenerateRequest, GeneratorContext, Sample};
use nl2sql_pipeline::{Failure, GeneratedBatch, GenerationExecutor, Judgement, PluginIdentity, ValidationExecutor};
use nl2sql_plugin_host::LlmService;
use nl2sql_worker::{
    ChatResponder, Coordinator, GenerateTask, Queue, QueueError, Task, TaskFailure, TaskResult, ValidateTask,
};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use super::chats::CoordinatorChats;
use super::job_bundle::JobBundle;
use super::queue_failure;
use crate::{ServiceRuntime, Session};

/// How often it is looked whether workers came or went.
const LOOK: Duration = Duration::from_secs(2);
/// Maximum topics of a task: more would keep a round waiting for its slowest task.
const MAX_TOPICS: usize = 8;
/// Minimum and maximum samples of a task.
const MIN_SAMPLES: usize = 32;
const MAX_SAMPLES: usize = 256;
/// Tasks for each one that workers do at once, so that none of them waits while another has much left to do.
const TASKS_A_SLOT: usize = 2;

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
        // Topics whose answers a language model writes wait for it, not for each other.
        let max_topics = if at_once.is_some() { 1 } else { MAX_TOPICS };
        Ok(Box::new(self.remote(coordinator, max_topics)))
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
        Ok(Box::new(self.remote(coordinator, MAX_TOPICS)))
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
        let chats = chats.map(|chats| Arc::new(CoordinatorChats(chats)) as Arc<dyn ChatResponder>);
        let cancel = self.cancellation.clone();
        let opened = self.session.runtime().block_on(|| async move {
            let queue = Queue::connect(settings).await?;
            Coordinator::open(queue, bundle.manifest, &bundle.artifacts, chats, cancel).await
        });
        let coordinator = Arc::new(opened.map_err(|error| queue_failure(&error))?);
        self.tell_of_workers(&coordinator);
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = Some((about.clone(), coordinator.clone()));
        Ok(coordinator)
    }

    /// Says how many workers there are, and when that changes: a run without any waits.
    fn tell_of_workers(&self, coordinator: &Arc<Coordinator>) {
        let (coordinator, tell) = (Arc::downgrade(coordinator), self.session.teller());
        self.session.runtime().spawn(async move {
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

    fn remote(&self, coordinator: Arc<Coordinator>, max_topics: usize) -> RemoteExecutor {
        RemoteExecutor {
            coordinator,
            runtime: self.session.runtime().clone(),
            max_topics,
        }
    }
}

/// Does nothing itself.
struct RemoteExecutor {
    coordinator: Arc<Coordinator>,
    runtime: ServiceRuntime,
    max_topics: usize,
}

impl RemoteExecutor {
    /// How many of `all` make a task, so that every worker has some.
    fn share(&self, all: usize) -> usize {
        all.div_ceil(TASKS_A_SLOT * self.coordinator.slots().max(1))
    }

    /// What came of each task, in their order.
    fn perform<T: DeserializeOwned>(&self, tasks: &[Task]) -> Vec<Result<T, Failure>> {
        let results = self
            .runtime
            .block_on(|| join_all(tasks.iter().map(|task| self.coordinator.perform(task))));
        results.into_iter().map(answer).collect()
    }
}

/// The answer of a task in the form that its kind has.
fn answer<T: DeserializeOwned>(result: Result<TaskResult, QueueError>) -> Result<T, Failure> {
    let answer = result.map_err(|error| queue_failure(&error))?.map_err(failure)?;
    serde_json::from_value(answer).map_err(|error| {
        queue_failure(&QueueError::Malformed {
            what: "a result",
            reason: error.to_string(),
        })
    })
}

fn failure(failure: TaskFailure) -> Failure {
    Failure {
        part: failure.part,
        code: failure.code,
        message: failure.message,
        hint: failure.hint,
    }
}

impl GenerationExecutor for RemoteExecutor {
    fn generate_all(&self, requests: &[GenerateRequest<'_>]) -> Vec<Result<GeneratedBatch, Failure>> {
        let topics = self.share(requests.len()).clamp(1, self.max_topics);
        let tasks: Vec<_> = requests
            .chunks(topics)
            .map(|requests| Task::Generate(requests.iter().map(GenerateTask::from).collect()))
            .collect();
        let answers = self.perform::<Vec<GeneratedBatch>>(&tasks);
        let of_each = requests
            .chunks(topics)
            .zip(answers)
            .flat_map(|(requests, answer)| match answer {
                Ok(batches) if batches.len() == requests.len() => batches.into_iter().map(whole).collect(),
                Ok(batches) => vec![Err(unequal(requests.len(), batches.len())); requests.len()],
                // A task fails as a whole, so that its topics are asked for again together.
                Err(failure) => vec![Err(failure); requests.len()],
            });
        of_each.collect()
    }
}

/// A batch with a form for each of its samples.
fn whole(generated: GeneratedBatch) -> Result<GeneratedBatch, Failure> {
    if generated.statements.len() == generated.batch.samples.len() {
        Ok(generated)
    } else {
        Err(unequal(generated.batch.samples.len(), generated.statements.len()))
    }
}

impl ValidationExecutor for RemoteExecutor {
    fn judge_all(&self, samples: &[Sample]) -> Result<Vec<Judgement>, Failure> {
        let share = self.share(samples.len()).clamp(MIN_SAMPLES, MAX_SAMPLES);
        let tasks: Vec<_> = samples
            .chunks(share)
            .map(|samples| {
                Task::Validate(ValidateTask {
                    samples: samples.to_vec(),
                })
            })
            .collect();
        let answers = self.perform::<Vec<Judgement>>(&tasks);
        let mut judgements = Vec::with_capacity(answers.len());
        for (samples, answer) in samples.chunks(share).zip(answers) {
            let answer = answer?;
            let verdicts = || answer.iter().flat_map(|judgement| &judgement.verdicts);
            let fits = verdicts().count() == samples.len()
                && samples
                    .iter()
                    .zip(verdicts())
                    .all(|(sample, verdict)| verdict.sample == sample.id);
            if !fits {
                return Err(unequal(samples.len(), verdicts().count()));
            }
            judgements.extend(answer);
        }
        Ok(judgements)
    }
}

fn unequal(asked: usize, answered: usize) -> Failure {
    queue_failure(&QueueError::Malformed {
        what: "a result",
        reason: format!("it answers {answered} things where {asked} were asked"),
    })
}
