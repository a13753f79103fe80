//! The plan of a run: encoded data, order of samples, schedule, and figures for `--dry-run`.

mod figures;
mod time_estimate;

use nl2sql_model::ModelConfig;
use nl2sql_model::templates::resolve_template;
use nl2sql_model::tokenizer::TextTokenizer;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

pub use figures::PlanFigures;
pub use time_estimate::TimeEstimate;

use crate::batch::Sample;
use crate::dataset::{Dataset, Description};
use crate::encoding::{Encoding, encode};
use crate::error::TrainError;
use crate::events::{TrainEvent, TrainEvents};
use crate::prefix_groups::prefix_groups;
use crate::replay::replay;
use crate::sampler::{Sampler, SamplerSettings};
use crate::schedule::Schedule;
use crate::settings::TrainSettings;

/// Encoded data and the order of steps.
#[derive(Debug)]
pub struct TrainPlan {
    /// Training samples with their row numbers.
    pub samples: Vec<(usize, Sample)>,
    /// Evaluation samples with their row numbers.
    pub held_out: Vec<(usize, Sample)>,
    /// Order of samples.
    pub sampler: Sampler,
    /// Learning rates of all steps.
    pub schedule: Schedule,
    /// Total number of epochs.
    pub epochs: f64,
    /// sha256 of each data file read, by path.
    pub digests: Vec<(String, String)>,
    /// The model's configuration.
    pub config: ModelConfig,
    /// Name of the chat template.
    pub template: &'static str,
}

impl TrainPlan {
    /// Reads and encodes all data.
    ///
    /// # Errors
    /// On impossible settings, or an unusable model, tokenizer, template or data set.
    pub fn prepare(settings: &TrainSettings, events: &mut dyn TrainEvents) -> Result<Self, TrainError> {
        settings.check()?;
        let config = ModelConfig::read(&settings.model)?;
        let tokenizer = TextTokenizer::read(&settings.model)?.fitted(&config)?;
        let template = resolve_template(&settings.data.template, &settings.model)?.template;
        let encoding = Encoding {
            template,
            tokenizer: &tokenizer,
            default_system: settings.data.default_system.as_deref().unwrap_or_default(),
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
        if settings.data.replay_share > 0.0 {
            let earlier = load(&settings.data.replay, false)?;
            let data = &settings.data;
            replay(&mut samples, earlier, data.replay_share, settings.optimization.seed);
        }
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
            template: template.name,
        })
    }
}

/// Holds out `val_size` samples, drawn by the seed.
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
        seed: o.data_seed.unwrap_or(o.seed),
        batch: o.batch,
        accumulation: o.accumulation,
        shuffle: settings.data.shuffle,
        group_by_length: settings.data.group_by_length,
    };
    let data = &settings.data;
    if data.packing {
        Sampler::packed(&lengths, data.cutoff, sampling)
    } else if data.group_by_prefix {
        Sampler::grouped(prefix_groups(samples), &lengths, sampling)
    } else {
        Sampler::new(&lengths, sampling)
    }
}

/// Number of steps and epochs as in transformers: a fraction of an epoch is rounded up to whole steps.
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
