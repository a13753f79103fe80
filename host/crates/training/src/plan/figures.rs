//! Figures of a planned run: sizes, memory and time, as `--dry-run` shows them.

use std::fmt;

use nl2sql_model::ModelConfig;
use serde::Serialize;

use super::TrainPlan;
use super::time_estimate::{self, TimeEstimate};
use crate::cpu::Precision;
use crate::engine::ComputeTarget;
use crate::error::TrainError;
use crate::parameters::ParameterLayout;
use crate::settings::TrainSettings;
use crate::train::model_parameters;

/// Figures of a planned run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanFigures {
    /// Training samples.
    pub samples: usize,
    /// Evaluation samples.
    pub evaluation_samples: usize,
    /// Number of evaluations during training.
    pub evaluations: usize,
    /// Tokens of all training samples: one epoch.
    pub tokens_per_epoch: usize,
    /// Tokens of the longest training sample.
    pub longest: usize,
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
    /// Trainable parameters.
    pub trainable: usize,
    /// All parameters, trainable ones included.
    pub total: usize,
    /// Chat template.
    pub template: String,
    /// Device the run would use.
    pub device: String,
    /// Storage of frozen weights.
    pub precision: Precision,
    /// Estimated peak memory on the device, in bytes.
    pub memory: u64,
    /// Data-parallel workers.
    pub workers: usize,
    /// Estimated time.
    pub time: TimeEstimate,
}

impl TrainPlan {
    /// Computes the figures of the run. Measures the device for a fraction of a second and loads no model.
    ///
    /// # Errors
    /// When the adapter's targets match nothing, or the device is missing or does not support the settings.
    pub fn figures(&self, settings: &TrainSettings) -> Result<PlanFigures, TrainError> {
        let target = ComputeTarget::of(settings)?;
        let layout = ParameterLayout::new(&self.config, &settings.adapter_config())?;
        let o = &settings.optimization;
        let base = model_parameters(&self.config);
        let lengths = self.samples.iter().map(|(_, sample)| sample.input_ids.len());
        let longest = lengths.clone().max().unwrap_or(0);
        let evaluations = self.evaluations(settings);
        Ok(PlanFigures {
            samples: self.samples.len(),
            evaluation_samples: self.held_out.len(),
            evaluations,
            tokens_per_epoch: lengths.sum(),
            longest,
            steps: self.schedule.total,
            epochs: self.epochs,
            micro_batch: o.batch,
            accumulation: o.accumulation,
            effective_batch: o.batch * o.accumulation,
            trainable: layout.len(),
            total: base + layout.len(),
            template: self.template.to_owned(),
            device: target.name(),
            precision: settings.compute.precision,
            memory: memory_estimate(&self.config, settings, &layout, longest * o.batch),
            workers: match &target {
                ComputeTarget::Cpu(options) => options.workers,
                ComputeTarget::Devices { devices, .. } => devices.len(),
            },
            time: time_estimate::estimate(self, settings, &layout, &target, evaluations),
        })
    }

    /// Number of evaluations during training.
    fn evaluations(&self, settings: &TrainSettings) -> usize {
        let (total, per_epoch) = (self.schedule.total, self.sampler.steps_per_epoch().max(1));
        let is_due = |step: &usize| {
            settings
                .watch
                .is_evaluation_due(*step, total, step.is_multiple_of(per_epoch))
        };
        match self.held_out.is_empty() {
            true => 0,
            false => (1..=total).filter(is_due).count(),
        }
    }
}

/// Upper bound of the bytes a run needs: frozen weights, trained values with gradients and optimizer state, activations.
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
    let norms = config
        .design
        .layers
        .iter()
        .map(|layer| layer.norm_count())
        .max()
        .unwrap_or(0);
    let layer = norms * hidden + 2 * queries + 2 * keys + 2 * wide;
    let saved = match settings.compute.recompute {
        true => config.num_hidden_layers * hidden + layer,
        false => config.num_hidden_layers * layer,
    };
    let transient = 4 * hidden + 2 * queries + 2 * keys + 2 * wide;
    let logits = 64 * config.vocab_size * settings.compute.workers;
    (frozen + trained + 4 * (tokens * (saved + transient) + logits)) as u64
}

impl PlanFigures {
    /// Trainable share of all parameters, in percent.
    pub fn trainable_percent(&self) -> f64 {
        100.0 * self.trainable as f64 / self.total as f64
    }

    fn evaluation_line(&self) -> String {
        match (self.evaluation_samples, self.evaluations) {
            (0, _) => "none; give eval_steps and evaluation data to evaluate during training".to_owned(),
            (samples, 0) => format!("{samples} samples, not evaluated during training; set eval_steps"),
            (samples, times) => format!("{samples} samples, {times} times"),
        }
    }
}

impl fmt::Display for PlanFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, text: String| writeln!(f, "{name:<18} {text}");
        line("samples", format!("{} to train on", grouped(self.samples)))?;
        line("evaluation", self.evaluation_line())?;
        line(
            "tokens",
            format!(
                "{} per epoch, {} in the longest sample",
                grouped(self.tokens_per_epoch),
                grouped(self.longest)
            ),
        )?;
        line(
            "steps",
            format!("{} ({})", grouped(self.steps), counted(self.epochs, "epoch")),
        )?;
        line(
            "effective batch",
            format!(
                "{} ({} x {} accumulated, over {})",
                self.effective_batch,
                self.micro_batch,
                self.accumulation,
                counted(self.workers as f64, "worker")
            ),
        )?;
        line(
            "trainable",
            format!(
                "{} of {} parameters ({:.4}%)",
                grouped(self.trainable),
                grouped(self.total),
                self.trainable_percent()
            ),
        )?;
        line("template", self.template.clone())?;
        line(
            "device",
            format!("{}, frozen weights in {}", self.device, self.precision),
        )?;
        line(
            "memory, estimated",
            format!("{:.2} GiB", self.memory as f64 / (1u64 << 30) as f64),
        )?;
        write!(f, "{:<18} {}", "time, estimated", self.time)
    }
}

/// Digits in groups of three.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun in the right form.
fn counted(number: f64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1.0 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_nouns_counted() {
        for (number, text) in [(7, "7"), (999, "999"), (1_000, "1,000"), (3_578_004, "3,578,004")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(
            (counted(1.0, "epoch").as_str(), counted(2.5, "epoch").as_str()),
            ("1 epoch", "2.5 epochs")
        );
    }
}
