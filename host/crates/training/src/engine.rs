//! What computes losses and gradients; the trainer knows nothing of how.

use crate::batch::Sample;
use crate::error::TrainError;
use crate::parameters::ParameterLayout;

/// Samples of one optimizer step, as they are spread over micro-batches.
#[derive(Debug, Clone, Default)]
pub struct StepSamples<'a> {
    /// Micro-batches; each is a list of samples with the number that seeds its dropout.
    pub micro_batches: Vec<Vec<(&'a Sample, u64)>>,
}

impl StepSamples<'_> {
    /// Scored tokens of the whole step.
    pub fn scored(&self) -> usize {
        self.micro_batches
            .iter()
            .flatten()
            .map(|(sample, _)| sample.scored())
            .sum()
    }

    /// Tokens of the whole step.
    pub fn tokens(&self) -> usize {
        self.micro_batches
            .iter()
            .flatten()
            .map(|(sample, _)| sample.input_ids.len())
            .sum()
    }
}

/// Computes losses and gradients of a model whose trained values are one flat array.
pub trait Engine {
    /// Names and places of the trained values.
    fn layout(&self) -> &ParameterLayout;

    /// Values at the start of training, drawn with `seed`.
    fn initial_values(&self, seed: u64) -> Vec<f32>;

    /// Mean cross-entropy over the scored tokens of the whole step, and its gradient into `gradients` (overwritten).
    ///
    /// # Errors
    /// When the device fails.
    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError>;

    /// Sum of the cross-entropies of the samples' scored tokens; nothing is dropped.
    ///
    /// # Errors
    /// When the device fails.
    fn summed_loss(&mut self, values: &[f32], samples: &[&Sample]) -> Result<f64, TrainError>;

    /// What computes, for logs: `cpu, 2 workers` or a device's name.
    fn description(&self) -> String;
}
