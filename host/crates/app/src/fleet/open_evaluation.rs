//! Predictions and scores of an evaluation that is open at a worker.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_evaluation::prediction::{ChatPrompt, Completion, TextGenerator};
use nl2sql_evaluation::scoring::{BatchScorer, LocalScorer, MetricPlugin, ScoredBatch};
use nl2sql_model::templates::Thinking;
use nl2sql_pipeline::Failure;
use nl2sql_worker::{AnsweredChat, AskedChat, AskedMetric, ScoreTask};
use tokio_util::sync::CancellationToken;

use super::job_bundle::{AskedModel, EvaluationPlace};
use crate::{
    BoundMetric, DatabaseRegistry, DecodingSettings, LocalGenerator, LocalModelSettings, Session, advised,
    weights_identity,
};

/// Databases, metrics and model of an evaluation, each opened by the first task that needs it.
pub(super) struct OpenEvaluation {
    session: Arc<Session>,
    place: EvaluationPlace,
    adapter: Option<PathBuf>,
    cancel: CancellationToken,
    databases: Mutex<Option<Arc<DatabaseRegistry>>>,
    metrics: Mutex<BTreeMap<AskedMetric, Arc<BoundMetric>>>,
    generator: Mutex<Option<Arc<LocalGenerator>>>,
}

impl OpenEvaluation {
    pub(super) fn new(
        session: Arc<Session>,
        place: EvaluationPlace,
        adapter: Option<PathBuf>,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            session,
            place,
            adapter,
            cancel,
            databases: Mutex::default(),
            metrics: Mutex::default(),
            generator: Mutex::default(),
        }
    }

    /// What comes of answers.
    pub(super) fn score(&self, task: ScoreTask<'_>) -> Result<ScoredBatch, Failure> {
        let metrics = task.metrics.iter().map(|asked| self.metric(asked, &task.database));
        let metrics: Vec<Arc<dyn MetricPlugin>> = metrics.collect::<Result<_, _>>()?;
        let scorer = LocalScorer::new(Some(self.databases()?), task.reading, metrics);
        let scored = self
            .session
            .runtime()
            .block_on(|| scorer.score(&task.database, task.rows));
        scored.map_err(|reason| Failure::new("metric", "plugin-failed", reason))
    }

    /// Answers to chats, or why there is none.
    pub(super) fn answer(&self, chats: Vec<AskedChat>) -> Result<Vec<Result<AnsweredChat, String>>, Failure> {
        let generator = self.generator()?;
        let answers: Mutex<Vec<_>> = Mutex::new(chats.iter().map(|_| Err("it was not answered".to_owned())).collect());
        let prompts = chats.into_iter().map(|chat| ChatPrompt {
            system: chat.system,
            history: chat.history,
            user: chat.user,
            database: chat.database,
            attempt: chat.attempt,
        });
        let take = |at: usize, completion: Result<Completion, String>| {
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slot) = answers.get_mut(at) {
                *slot = completion.map(answered);
            }
        };
        self.session
            .runtime()
            .block_on(|| generator.generate(prompts.collect(), &take));
        if self.cancel.is_cancelled() {
            return Err(Failure::new("model", "cancelled", "this worker was stopped"));
        }
        Ok(answers.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn databases(&self) -> Result<Arc<DatabaseRegistry>, Failure> {
        let mut slot = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(databases) = &*slot {
            return Ok(databases.clone());
        }
        let session = self.session.clone();
        let opened = match &self.place.databases {
            Some(folder) if !folder.is_dir() => {
                let message = format!("{} is no folder of this worker", folder.display());
                let hint = "Start it with --databases and its own folder of the same SQLite files";
                return Err(Failure::new("database", "unavailable", message).with_hint(hint));
            }
            Some(folder) => DatabaseRegistry::of_folder(session, folder),
            None => DatabaseRegistry::of_run(session)?,
        };
        Ok(slot.insert(Arc::new(opened)).clone())
    }

    fn metric(&self, asked: &AskedMetric, database: &str) -> Result<Arc<dyn MetricPlugin>, Failure> {
        let databases = self.databases()?;
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(metric) = metrics.get(asked) {
            return Ok(metric.clone());
        }
        let metric = BoundMetric::load(&asked.name, asked.options.clone(), databases, database)?;
        let metric = Arc::new(metric);
        metrics.insert(asked.clone(), metric.clone());
        Ok(metric)
    }

    fn generator(&self) -> Result<Arc<LocalGenerator>, Failure> {
        let mut slot = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(generator) = &*slot {
            return Ok(generator.clone());
        }
        let Some(asked) = &self.place.model else {
            return Err(Failure::new("queue", "malformed", "the job came without a model"));
        };
        let model = self.verified_model(asked)?;
        let profile = self.session.profile();
        let loaded = self.session.local_models().get(&LocalModelSettings {
            model,
            adapter: self.adapter.clone(),
            device: profile.model.device.clone(),
            template: asked.template.clone(),
            default_system: asked.default_system.clone(),
            thinking: Thinking::enabled(asked.enable_thinking),
            rows_at_once: profile.evaluate.batch as usize,
        });
        let loaded = loaded.map_err(|error| Failure::new("model", "unavailable", advised(&error)))?;
        let constraints = match asked.constrained.is_empty() {
            true => BTreeMap::new(),
            false => {
                let asked = asked.constrained.iter().map(String::as_str);
                self.databases()?
                    .schema_constraints(asked, profile.evaluate.constrain)?
            }
        };
        let decoding = DecodingSettings::of_evaluation(profile, constraints);
        let generator = Arc::new(loaded.generator(decoding, self.cancel.clone()));
        Ok(slot.insert(generator).clone())
    }

    /// The folder of the model, where it holds the weights that the job is about.
    fn verified_model(&self, asked: &AskedModel) -> Result<PathBuf, Failure> {
        let folder = self.session.profile().model.path.clone().unwrap_or_default();
        let refused = |reason: String| {
            let hint = "Start the worker with --set model.path=... and its own folder of the same model";
            Failure::new("model", "unavailable", reason).with_hint(hint)
        };
        let found = weights_identity::whole(&folder).map_err(refused)?;
        if found == asked.weights {
            return Ok(folder);
        }
        Err(refused(format!(
            "{} holds another model than the one that is asked",
            folder.display()
        )))
    }
}

fn answered(completion: Completion) -> AnsweredChat {
    AnsweredChat {
        text: completion.text,
        rendered_prompt: completion.rendered_prompt,
        tokens: completion.tokens,
        finish_reason: completion.finish_reason,
    }
}
