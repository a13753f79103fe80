//! Predictions and scores by workers.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use nl2sql_catalog::{AnsweredRow, Reading};
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_evaluation::scoring::{BatchScorer, MetricPlugin, ScoredAnswer, ScoredBatch};
use nl2sql_model::templates::Thinking;
use nl2sql_pipeline::{Failure, PluginIdentity};
use nl2sql_worker::{AnswerTask, AnsweredChat, AskedChat, AskedMetric, ScoreTask, Task};
use tokio_util::sync::CancellationToken;

use super::job_bundle::{AskedModel, EvaluationPlace, JobBundle};
use super::offered_job::{OfferedJob, unequal};
use crate::plugins::inspect;
use crate::{BoundMetric, PromptSettings, Session, weights_identity};

/// Maximum chats of a task: more would keep the evaluation waiting for its slowest task.
const MAX_CHATS: usize = 16;
/// Tasks that are at the queue at once, for each one that workers do.
const TASKS_A_SLOT: usize = 4;

/// The workers of an evaluation.
pub(crate) struct EvaluationFleet {
    session: Arc<Session>,
    cancellation: CancellationToken,
    /// Folder of SQLite files; the run's own database where there is none.
    databases: Option<PathBuf>,
}

impl EvaluationFleet {
    /// The workers at the session's queue; none where the profile names no queue.
    pub(crate) fn of(
        session: &Arc<Session>,
        cancellation: &CancellationToken,
        databases: Option<&Path>,
    ) -> Result<Option<Self>, Failure> {
        if session.profile().queue.url.is_empty() {
            return Ok(None);
        }
        let absolute = databases.map(std::path::absolute).transpose();
        let databases = absolute.map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        Ok(Some(Self {
            session: session.clone(),
            cancellation: cancellation.clone(),
            databases,
        }))
    }

    /// A model that workers ask, each with its own copy of the weights. Answers about `constrained` databases are held to their names.
    pub(crate) fn generator(
        &self,
        model: &Path,
        adapter: Option<&Path>,
        prompts: &PromptSettings,
        constrained: Vec<String>,
    ) -> Result<RemoteGenerator, Failure> {
        let unusable = |reason| Failure::new("model", "unavailable", reason);
        let place = EvaluationPlace {
            databases: self.databases.clone(),
            model: Some(AskedModel {
                weights: weights_identity::whole(model).map_err(unusable)?,
                template: prompts.template.clone(),
                default_system: prompts.default_system.clone(),
                enable_thinking: prompts.thinking == Thinking::Enabled,
                constrained,
            }),
        };
        let bundle = JobBundle::of_evaluation(&self.session, &place, Some(model), adapter, &[self.dialect()?])?;
        Ok(RemoteGenerator(self.offer(bundle)?))
    }

    /// A job in which these metrics score.
    pub(crate) fn scoring(&self, metrics: &[&BoundMetric]) -> Result<Arc<OfferedJob>, Failure> {
        let mut plugins = vec![self.dialect()?];
        plugins.extend(metrics.iter().map(|metric| PluginIdentity {
            role: "metric".to_owned(),
            name: metric.name().to_owned(),
            sha256: metric.digest().to_owned(),
            ..PluginIdentity::default()
        }));
        let place = EvaluationPlace {
            databases: self.databases.clone(),
            model: None,
        };
        let bundle = JobBundle::of_evaluation(&self.session, &place, None, None, &plugins)?;
        self.offer(bundle)
    }

    fn offer(&self, bundle: JobBundle) -> Result<Arc<OfferedJob>, Failure> {
        OfferedJob::open(&self.session, &self.cancellation, bundle, None).map(Arc::new)
    }

    fn dialect(&self) -> Result<PluginIdentity, Failure> {
        let name = match &self.databases {
            Some(_) => "sqlite".to_owned(),
            None => self.session.dialect_plugin()?,
        };
        let artifact = inspect(self.session.plugins()?, "dialect", &name)?;
        Ok(PluginIdentity {
            role: "dialect".to_owned(),
            name: artifact.manifest.name,
            sha256: artifact.sha256,
            ..PluginIdentity::default()
        })
    }
}

/// A model that workers ask.
pub(crate) struct RemoteGenerator(Arc<OfferedJob>);

impl RemoteGenerator {
    /// The job that workers take part in.
    pub(crate) fn job(&self) -> Arc<OfferedJob> {
        self.0.clone()
    }

    /// Answers to the chats from `first` on, or why there are none, by their numbers.
    async fn answers(&self, first: usize, chats: Vec<AskedChat>) -> Vec<(usize, Result<AnsweredChat, String>)> {
        let asked = chats.len();
        let answer = self.0.answer(&Task::Answer(AnswerTask { chats })).await;
        let answers: Vec<Result<AnsweredChat, String>> = match answer {
            Ok(answers) => answers,
            Err(failure) => vec![Err(failure.to_string()); asked],
        };
        let answers = match answers.len() {
            answered if answered == asked => answers,
            answered => vec![Err(unequal(asked, answered).to_string()); asked],
        };
        (first..).zip(answers).collect()
    }
}

#[async_trait]
impl TextGenerator for RemoteGenerator {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let chats: Vec<AskedChat> = prompts.into_iter().map(asked).collect();
        let share = self.0.share(chats.len()).clamp(1, MAX_CHATS);
        let mut waiting = chats.chunks(share).map(<[_]>::to_vec).enumerate();
        let mut asked = FuturesUnordered::new();
        loop {
            while asked.len() < self.0.slots() * TASKS_A_SLOT
                && let Some((number, chats)) = waiting.next()
            {
                asked.push(self.answers(number * share, chats));
            }
            let Some(answers) = asked.next().await else { return };
            if self.0.broken().is_some() {
                return;
            }
            for (at, answer) in answers {
                on_completion(at, answer.map(completion));
            }
        }
    }
}

fn asked(prompt: ChatPrompt) -> AskedChat {
    AskedChat {
        system: prompt.system,
        history: prompt.history,
        user: prompt.user,
        database: prompt.database,
        attempt: prompt.attempt,
    }
}

fn completion(answer: AnsweredChat) -> Completion {
    Completion {
        text: answer.text,
        rendered_prompt: answer.rendered_prompt,
        tokens: answer.tokens,
        finish_reason: answer.finish_reason,
        agreement: None,
    }
}

/// Workers that read and score answers.
pub(crate) struct RemoteScorer {
    job: Arc<OfferedJob>,
    metrics: Vec<AskedMetric>,
    /// Figures of each metric.
    widths: Vec<usize>,
    reading: Reading,
}

impl RemoteScorer {
    /// The workers of a job, to score by these metrics.
    pub(crate) fn new(job: Arc<OfferedJob>, metrics: &[&BoundMetric], reading: Reading) -> Self {
        let asked = |metric: &&BoundMetric| AskedMetric {
            name: metric.name().to_owned(),
            options: metric.options().to_owned(),
        };
        Self {
            metrics: metrics.iter().map(asked).collect(),
            widths: metrics.iter().map(|metric| metric.describe().len()).collect(),
            reading,
            job,
        }
    }
}

/// Refuses another number of answers, scores or figures than was asked for: as many answers, in each a score of every metric with its figures.
fn whole(asked: usize, widths: &[usize], scored: ScoredBatch) -> Result<ScoredBatch, Failure> {
    let is_whole = |answer: &&ScoredAnswer| {
        let found = answer.scores.iter().map(|score| score.values.len());
        found.eq(widths.iter().copied())
    };
    let whole = scored.answers.iter().filter(is_whole).count();
    match scored.notes.len() {
        _ if whole != asked || scored.answers.len() != asked => Err(unequal(asked, whole)),
        notes if notes != widths.len() => Err(unequal(widths.len(), notes)),
        _ => Ok(scored),
    }
}

#[async_trait]
impl BatchScorer for RemoteScorer {
    fn at_once(&self) -> usize {
        self.job.slots() * TASKS_A_SLOT
    }

    async fn score(&self, database: &str, rows: Vec<AnsweredRow<'_>>) -> Result<ScoredBatch, String> {
        let asked = rows.len();
        let task = Task::Score(ScoreTask {
            metrics: Cow::Borrowed(&self.metrics),
            reading: self.reading,
            database: database.into(),
            rows,
        });
        let answer: Result<ScoredBatch, Failure> = self.job.answer(&task).await;
        answer
            .and_then(|scored| whole(asked, &self.widths, scored))
            .map_err(|failure| failure.to_string())
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::RowScore;

    use super::*;

    #[test]
    fn answers_scores_and_figures_that_are_missing_are_refused() {
        let score = |figures| RowScore {
            values: vec![None; figures],
            labels: Vec::new(),
        };
        let batch = |answers: usize, figures: &[usize], notes: usize| ScoredBatch {
            answers: vec![
                ScoredAnswer {
                    scores: figures.iter().copied().map(score).collect(),
                    ..ScoredAnswer::default()
                };
                answers
            ],
            notes: vec![Vec::new(); notes],
        };
        assert!(whole(2, &[1, 3], batch(2, &[1, 3], 2)).is_ok());
        for hostile in [
            batch(1, &[1, 3], 2),
            batch(3, &[1, 3], 2),
            batch(2, &[1], 2),
            batch(2, &[1, 2], 2),
            batch(2, &[1, 3, 1], 2),
            batch(2, &[1, 3], 1),
        ] {
            assert!(whole(2, &[1, 3], hostile).is_err());
        }
    }
}
