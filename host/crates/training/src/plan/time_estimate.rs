//! Estimates training time from the multiplications of a run and the measured speed of the device.
//!
//! Operations are counted on the batches of some steps, shared prefixes left out as the engines do, and of the last layer unscored rows as the CPU
//! engine does.
//! Speed is that of products with a frozen matrix of the model's shape, measured for a fraction of a second with all workers at once.
//! Elementwise work, thin adapter products and the optimizer are covered by [`CPU_UTILISATION`] and [`DEVICE_UTILISATION`].

use std::fmt;

use nl2sql_model::ModelConfig;
use nl2sql_model::architecture::AttentionRule;
use serde::Serialize;

use super::TrainPlan;
use crate::batch::{Sample, SampleRows, TokenBatch};
use crate::batch_sharding::{shard_by_shared_prefix, shard_step};
use crate::cpu::{CpuOptions, product_speed};
use crate::engine::{ComputeTarget, StepSamples};
use crate::parameters::ParameterLayout;
use crate::settings::TrainSettings;

/// Share of the measured product speed that whole CPU steps reach (SmolLM2-135M, 4 x 256 tokens).
const CPU_UTILISATION: f64 = 0.6;

/// Share of the measured product speed that whole steps on burn devices reach; not calibrated on a graphics card.
const DEVICE_UTILISATION: f64 = 0.4;

/// Steps whose operations are counted.
const COUNTED_STEPS: usize = 16;

/// Estimated time of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TimeEstimate {
    /// Seconds of all optimizer steps.
    pub training_seconds: f64,
    /// Seconds of all evaluations.
    pub evaluation_seconds: f64,
    /// Measured speed of products, in operations per second over all workers or devices.
    pub operations_per_second: f64,
}

impl TimeEstimate {
    /// Seconds of the whole run.
    pub fn seconds(&self) -> f64 {
        self.training_seconds + self.evaluation_seconds
    }
}

impl fmt::Display for TimeEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "about {}", duration(self.seconds()))?;
        if self.evaluation_seconds > 0.0 {
            write!(f, ", {} of it evaluation", duration(self.evaluation_seconds))?;
        }
        write!(f, " (at {:.0} GFLOP/s measured now)", self.operations_per_second / 1e9)
    }
}

/// Two significant units at most: `40 s`, `12 min`, `3 h 20 min`.
fn duration(seconds: f64) -> String {
    let whole = seconds.ceil().max(1.0) as u64;
    match whole {
        0..=119 => format!("{whole} s"),
        120..=7_199 => format!("{} min", whole.div_ceil(60)),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Estimates the time of `plan` on `target`.
pub fn estimate(
    plan: &TrainPlan,
    settings: &TrainSettings,
    layout: &ParameterLayout,
    target: &ComputeTarget,
    evaluations: usize,
) -> TimeEstimate {
    let model = ModelOperations::new(&plan.config, layout);
    let (per_step, per_evaluation) = match target {
        ComputeTarget::Cpu(options) => counted_on_cpu(plan, settings, &model, options),
        ComputeTarget::Devices { devices, .. } => counted_on_devices(plan, settings, &model, devices.len()),
    };
    let (speed, workers, utilisation) = match target {
        ComputeTarget::Cpu(options) => {
            let shape = [plan.config.intermediate_size, plan.config.hidden_size];
            let workers = options.workers.max(1);
            let tokens = plan.mean_length() * settings.optimization.batch / workers;
            let speed = product_speed(tokens, shape, options.precision, workers);
            (speed, workers, CPU_UTILISATION)
        }
        ComputeTarget::Devices { devices, dtype, .. } => {
            let shape = [plan.config.intermediate_size, plan.config.hidden_size];
            let speed = devices
                .iter()
                .map(|device| crate::autodiff::product_speed(device, shape, *dtype))
                .fold(f64::INFINITY, f64::min);
            (speed, devices.len(), DEVICE_UTILISATION)
        }
    };
    TimeEstimate {
        training_seconds: per_step * plan.schedule.total as f64 / (speed * utilisation),
        evaluation_seconds: match evaluations {
            0 => 0.0,
            times => per_evaluation * times as f64 / (speed * utilisation),
        },
        operations_per_second: speed * workers as f64,
    }
}

impl TrainPlan {
    /// Mean tokens of a training sample.
    fn mean_length(&self) -> usize {
        let tokens: usize = self.samples.iter().map(|(_, sample)| sample.input_ids.len()).sum();
        tokens / self.samples.len().max(1)
    }
}

/// Operations of a step and of an evaluation, of the worker with the most.
fn counted_on_cpu(
    plan: &TrainPlan,
    settings: &TrainSettings,
    model: &ModelOperations,
    options: &CpuOptions,
) -> (f64, f64) {
    let share = settings.adapter.dropout == 0.0;
    let passes = Passes::training(options.recompute);
    let busiest = |samples: &StepSamples, share: bool, passes: Passes| {
        shard_step(samples, options.workers.max(1), share)
            .iter()
            .map(|batches| batches.iter().map(|batch| model.of_batch(batch, passes)).sum())
            .fold(0.0, f64::max)
    };
    let step = mean(&counted_steps(plan), |step| {
        busiest(&step_samples(plan, step), share, passes)
    });
    let batch = settings.optimization.evaluation_batch.max(1);
    let evaluation = plan.held_out.chunks(batch).map(|batch| {
        let samples = batch.iter().map(|(_, sample)| (sample, 0)).collect();
        let samples = StepSamples {
            micro_batches: vec![samples],
        };
        busiest(&samples, true, Passes::EVALUATION)
    });
    (step, evaluation.sum())
}

/// As [`counted_on_cpu`]: where nothing is shared, burn devices pad every sample of a micro-batch to the longest.
fn counted_on_devices(
    plan: &TrainPlan,
    settings: &TrainSettings,
    model: &ModelOperations,
    devices: usize,
) -> (f64, f64) {
    let share = settings.adapter.dropout == 0.0;
    // Their layers always run again for the backward pass.
    let passes = Passes::training(true);
    let busiest = |samples: &StepSamples, devices: usize, share: bool, passes: Passes| {
        let shards = share.then(|| shard_by_shared_prefix(samples, devices)).flatten();
        let Some(shards) = shards else {
            let padded = samples.micro_batches.iter().map(|batch| model.of_padded(batch, passes));
            return padded.sum::<f64>() / devices as f64;
        };
        shards
            .iter()
            .map(|batches| batches.iter().map(|batch| model.of_shared(batch, passes)).sum())
            .fold(0.0, f64::max)
    };
    let step = mean(&counted_steps(plan), |step| {
        busiest(&step_samples(plan, step), devices, share, passes)
    });
    let batch = settings.optimization.evaluation_batch.max(1);
    let evaluation = plan.held_out.chunks(batch).map(|batch| {
        let samples = batch.iter().map(|(_, sample)| (sample, 0)).collect();
        let samples = StepSamples {
            micro_batches: vec![samples],
        };
        busiest(&samples, 1, true, Passes::EVALUATION)
    });
    (step, evaluation.sum())
}

fn mean<T>(items: &[T], value: impl Fn(&T) -> f64) -> f64 {
    items.iter().map(value).sum::<f64>() / items.len().max(1) as f64
}

/// Steps of the first epoch, evenly spaced.
fn counted_steps(plan: &TrainPlan) -> Vec<Vec<Vec<usize>>> {
    let steps = plan.sampler.epoch(0);
    let stride = steps.len().div_ceil(COUNTED_STEPS).max(1);
    steps.into_iter().step_by(stride).collect()
}

fn step_samples<'a>(plan: &'a TrainPlan, step: &[Vec<usize>]) -> StepSamples<'a> {
    let seeded = |batch: &Vec<usize>| batch.iter().map(|&sample| (&plan.samples[sample].1, 0)).collect();
    StepSamples {
        micro_batches: step.iter().map(seeded).collect(),
    }
}

/// How often the parts of the model are computed.
#[derive(Clone, Copy)]
struct Passes {
    forward: f64,
    backward: f64,
}

impl Passes {
    const EVALUATION: Self = Self {
        forward: 1.0,
        backward: 0.0,
    };

    fn training(recompute: bool) -> Self {
        Self {
            forward: if recompute { 2.0 } else { 1.0 },
            backward: 1.0,
        }
    }
}

/// Multiply-accumulates of a model per token, scored token and pair of query and key.
struct ModelOperations {
    /// One for each layer.
    attention_rules: Vec<AttentionRule>,
    qkv: Projections,
    others: Projections,
    attention: f64,
    head: f64,
    trained_head: bool,
}

/// Weights of projections of one layer.
#[derive(Clone, Copy, Default)]
struct Projections {
    frozen: f64,
    adapters: f64,
}

impl Projections {
    /// Operations per row: forward multiplies by both; backward gives the gradient of the input by both and that of the adapters.
    fn operations(self, passes: Passes) -> f64 {
        2.0 * (passes.forward * (self.frozen + self.adapters) + passes.backward * (self.frozen + 2.0 * self.adapters))
    }
}

impl ModelOperations {
    fn new(config: &ModelConfig, layout: &ParameterLayout) -> Self {
        let (mut qkv, mut others) = (Projections::default(), Projections::default());
        for (projection, slots) in layout.projections(0).iter().enumerate() {
            let [outputs, inputs] = config.projection_shape(projection);
            let part = if projection < 3 { &mut qkv } else { &mut others };
            part.frozen += (outputs * inputs) as f64;
            if let Some(slots) = slots {
                let sizes = [slots.down, slots.up].map(|slot| layout.slots()[slot].range.len());
                part.adapters += sizes.iter().sum::<usize>() as f64;
            }
        }
        Self {
            attention_rules: config.design.layers.iter().map(|layer| layer.attention).collect(),
            qkv,
            others,
            attention: (config.num_attention_heads * config.head_dim) as f64,
            head: (config.vocab_size * config.hidden_size) as f64,
            trained_head: layout.head().is_some(),
        }
    }

    fn of_batch(&self, batch: &TokenBatch, passes: Passes) -> f64 {
        let mut pairs = 0;
        for rows in &batch.samples {
            let first = rows.shared_tokens();
            let of_queries = |rule: &AttentionRule, queries: std::ops::Range<usize>| {
                rule.pairs(first + queries.start..first + queries.end)
            };
            let Some((last, others)) = self.attention_rules.split_last() else {
                continue;
            };
            let all = others.iter().map(|rule| of_queries(rule, 0..rows.own.len()));
            pairs += all.sum::<usize>();
            let scored = batch.scored.partition_point(|&row| row < rows.own.start)
                ..batch.scored.partition_point(|&row| row < rows.own.end);
            if let [begin, .., end] | [begin @ end] = &batch.scored[scored] {
                pairs += of_queries(last, begin - rows.own.start..end + 1 - rows.own.start);
            }
        }
        let scored = batch.scored.len();
        self.of_rows(batch.tokens(), scored, scored, pairs as f64, passes)
    }

    /// Operations of a micro-batch on burn devices, whose samples are padded to the longest.
    fn of_padded(&self, batch: &[(&Sample, u64)], passes: Passes) -> f64 {
        let lengths = batch.iter().map(|(sample, _)| sample.input_ids.len());
        let longest = lengths.max().unwrap_or(0);
        let scored = batch.iter().map(|(sample, _)| sample.scored()).sum::<usize>();
        let rows = longest * batch.len();
        self.of_rows(rows, rows, scored, self.seen(rows, longest), passes)
    }

    /// Operations of a batch with shared prefixes on burn devices.
    fn of_shared(&self, batch: &TokenBatch, passes: Passes) -> f64 {
        let of_sample = |rows: &SampleRows| self.seen(rows.own.len(), rows.shared_tokens() + rows.own.len());
        let pairs = batch.samples.iter().map(of_sample).sum();
        let rows = batch.tokens();
        self.of_rows(rows, rows, batch.scored.len(), pairs, passes)
    }

    /// Pairs over all layers of queries and the keys within their windows, as burn devices multiply them: those that come later too.
    fn seen(&self, queries: usize, keys: usize) -> f64 {
        let rules = self.attention_rules.iter();
        let seen: usize = rules
            .map(|rule| rule.window.map_or(keys, |window| window.min(keys)))
            .sum();
        (queries * seen) as f64
    }

    /// Operations of `rows` rows with `scored` scored ones, of which `last_rows` go through the last layer; `pairs` of queries and keys over all
    /// layers.
    fn of_rows(&self, rows: usize, last_rows: usize, scored: usize, pairs: f64, passes: Passes) -> f64 {
        let (rows, last_rows, scored) = (rows as f64, last_rows as f64, scored as f64);
        let layers = self.attention_rules.len() as f64;
        let projections = layers * rows * self.qkv.operations(passes)
            + ((layers - 1.0) * rows + last_rows) * self.others.operations(passes);
        // Forward multiplies twice per pair, backward five times, the recomputed scores among them.
        let attention = 2.0 * self.attention * (2.0 * passes.forward + 5.0 * passes.backward) * pairs;
        let head_backward = if self.trained_head { 2.0 } else { 1.0 };
        let head = 2.0 * scored * self.head * (1.0 + head_backward * passes.backward);
        projections + attention + head
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::IGNORED;

    fn model() -> ModelOperations {
        with_windows([None, None])
    }

    fn with_windows(windows: [Option<usize>; 2]) -> ModelOperations {
        ModelOperations {
            attention_rules: windows.map(|window| AttentionRule { scale: 1.0, window }).to_vec(),
            qkv: Projections {
                frozen: 100.0,
                adapters: 10.0,
            },
            others: Projections {
                frozen: 1_000.0,
                adapters: 0.0,
            },
            attention: 4.0,
            head: 50.0,
            trained_head: false,
        }
    }

    #[test]
    fn operations_follow_rows_scored_tokens_and_passes() {
        let sample = Sample {
            input_ids: vec![1, 2, 3, 4],
            labels: vec![IGNORED, IGNORED, IGNORED, 4],
        };
        let batch = TokenBatch::new([(&sample, 0)]);
        // 4 rows, 1 of them in the last layer; 10 pairs, of which the query at position 2 has 3.
        let forward = 2.0 * (2.0 * 4.0 * 110.0 + 5.0 * 1_000.0 + 2.0 * 4.0 * (10.0 + 3.0) + 50.0);
        assert_eq!(model().of_batch(&batch, Passes::EVALUATION), forward);
        let backward = 2.0 * (2.0 * 4.0 * 120.0 + 5.0 * 1_000.0 + 5.0 * 4.0 * (10.0 + 3.0) + 50.0);
        assert_eq!(model().of_batch(&batch, Passes::training(false)), forward + backward);
        let recomputed = 2.0 * (2.0 * 4.0 * 110.0 + 5.0 * 1_000.0 + 2.0 * 4.0 * (10.0 + 3.0));
        assert_eq!(
            model().of_batch(&batch, Passes::training(true)),
            forward + backward + recomputed
        );
    }

    #[test]
    fn a_window_leaves_pairs_out() {
        let sample = Sample {
            input_ids: vec![1, 2, 3, 4],
            labels: vec![IGNORED, IGNORED, IGNORED, 4],
        };
        let batch = TokenBatch::new([(&sample, 0)]);
        let operations = |windows| with_windows(windows).of_batch(&batch, Passes::EVALUATION);
        // The first layer's queries see 1, 2, 2 and 2 keys instead of 1, 2, 3 and 4; the last layer's only one 2 instead of 3.
        let per_pair = 2.0 * 4.0 * 2.0;
        assert_eq!(operations([None, None]) - operations([Some(2), None]), 3.0 * per_pair);
        assert_eq!(operations([None, None]) - operations([None, Some(2)]), per_pair);
    }

    #[test]
    fn durations_have_the_unit_a_reader_expects() {
        for (seconds, text) in [
            (0.2, "1 s"),
            (119.0, "119 s"),
            (600.0, "10 min"),
            (12_000.0, "3 h 20 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
