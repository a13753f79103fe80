//! The pipeline's executors over a queue.

use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, GenerateRequest, GeneratorContext, Sample};
use nl2sql_pipeline::{Failure, GeneratedBatch, GenerationExecutor, Judgement, PluginIdentity, ValidationExecutor};
use nl2sql_plugin_host::LlmService;
use nl2sql_worker::{GenerateTask, Task, ValidateTask};
use tokio_util::sync::CancellationToken;

use super::job_bundle::JobBundle;
use super::offered_job::{OfferedJob, unequal};
use crate::Session;

/// Maximum topics of a task: more would keep a round waiting for its slowest task.
const MAX_TOPICS: usize = 8;
/// Minimum and maximum samples of a task.
const MIN_SAMPLES: usize = 32;
const MAX_SAMPLES: usize = 256;

/// The workers of a run, and the job that they take part in.
pub(crate) struct Fleet {
    session: Arc<Session>,
    cancellation: CancellationToken,
    /// The job offered last, by the catalog that it is about.
    offered: Mutex<Option<(Arc<Database>, Arc<OfferedJob>)>>,
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
        Ok(Box::new(RemoteExecutor {
            job: self.offer(plain, bundle, chats)?,
            asks_models: at_once.is_some(),
        }))
    }

    /// Validation by workers: by those of the generation that is going on, where one is.
    pub(crate) fn validation(
        &self,
        catalog: &Arc<Database>,
        identities: &[PluginIdentity],
        chats: Option<Arc<dyn LlmService>>,
    ) -> Result<Box<dyn ValidationExecutor>, Failure> {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let job = match offered.filter(|(about, _)| about == catalog) {
            Some((_, job)) => job,
            None => {
                let bundle = JobBundle::new(&self.session, catalog, None, identities, None)?;
                self.offer(catalog, bundle, chats)?
            }
        };
        Ok(Box::new(RemoteExecutor {
            job,
            asks_models: false,
        }))
    }

    /// Ends what was offered: for good, or so that the next process finds what was computed.
    pub(crate) fn end(&self, name: &str, complete: bool) -> Result<(), Failure> {
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner).take();
        offered.map_or(Ok(()), |(_, job)| job.end(name, complete))
    }

    fn offer(
        &self,
        about: &Arc<Database>,
        bundle: JobBundle,
        chats: Option<Arc<dyn LlmService>>,
    ) -> Result<Arc<OfferedJob>, Failure> {
        let job = Arc::new(OfferedJob::open(&self.session, &self.cancellation, bundle, chats)?);
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = Some((about.clone(), job.clone()));
        Ok(job)
    }
}

/// Does nothing itself.
struct RemoteExecutor {
    job: Arc<OfferedJob>,
    /// A language model writes what is asked for.
    asks_models: bool,
}

impl GenerationExecutor for RemoteExecutor {
    fn looks_ahead(&self) -> bool {
        !self.asks_models
    }

    fn generate_all(&self, requests: &[GenerateRequest<'_>]) -> Vec<Result<GeneratedBatch, Failure>> {
        // Topics whose answers a language model writes wait for it, not for each other.
        let most = if self.asks_models { 1 } else { MAX_TOPICS };
        let topics = self.job.share(requests.len()).clamp(1, most);
        let tasks: Vec<_> = requests
            .chunks(topics)
            .map(|requests| Task::Generate(requests.iter().map(GenerateTask::from).collect()))
            .collect();
        let answers = self.job.perform::<Vec<GeneratedBatch>>(&tasks);
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
        let share = self.job.share(samples.len()).clamp(MIN_SAMPLES, MAX_SAMPLES);
        let tasks: Vec<_> = samples
            .chunks(share)
            .map(|samples| {
                Task::Validate(ValidateTask {
                    samples: samples.into(),
                })
            })
            .collect();
        let answers = self.job.perform::<Vec<Judgement>>(&tasks);
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
