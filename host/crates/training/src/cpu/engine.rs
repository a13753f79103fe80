//! The CPU engine: whole samples are dealt to workers, each a thread with its own buffers and gradients.

use std::path::Path;

use nl2sql_model::ModelConfig;
use nl2sql_model::adapter::AdapterConfig;

use super::bf16::Unit;
use super::decoder::{CpuDecoder, PassOptions, Workspace};
use super::frozen::Precision;
use super::weights;
use crate::batch::{Sample, TokenBatch};
use crate::engine::{Engine, StepSamples};
use crate::error::TrainError;
use crate::parameters::ParameterLayout;

/// How the CPU engine computes.
#[derive(Debug, Clone)]
pub struct CpuOptions {
    /// Threads; each holds the activations of its own samples.
    pub workers: usize,
    /// Keep only layer inputs and make the rest again on the way back (`gradient_checkpointing`).
    pub recompute: bool,
    /// How frozen weights are held.
    pub precision: Precision,
}

/// Losses and gradients on CPU threads.
///
/// A micro-batch's samples are dealt to the workers by length, longest first to whoever has least; gradients are
/// summed in the workers' order. So the same samples and the same number of workers give the same bits, whichever
/// thread finishes first.
pub struct CpuEngine {
    decoder: CpuDecoder,
    layout: ParameterLayout,
    options: CpuOptions,
    dropout: f32,
    workers: Vec<Worker>,
}

#[derive(Default)]
struct Worker {
    workspace: Workspace,
    gradients: Vec<f32>,
}

impl CpuEngine {
    /// Loads the base model of `folder`, frozen, for training what `adapter` describes.
    ///
    /// # Errors
    /// When the folder is incomplete, its weights do not fit its configuration, or the adapter's settings are impossible.
    pub fn load(folder: &Path, adapter: &AdapterConfig, options: CpuOptions) -> Result<Self, TrainError> {
        let config = ModelConfig::read(folder)?;
        if adapter.weight_decomposed && adapter.dropout > 0.0 {
            return Err(TrainError::setting(
                "use_dora",
                "together with lora_dropout is not supported",
                "set lora_dropout to 0, or train without DoRA",
            ));
        }
        let layout = ParameterLayout::new(&config, adapter)?;
        let decoder = weights::load(folder, &config, adapter, &layout, options.precision)?;
        let workers = (0..options.workers.max(1)).map(|_| Worker::default()).collect();
        Ok(Self {
            decoder,
            layout,
            options,
            dropout: adapter.dropout as f32,
            workers,
        })
    }
}

impl Engine for CpuEngine {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn initial_values(&self, seed: u64) -> Vec<f32> {
        let mut values = self.layout.initial_factors(seed);
        for layer in &self.decoder.layers {
            for group in [&layer.qkv, &layer.output, &layer.gate_up, &layer.down] {
                group.start_magnitudes(&mut values);
            }
        }
        let head = self.decoder.head.as_ref().unwrap_or(&self.decoder.embedding);
        for (range, table) in [
            (&self.decoder.trained_embedding, &self.decoder.embedding),
            (&self.decoder.trained_head, head),
        ] {
            if let Some(range) = range {
                values[range.clone()].copy_from_slice(table.open(&mut Vec::new()));
            }
        }
        values
    }

    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError> {
        let scale = 1.0 / samples.scored().max(1) as f32;
        let options = PassOptions {
            dropout: self.dropout,
            recompute: self.options.recompute,
        };
        let count = self.workers.len();
        let shares = deal_step(samples, count);
        let decoder = &self.decoder;
        let losses: Vec<f64> = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .workers
                .iter_mut()
                .zip(&shares)
                .map(|(worker, batches)| {
                    scope.spawn(move || {
                        worker.gradients.clear();
                        worker.gradients.resize(values.len(), 0.0);
                        let Worker { workspace, gradients } = worker;
                        batches
                            .iter()
                            .map(|batch| {
                                decoder.loss_and_gradients(values, batch, scale, options, gradients, workspace)
                            })
                            .sum::<f64>()
                    })
                })
                .collect();
            running.into_iter().map(join).collect()
        });
        gradients.fill(0.0);
        for worker in &self.workers {
            gradients
                .iter_mut()
                .zip(&worker.gradients)
                .for_each(|(sum, g)| *sum += g);
        }
        Ok(losses.iter().sum::<f64>() * f64::from(scale))
    }

    fn summed_loss(&mut self, values: &[f32], samples: &[&Sample]) -> Result<f64, TrainError> {
        let shares = deal(samples.iter().map(|&sample| (sample, 0)).collect(), self.workers.len());
        let decoder = &self.decoder;
        let losses: Vec<f64> = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .workers
                .iter_mut()
                .zip(&shares)
                .map(|(worker, share)| {
                    scope.spawn(move || {
                        decoder.loss(values, &TokenBatch::new(share.iter().copied()), &mut worker.workspace)
                    })
                })
                .collect();
            running.into_iter().map(join).collect()
        });
        Ok(losses.iter().sum())
    }

    fn description(&self) -> String {
        let bf16 = match Unit::found().first() {
            Some(unit) if self.options.precision == Precision::Bf16 => format!(", multiplied by {unit}"),
            _ => String::new(),
        };
        format!(
            "cpu, {} workers, {} MiB of frozen weights{bf16}",
            self.workers.len(),
            self.decoder.frozen_bytes() >> 20
        )
    }
}

/// A worker's result; its panic goes on in the caller.
fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Each worker's batches of a step. Every micro-batch is dealt over all workers, so that a worker never holds more
/// than its share of one; micro-batches smaller than the number of workers are dealt whole, together.
fn deal_step(samples: &StepSamples, workers: usize) -> Vec<Vec<TokenBatch>> {
    let mut shares: Vec<Vec<TokenBatch>> = vec![Vec::new(); workers];
    let lay = |share: &[(&Sample, u64)]| TokenBatch::new(share.iter().copied());
    if samples.micro_batches.iter().any(|batch| batch.len() < workers) {
        let singles: Vec<_> = samples.micro_batches.iter().flatten().copied().collect();
        for (share, dealt) in shares.iter_mut().zip(deal(singles, workers)) {
            share.extend(dealt.chunks(1).map(lay));
        }
        return shares;
    }
    for micro_batch in &samples.micro_batches {
        for (share, dealt) in shares.iter_mut().zip(deal(micro_batch.clone(), workers)) {
            share.push(lay(&dealt));
        }
    }
    shares
}

/// Deals samples to workers: longest first, to whoever has fewest tokens.
fn deal(mut samples: Vec<(&Sample, u64)>, workers: usize) -> Vec<Vec<(&Sample, u64)>> {
    samples.sort_by_key(|(sample, _)| std::cmp::Reverse(sample.input_ids.len()));
    let mut shares = vec![Vec::new(); workers];
    let mut tokens = vec![0; workers];
    for sample in samples {
        let least = (0..workers).min_by_key(|&worker| tokens[worker]).unwrap_or(0);
        tokens[least] += sample.0.input_ids.len();
        shares[least].push(sample);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dealing_balances_tokens_and_loses_nobody() {
        let samples: Vec<Sample> = [5, 9, 2, 7, 3]
            .map(|n| Sample {
                input_ids: vec![0; n],
                labels: vec![0; n],
            })
            .to_vec();
        let shares = deal(samples.iter().map(|sample| (sample, 0)).collect(), 2);
        let tokens: Vec<usize> = shares
            .iter()
            .map(|share| share.iter().map(|(s, _)| s.input_ids.len()).sum())
            .collect();
        assert_eq!(tokens, [14, 12]);
    }
}
