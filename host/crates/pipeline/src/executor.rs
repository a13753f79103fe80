//! Who does the work of generation and validation: this process, or others that answer for it.
//!
//! Both depend on nothing but their request, so it does not matter where they are done. What decides the bytes of a run (order, duplicates,
//! budgets, journals) stays with the pipeline.

use std::sync::Arc;

use nl2sql_catalog::{Batch, Database, GenerateRequest, GeneratorContext, Sample, Verdict};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::generate::SampleKey;
use crate::validate::{add_records, judge};
use crate::{Dependencies, Dialect, Failure, Generator, Validator};

/// Samples handed to a validator in one call.
const CHUNK: usize = 32;

/// What a generator wrote, and what tells its samples from others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratedBatch {
    /// The samples and what was noted about them.
    pub batch: Batch,
    /// The key of each sample, in their order.
    pub keys: Vec<SampleKey>,
    /// What validators make of the samples, where it was told along with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
}

/// How one validator fared with some samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorRecord {
    /// Name of the validator.
    pub validator: String,
    /// Samples it judged.
    pub judged: u64,
    /// Samples it failed on.
    pub failed: u64,
    /// What was wrong the last time.
    pub reason: String,
}

/// Verdicts about some samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    /// One verdict per sample, in their order.
    pub verdicts: Vec<Verdict>,
    /// One record per validator, in their order.
    pub records: Vec<ValidatorRecord>,
}

impl Judgement {
    /// All of them as one, in their order.
    pub fn joined(judgements: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for judgement in judgements {
            all.verdicts.extend(judgement.verdicts);
            add_records(&mut all.records, judgement.records);
        }
        all
    }
}

/// Writes samples.
pub trait GenerationExecutor: Send + Sync {
    /// Whether requests may be made before it is known what comes of earlier ones. Not where answers cost something: a budget is spent in the
    /// order of the plan.
    fn looks_ahead(&self) -> bool;

    /// Samples for each request, in their order.
    ///
    /// # Errors
    /// For a request, when the generator or the dialect fails.
    fn generate_all(&self, requests: &[GenerateRequest<'_>]) -> Vec<Result<GeneratedBatch, Failure>>;
}

/// Judges samples.
pub trait ValidationExecutor: Send + Sync {
    /// Verdicts of all validators, cheapest first; the first that finds an error rejects. Each judgement is about the samples behind those of
    /// the one before.
    ///
    /// # Errors
    /// When a validator cannot work.
    fn judge_all(&self, samples: &[Sample]) -> Result<Vec<Judgement>, Failure>;
}

/// A generator of this process.
pub struct LocalGeneration {
    generator: Box<dyn Generator>,
    dialect: Arc<dyn Dialect>,
}

impl LocalGeneration {
    /// The generator and the dialect of these dependencies; the dialect brings statements into their normal form.
    ///
    /// # Errors
    /// When a plugin cannot be loaded.
    pub fn open(
        dependencies: &(impl Dependencies + ?Sized),
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Self, Failure> {
        let dialect = dependencies.dialect(plain)?;
        let generator = dependencies.generator(plain, context)?;
        Ok(Self { generator, dialect })
    }

    fn generate(&self, request: &GenerateRequest<'_>) -> Result<GeneratedBatch, Failure> {
        let mut batch = self.generator.generate(request)?;
        for sample in &mut batch.samples {
            sample.topic.clone_from(&request.topic.name);
        }
        let keys: Result<Vec<_>, Failure> = batch
            .samples
            .par_iter()
            .map(|sample| sample_key(self.dialect.as_ref(), sample))
            .collect();
        Ok(GeneratedBatch {
            keys: keys?,
            batch,
            judgement: None,
        })
    }
}

impl GenerationExecutor for LocalGeneration {
    fn looks_ahead(&self) -> bool {
        self.generator.at_once().is_none()
    }

    fn generate_all(&self, requests: &[GenerateRequest<'_>]) -> Vec<Result<GeneratedBatch, Failure>> {
        let generate = || {
            requests
                .par_iter()
                .with_max_len(1)
                .map(|request| self.generate(request))
                .collect()
        };
        let waiting = self.generator.at_once().map(|calls| calls.min(requests.len()));
        let pool = waiting
            .filter(|calls| *calls > rayon::current_num_threads())
            .map(|calls| rayon::ThreadPoolBuilder::new().num_threads(calls).build());
        match pool {
            Some(Ok(pool)) => pool.install(generate),
            // Without threads to wait on, the calls go one after another on those there are.
            Some(Err(_)) | None => generate(),
        }
    }
}

/// Validators of this process.
pub struct LocalValidation(Vec<Box<dyn Validator>>);

impl LocalValidation {
    /// The validators of these dependencies.
    ///
    /// # Errors
    /// When a plugin cannot be loaded.
    pub fn open(dependencies: &(impl Dependencies + ?Sized), catalog: &Arc<Database>) -> Result<Self, Failure> {
        dependencies.validators(catalog).map(Self)
    }

    /// Judges by these validators, in their order.
    pub fn new(validators: Vec<Box<dyn Validator>>) -> Self {
        Self(validators)
    }
}

impl ValidationExecutor for LocalValidation {
    fn judge_all(&self, samples: &[Sample]) -> Result<Vec<Judgement>, Failure> {
        samples.par_chunks(CHUNK).map(|chunk| judge(&self.0, chunk)).collect()
    }
}

/// The key of a sample; a statement that does not parse is compared as it stands.
pub(crate) fn sample_key(dialect: &dyn Dialect, sample: &Sample) -> Result<SampleKey, Failure> {
    let normal = dialect.normalise(&sample.sql)?;
    let normal = normal.unwrap_or_else(|_| sample.sql.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(SampleKey::new(&sample.question, &normal))
}
