//! Generation and validation of a run that is open at a worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{Database, GeneratorContext, Sample};
use nl2sql_pipeline::{Dependencies, Failure, GeneratedBatch, GenerationExecutor, Judgement, ValidationExecutor};
use nl2sql_worker::{AskedTopic, GenerateTask};

use super::job_bundle::ValuedCatalog;
use crate::RunDependencies;

/// The plugins of a run, each opened by the first task that needs it: a worker without generator can still validate.
pub(super) struct OpenPairs {
    dependencies: RunDependencies,
    catalog: Arc<Database>,
    valued: Option<ValuedCatalog>,
    generation: Mutex<Option<Arc<dyn GenerationExecutor>>>,
    validation: Mutex<Option<Arc<dyn ValidationExecutor>>>,
    /// Validators could not work here, e.g. without the database.
    is_without_validators: AtomicBool,
}

impl OpenPairs {
    pub(super) fn new(dependencies: RunDependencies, catalog: Database, valued: Option<ValuedCatalog>) -> Self {
        Self {
            dependencies,
            catalog: Arc::new(catalog),
            valued,
            generation: Mutex::default(),
            validation: Mutex::default(),
            is_without_validators: AtomicBool::default(),
        }
    }

    /// Samples for some topics, judged where that is asked for and this machine can.
    pub(super) fn generate(&self, task: &GenerateTask<'_>) -> Result<Vec<GeneratedBatch>, Failure> {
        let requests: Vec<_> = task.topics.iter().map(AskedTopic::request).collect();
        let generated = self.generation()?.generate_all(&requests);
        let mut batches: Vec<GeneratedBatch> = generated.into_iter().collect::<Result<_, _>>()?;
        for generated in batches.iter_mut().filter(|_| task.judge) {
            generated.judgement = self.judgement(&generated.batch.samples);
        }
        Ok(batches)
    }

    /// What validators make of samples. Nothing where they cannot work here: another worker is then asked for it, or they fail by themselves.
    fn judgement(&self, samples: &[Sample]) -> Option<Judgement> {
        if self.is_without_validators.load(Ordering::Relaxed) {
            return None;
        }
        let judged = self.validate(samples);
        self.is_without_validators.store(judged.is_err(), Ordering::Relaxed);
        judged.ok().map(Judgement::joined)
    }

    /// What validators make of samples.
    pub(super) fn validate(&self, samples: &[Sample]) -> Result<Vec<Judgement>, Failure> {
        self.validation()?.judge_all(samples)
    }

    fn generation(&self) -> Result<Arc<dyn GenerationExecutor>, Failure> {
        let mut slot = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = &*slot {
            return Ok(executor.clone());
        }
        let Some(valued) = &self.valued else {
            return Err(Failure::new(
                "queue",
                "malformed",
                "the job came without what its generator is bound to",
            ));
        };
        let profile = self.dependencies.profile();
        let context = GeneratorContext {
            catalog: Arc::new(valued.catalog.clone()),
            cards: valued.cards.clone(),
            dialect: self.dependencies.dialect(&self.catalog)?.info().clone(),
            options: serde_json::to_string(&profile.generate.options).unwrap_or_else(|_| "{}".into()),
            seed: profile.run.seed,
        };
        let executor: Arc<dyn GenerationExecutor> = self.dependencies.generation(&self.catalog, context)?.into();
        Ok(slot.insert(executor).clone())
    }

    /// Only validators may need the database.
    fn validation(&self) -> Result<Arc<dyn ValidationExecutor>, Failure> {
        let mut slot = self.validation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(executor) = &*slot {
            return Ok(executor.clone());
        }
        let executor: Arc<dyn ValidationExecutor> = self.dependencies.validation(&self.catalog)?.into();
        Ok(slot.insert(executor).clone())
    }
}
