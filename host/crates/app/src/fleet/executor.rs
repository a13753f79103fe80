//! The pipeline's executors over a queue.

use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, GenerateRequest, GeneratorContext, Sample, Verdict};
use nl2sql_pipeline::{Failure, GeneratedBatch, GenerationExecutor, Judgement, PluginIdentity, ValidationExecutor};
use nl2sql_plugin_host::LlmService;
use nl2sql_worker::{AskedTopic, GenerateTask, Task, ValidateTask};
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
        let asks_models = at_once.is_some();
        let is_paid = |plugin: &PluginIdentity| plugin.role == "validator" && !plugin.models.is_empty();
        Ok(Box::new(RemoteExecutor {
            job: self.offer(plain, bundle, chats)?,
            judges_along: !asks_models && !identities.iter().any(is_paid),
            asks_models,
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
            judges_along: false,
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
    /// Who writes samples judges them too. Not where a verdict costs something: it is not bought for a sample that is left out.
    judges_along: bool,
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
            .map(|requests| {
                Task::Generate(GenerateTask {
                    topics: requests.iter().map(AskedTopic::from).collect(),
                    judge: self.judges_along,
                })
            })
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

/// A batch with a key for each of its samples, and a verdict where it was judged.
fn whole(generated: GeneratedBatch) -> Result<GeneratedBatch, Failure> {
    let samples = &generated.batch.samples;
    let verdicts = generated.judgement.as_ref().map(|judgement| &judgement.verdicts);
    match verdicts.filter(|verdicts| !are_about(verdicts, samples)) {
        Some(verdicts) => Err(unequal(samples.len(), verdicts.len())),
        None if generated.keys.len() != samples.len() => Err(unequal(samples.len(), generated.keys.len())),
        None => Ok(generated),
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
            let judgement = Judgement::joined(answer);
            if !are_about(&judgement.verdicts, samples) {
                return Err(unequal(samples.len(), judgement.verdicts.len()));
            }
            judgements.push(judgement);
        }
        Ok(judgements)
    }
}

/// Whether there is a verdict for each sample, in their order.
fn are_about(verdicts: &[Verdict], samples: &[Sample]) -> bool {
    let in_order = || samples.iter().zip(verdicts);
    verdicts.len() == samples.len() && in_order().all(|(sample, verdict)| verdict.sample == sample.id)
}
