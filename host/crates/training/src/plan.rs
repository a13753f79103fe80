//! What a run will do, before it does it: encoded data, steps, and figures for `--dry-run`.

use std::fmt;

use nl2sql_model::ModelConfig;
use nl2sql_model::templates::ChatTemplate;
use nl2sql_model::tokenizer::TextTokenizer;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::batch::Sample;
use crate::cpu::Precision;
use crate::dataset::{Dataset, Description};
use crate::encoding::{Encoding, encode};
use crate::error::TrainError;
use crate::events::{TrainEvent, TrainEvents};
use crate::parameters::ParameterLayout;
use crate::sampler::{Sampler, SamplerSettings};
use crate::schedule::Schedule;
use crate::settings::TrainSettings;
use crate::train::model_parameters;

/// Encoded data and the order of steps.
#[derive(Debug)]
pub struct TrainPlan {
    /// Samples to train on, with their rows' numbers.
    pub samples: Vec<(usize, Sample)>,
    /// Samples to evaluate on.
    pub held_out: Vec<(usize, Sample)>,
    /// Order of samples.
    pub sampler: Sampler,
    /// Learning rates of all steps.
    pub schedule: Schedule,
    /// Epochs in all.
    pub epochs: f64,
    /// sha256 of each data file read, by path.
    pub digests: Vec<(String, String)>,
    /// The model's shape.
    pub config: ModelConfig,
}

impl TrainPlan {
    /// Reads and encodes everything, and refuses what cannot be.
    ///
    /// # Errors
    /// On impossible settings, or an unusable model, tokenizer, template or data set.
    pub fn prepare(settings: &TrainSettings, events: &mut dyn TrainEvents) -> Result<Self, TrainError> {
        settings.check()?;
        let config = ModelConfig::read(&settings.model)?;
        let tokenizer = TextTokenizer::read(&settings.model)?;
        tokenizer.check_fits(&config)?;
        let encoding = Encoding {
            template: ChatTemplate::named(&settings.data.template)?,
            tokenizer: &tokenizer,
            cutoff: settings.data.cutoff,
            thinking: settings.data.thinking,
            on_truncation: settings.data.on_truncation,
        };
        let mut digests = Vec::new();
        let mut load = |described: &[Description], evaluation| -> Result<Vec<(usize, Sample)>, TrainError> {
            let mut samples = Vec::new();
            for description in described {
                let mut dataset = Dataset::read(description, settings.optimization.seed)?;
                digests.extend(
                    dataset
                        .digests
                        .iter()
                        .map(|(path, sha256)| (path.display().to_string(), sha256.clone())),
                );
                dataset
                    .conversations
                    .truncate(settings.data.max_samples.unwrap_or(usize::MAX));
                let (encoded, truncation) = encode(&dataset, &encoding)?;
                events.event(&TrainEvent::Encoded { evaluation, truncation });
                samples.extend(encoded);
            }
            Ok(samples)
        };
        let mut samples = load(&settings.data.train, false)?;
        let mut held_out = load(&settings.data.evaluation, true)?;
        if held_out.is_empty() {
            held_out = hold_out(&mut samples, settings)?;
        }
        let sampler = sampler(&samples, settings);
        let (total, epochs) = total_steps(&sampler, settings);
        let o = &settings.optimization;
        let schedule = Schedule::new(o.schedule, o.learning_rate, o.warm_up, total);
        Ok(Self {
            samples,
            held_out,
            sampler,
            schedule,
            epochs,
            digests,
            config,
        })
    }

    /// Figures to show before training.
    ///
    /// # Errors
    /// When the adapter's targets match nothing.
    pub fn figures(&self, settings: &TrainSettings) -> Result<PlanFigures, TrainError> {
        let layout = ParameterLayout::new(&self.config, &settings.adapter_config())?;
        let o = &settings.optimization;
        let base = model_parameters(&self.config);
        let tokens = self
            .samples
            .iter()
            .map(|(_, sample)| sample.input_ids.len())
            .max()
            .unwrap_or(0)
            * o.batch;
        Ok(PlanFigures {
            samples: self.samples.len(),
            evaluation_samples: self.held_out.len(),
            steps: self.schedule.total,
            epochs: self.epochs,
            micro_batch: o.batch,
            accumulation: o.accumulation,
            effective_batch: o.batch * o.accumulation,
            trainable: layout.len(),
            total: base + layout.len(),
            memory: memory_estimate(&self.config, settings, &layout, tokens),
            workers: settings.compute.workers,
        })
    }
}

/// `val_size`: samples drawn by the seed.
fn hold_out(samples: &mut Vec<(usize, Sample)>, settings: &TrainSettings) -> Result<Vec<(usize, Sample)>, TrainError> {
    let share = settings.data.held_out;
    let count = if share >= 1.0 {
        share as usize
    } else {
        (samples.len() as f64 * share).ceil() as usize
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    if count >= samples.len() {
        return Err(TrainError::setting(
            "val_size",
            format!(
                "holds out {count} of {} samples, which leaves none to train on",
                samples.len()
            ),
            "0.1 is usual",
        ));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.optimization.seed);
    samples.shuffle(&mut rng);
    let mut held_out = samples.split_off(samples.len() - count);
    samples.sort_by_key(|(row, _)| *row);
    held_out.sort_by_key(|(row, _)| *row);
    Ok(held_out)
}

fn sampler(samples: &[(usize, Sample)], settings: &TrainSettings) -> Sampler {
    let lengths: Vec<usize> = samples.iter().map(|(_, sample)| sample.input_ids.len()).collect();
    let o = &settings.optimization;
    let sampling = SamplerSettings {
        seed: o.seed,
        batch: o.batch,
        accumulation: o.accumulation,
        group_by_length: settings.data.group_by_length,
    };
    match settings.data.packing {
        true => Sampler::packed(&lengths, settings.data.cutoff, sampling),
        false => Sampler::new(&lengths, sampling),
    }
}

/// Steps and epochs as transformers counts them: a fraction of an epoch is rounded up to whole steps.
fn total_steps(sampler: &Sampler, settings: &TrainSettings) -> (usize, f64) {
    let per_epoch = sampler.steps_per_epoch();
    match settings.optimization.max_steps {
        Some(steps) => (steps, (steps as f64 / per_epoch as f64).ceil()),
        None => {
            let epochs = settings.optimization.epochs;
            ((epochs * per_epoch as f64).ceil() as usize, epochs)
        }
    }
}

/// Bytes a training needs at most: frozen weights, trained values with gradients and optimizer, activations.
fn memory_estimate(config: &ModelConfig, settings: &TrainSettings, layout: &ParameterLayout, tokens: usize) -> u64 {
    let tables = config.vocab_size * config.hidden_size * if config.tie_word_embeddings { 1 } else { 2 };
    let projections = model_parameters(config) - tables;
    let frozen = match settings.compute.precision {
        Precision::F32 => 4 * (projections + tables),
        Precision::Bf16 => 2 * (projections + tables),
        Precision::Int8 => projections * 17 / 16 + 2 * tables,
        Precision::Nf4 => projections * 9 / 16 + 2 * tables,
    };
    let trained = 4 * layout.len() * (4 + settings.compute.workers);
    let (hidden, wide) = (config.hidden_size, config.intermediate_size);
    let queries = config.num_attention_heads * config.head_dim;
    let keys = config.num_key_value_heads * config.head_dim;
    let layer = 2 * hidden + 2 * queries + 2 * keys + 2 * wide;
    let kept = match settings.compute.recompute {
        true => config.num_hidden_layers * hidden + layer,
        false => config.num_hidden_layers * layer,
    };
    let passing = 4 * hidden + 2 * queries + 2 * keys + 2 * wide;
    let logits = 64 * config.vocab_size * settings.compute.workers;
    (frozen + trained + 4 * (tokens * (kept + passing) + logits)) as u64
}

/// What `--dry-run` prints.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PlanFigures {
    /// Samples to train on.
    pub samples: usize,
    /// Samples to evaluate on.
    pub evaluation_samples: usize,
    /// Optimizer steps.
    pub steps: usize,
    /// Epochs.
    pub epochs: f64,
    /// Rows of a micro-batch.
    pub micro_batch: usize,
    /// Micro-batches of a step.
    pub accumulation: usize,
    /// Rows of a step.
    pub effective_batch: usize,
    /// Trained numbers.
    pub trainable: usize,
    /// Numbers in all, trained ones included.
    pub total: usize,
    /// Estimate of the most memory needed on the device, in bytes.
    pub memory: u64,
    /// Data-parallel workers.
    pub workers: usize,
}

impl PlanFigures {
    /// Trained share of all numbers, in percent.
    pub fn trainable_percent(&self) -> f64 {
        100.0 * self.trainable as f64 / self.total as f64
    }
}

impl fmt::Display for PlanFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "samples            {} to train on, {} to evaluate on",
            self.samples, self.evaluation_samples
        )?;
        writeln!(f, "steps              {} ({} epochs)", self.steps, self.epochs)?;
        writeln!(
            f,
            "effective batch    {} ({} x {} accumulated, over {} workers)",
            self.effective_batch, self.micro_batch, self.accumulation, self.workers
        )?;
        writeln!(
            f,
            "trainable          {} of {} ({:.4}%)",
            self.trainable,
            self.total,
            self.trainable_percent()
        )?;
        write!(
            f,
            "memory, estimated  {:.2} GiB",
            self.memory as f64 / (1u64 << 30) as f64
        )
    }
}
