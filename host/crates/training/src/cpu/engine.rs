//! The CPU engine: samples are sharded over workers, each a thread with its own buffers and gradients.

use std::path::Path;

use nl2sql_model::ModelConfig;
use nl2sql_model::adapter::AdapterConfig;

use super::bf16::Unit;
use super::decoder::{CpuDecoder, PassOptions, Workspace};
use super::frozen::Precision;
use super::weights;
use crate::batch::Sample;
use crate::batch_sharding::shard_step;
use crate::engine::{Engine, StepSamples};
use crate::error::TrainError;
use crate::parameters::ParameterLayout;

/// How the CPU engine computes.
#[derive(Debug, Clone)]
pub struct CpuOptions {
    /// Number of threads; each holds the activations of its own samples.
    pub workers: usize,
    /// Save only layer inputs and recompute the rest in backward (`gradient_checkpointing`).
    pub recompute: bool,
    /// How frozen weights are held.
    pub precision: Precision,
}

/// Losses and gradients on CPU threads.
///
/// A step's samples are sharded over the workers (`batch_sharding`) and gradients are summed in worker order, so that the same samples
/// and the same number of workers give bit-identical results whichever thread finishes first.
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

    fn initial_values(&self, seed: u64) -> Result<Vec<f32>, TrainError> {
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
        Ok(values)
    }

    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError> {
        let scale = 1.0 / samples.scored().max(1) as f32;
        let options = PassOptions {
            dropout: self.dropout,
            recompute: self.options.recompute,
        };
        let count = self.workers.len();
        let shards = shard_step(samples, count, self.dropout == 0.0);
        let decoder = &self.decoder;
        let losses: Vec<f64> = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .workers
                .iter_mut()
                .zip(&shards)
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
        let together = StepSamples {
            micro_batches: vec![samples.iter().map(|&sample| (sample, 0)).collect()],
        };
        let shards = shard_step(&together, self.workers.len(), true);
        let decoder = &self.decoder;
        let losses: Vec<f64> = std::thread::scope(|scope| {
            let running: Vec<_> = self
                .workers
                .iter_mut()
                .zip(&shards)
                .map(|(worker, batches)| {
                    scope.spawn(move || {
                        let losses = batches
                            .iter()
                            .map(|batch| decoder.loss(values, batch, &mut worker.workspace));
                        losses.sum::<f64>()
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

/// A worker's result; propagates its panic.
fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> T {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
