//! Losses and gradients on burn's devices: graphics cards, and the CPU as a reference for the CPU engine.
//!
//! Each device holds the whole frozen model; a step's samples are sharded over the devices and gradients are summed in
//! device order. Trained values are kept in f32, whatever the dtype of the model. On one device values and optimizer stay there: a step reads its
//! loss and the norm of its gradients. With several, values are uploaded and gradients read once a step, and the optimizer is the host's.

mod arrangement;
mod cross_entropy;
mod frozen_weights;
mod input_group;
mod layer_pass;
mod query_blocks;
mod resident_state;
mod shared_prefixes;
mod trained_values;
mod written_layer;
mod written_pass;

use std::path::Path;
use std::time::Instant;

use burn::tensor::{DType, Device, Tensor};
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::{Decoder, LoadOptions, ModelConfig, OutputHead, StoredDtype, load_decoder};

use self::arrangement::Arrangement;
use self::input_group::FlatState;
use self::layer_pass::LayerPass;
use self::resident_state::ResidentState;
use self::trained_values::{DeviceGradients, DeviceValues};
use self::written_pass::WrittenPass;
use crate::batch::{Sample, TokenBatch};
use crate::batch_sharding::shard_by_shared_prefix;
use crate::engine::{Engine, StepSamples, device_name, step_on_host};
use crate::error::TrainError;
use crate::parameters::ParameterLayout;
use crate::trained_state::{StepOutcome, TrainedState, Update};

/// The engine over one or more burn devices.
pub struct AutodiffEngine {
    replicas: Vec<Decoder>,
    layout: ParameterLayout,
    adapter: AdapterConfig,
    names: String,
    /// What is trained, while it lies on the one device.
    resident: Option<ResidentState>,
}

impl AutodiffEngine {
    /// Loads the base model of `folder`, frozen, onto every device.
    ///
    /// # Errors
    /// When the folder is incomplete or the adapter's settings are impossible.
    pub fn load(
        folder: &Path,
        adapter: &AdapterConfig,
        devices: &[Device],
        dtype: StoredDtype,
    ) -> Result<Self, TrainError> {
        let layout = ParameterLayout::new(&ModelConfig::read(folder)?, adapter)?;
        let names: Vec<String> = devices.iter().map(device_name).collect();
        let replicas = devices
            .iter()
            .map(|device| {
                load_decoder(
                    folder,
                    &LoadOptions {
                        device: device.clone(),
                        dtype,
                    },
                )
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            replicas,
            layout,
            adapter: adapter.clone(),
            names: names.join(", "),
            resident: None,
        })
    }
}

impl Engine for AutodiffEngine {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn initial_values(&self, seed: u64) -> Result<Vec<f32>, TrainError> {
        let mut values = self.layout.initial_factors(seed);
        let Some(model) = self.replicas.first() else {
            return Ok(values);
        };
        for (number, layer) in model.layers.iter().enumerate() {
            for (projection, slots) in layer.projections().iter().zip(self.layout.projections(number)) {
                if let Some(magnitude) = slots.and_then(|slots| slots.magnitude) {
                    let start = host_values(projection.initial_magnitude())?;
                    values[self.layout.slots()[magnitude].range.clone()].copy_from_slice(&start);
                }
            }
        }
        let table = model.embedding.table.val();
        let head = match &model.head {
            OutputHead::Untied(head) => head.merged_weight().transpose(),
            OutputHead::Trained(weight) => weight.val(),
            OutputHead::Tied(_) => table.clone(),
        };
        for (slot, start) in [(self.layout.embedding(), table), (self.layout.head(), head)] {
            if let Some(slot) = slot {
                values[self.layout.slots()[slot].range.clone()].copy_from_slice(&host_values(start)?);
            }
        }
        Ok(values)
    }

    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError> {
        let scale = 1.0 / samples.scored().max(1) as f64;
        let shared = self.shared(samples);
        // Nothing is read back before all devices have their work, so that they compute at the same time.
        let shares: Vec<Tensor<1>> = (0..self.replicas.len())
            .map(|number| {
                let values = DeviceValues::upload(values, &self.layout, &self.replicas[number].device());
                let work = self.work_of(number, shared.as_deref(), samples);
                let (gradients, loss) = self.share_of_step(number, &values, work, scale);
                Tensor::cat(vec![gradients, loss], 0)
            })
            .collect();
        gradients.fill(0.0);
        let mut total = 0.0;
        for share in shares {
            let share = host_values(share)?;
            let Some((loss, share)) = share.split_last() else {
                continue;
            };
            total += f64::from(*loss) * scale;
            gradients.iter_mut().zip(share).for_each(|(sum, g)| *sum += g);
        }
        Ok(total)
    }

    fn summed_loss(&mut self, values: &[f32], samples: &[&Sample]) -> Result<f64, TrainError> {
        let Some(frozen) = self.replicas.first() else {
            return Ok(0.0);
        };
        let values = DeviceValues::upload(values, &self.layout, &frozen.device());
        let together = StepSamples {
            micro_batches: vec![samples.iter().map(|&sample| (sample, 0)).collect()],
        };
        let shared: Vec<TokenBatch> = shard_by_shared_prefix(&together, 1)
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        let arrangements = match shared.is_empty() {
            true => vec![Arrangement::Padded(samples.to_vec())],
            false => shared.iter().map(Arrangement::Shared).collect(),
        };
        let losses: Vec<Tensor<1>> = match self.has_factors_alone() {
            true => {
                let state = self.flat_state(values.flat().clone());
                let passes = arrangements
                    .into_iter()
                    .filter_map(|arrangement| WrittenPass::new(frozen, &self.layout, arrangement));
                passes.map(|pass| pass.summed_loss(&state)).collect()
            }
            false => {
                let model = values.put_into(frozen, &self.adapter, 0.0, false);
                let passes = arrangements
                    .into_iter()
                    .filter_map(|arrangement| LayerPass::new(&model, arrangement, None));
                passes.map(|pass| pass.summed_loss()).collect()
            }
        };
        if losses.is_empty() {
            return Ok(0.0);
        }
        Ok(f64::from(host_values(Tensor::cat(losses, 0).sum())?[0]))
    }

    /// One device takes the step itself; several are summed in host memory.
    fn train_step(
        &mut self,
        trained: &mut TrainedState,
        samples: &StepSamples,
        update: Update,
    ) -> Result<StepOutcome, TrainError> {
        let [frozen] = &self.replicas[..] else {
            return step_on_host(self, trained, samples, update);
        };
        let device = frozen.device();
        let mut resident = match self.resident.take() {
            Some(resident) => resident,
            None => ResidentState::upload(trained, &device),
        };
        let scale = 1.0 / samples.scored().max(1) as f64;
        let shared = self.shared(samples);
        let values = DeviceValues::on_device(resident.tensors.values.clone(), &self.layout);
        let (gradients, loss) = self.share_of_step(0, &values, self.work_of(0, shared.as_deref(), samples), scale);
        let outcome = resident.update(&gradients, &loss, samples.scored(), update);
        self.resident = Some(resident);
        outcome
    }

    fn fetch(&mut self, trained: &mut TrainedState) -> Result<(), TrainError> {
        match &self.resident {
            Some(resident) => resident.read_into(trained),
            None => Ok(()),
        }
    }

    fn description(&self) -> String {
        self.names.clone()
    }
}

/// A micro-batch of one device.
struct MicroBatch<'a> {
    arrangement: Arrangement<'a>,
    dropout_key: Option<u64>,
}

impl<'a> MicroBatch<'a> {
    fn shared(batch: &'a TokenBatch) -> Self {
        Self {
            arrangement: Arrangement::Shared(batch),
            dropout_key: None,
        }
    }
}

impl AutodiffEngine {
    /// Batches of every replica with prefixes that samples share once, where that saves enough. Dropout differs from sample to sample, so that
    /// nothing is shared where there is some.
    fn shared(&self, samples: &StepSamples) -> Option<Vec<Vec<TokenBatch>>> {
        let possible = self.adapter.dropout == 0.0;
        possible.then(|| shard_by_shared_prefix(samples, self.replicas.len()))?
    }

    /// Replica `number`'s samples of every micro-batch.
    fn padded<'a>(&self, number: usize, samples: &StepSamples<'a>) -> Vec<MicroBatch<'a>> {
        let micro_batches = samples.micro_batches.iter();
        let of_replica = micro_batches.map(|micro_batch| {
            let share = micro_batch.iter().skip(number).step_by(self.replicas.len());
            let key = micro_batch.first().map(|(_, key)| *key);
            MicroBatch {
                arrangement: Arrangement::Padded(share.map(|(sample, _)| *sample).collect()),
                dropout_key: key.filter(|_| self.adapter.dropout > 0.0),
            }
        });
        of_replica.collect()
    }

    /// Replica `number`'s micro-batches: of the shared shards where there are some.
    fn work_of<'a>(
        &self,
        number: usize,
        shared: Option<&'a [Vec<TokenBatch>]>,
        samples: &StepSamples<'a>,
    ) -> Vec<MicroBatch<'a>> {
        match shared {
            Some(shards) => shards[number].iter().map(MicroBatch::shared).collect(),
            None => self.padded(number, samples),
        }
    }

    /// Gradients of replica `number`'s micro-batches and the sum of their losses, on its device.
    fn share_of_step(
        &self,
        number: usize,
        values: &DeviceValues<'_>,
        work: Vec<MicroBatch<'_>>,
        scale: f64,
    ) -> (Tensor<1>, Tensor<1>) {
        let frozen = &self.replicas[number];
        let device = frozen.device();
        if self.has_factors_alone() && self.adapter.dropout == 0.0 {
            let mut state = self.flat_state(values.flat().clone());
            let loss = self.accumulate(frozen, work, scale, &mut state);
            return (state.gradients, loss);
        }
        let model = values.put_into(frozen, &self.adapter, self.adapter.dropout, true);
        let mut gradients = DeviceGradients::new(&self.layout);
        let mut loss = Tensor::zeros([1], (&device, DType::F32));
        for micro_batch in work {
            if let Some(pass) = LayerPass::new(&model, micro_batch.arrangement, micro_batch.dropout_key) {
                loss = loss + pass.summed_loss_backward(&self.layout, scale, &mut gradients);
            }
        }
        (gradients.flat(&device), loss)
    }

    /// Whether nothing but low-rank factors is trained.
    fn has_factors_alone(&self) -> bool {
        !self.adapter.weight_decomposed && self.adapter.modules_to_save.is_empty()
    }

    /// The values, and no gradient yet.
    fn flat_state(&self, values: Tensor<1>) -> FlatState {
        FlatState {
            gradients: values.zeros_like(),
            values,
            scale: self.adapter.scale(),
        }
    }

    /// Adds the gradients of micro-batches to those of `state`; answers the sum of their losses.
    fn accumulate(&self, frozen: &Decoder, work: Vec<MicroBatch<'_>>, scale: f64, state: &mut FlatState) -> Tensor<1> {
        let passes = work
            .into_iter()
            .filter_map(|micro_batch| WrittenPass::new(frozen, &self.layout, micro_batch.arrangement));
        let losses: Vec<Tensor<1>> = passes.map(|pass| pass.summed_loss_backward(scale, state)).collect();
        let sum = losses.into_iter().reduce(|sum, loss| sum + loss);
        sum.unwrap_or_else(|| Tensor::zeros([1], (&frozen.device(), DType::F32)))
    }
}

/// `sum(tensor * gradient)`: its backward pass hands `gradient` on to whatever `tensor` was computed from.
fn weighted_sum<const D: usize>(tensor: Tensor<D>, gradient: Tensor<D>) -> Tensor<1> {
    (tensor * gradient).sum()
}

/// Values of a tensor in host memory, in f32.
fn host_values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.inner().into_data().convert_dtype(DType::F32);
    data.try_to_vec().map_err(|error| TrainError::Device {
        reason: format!("values could not be read back: {error:?}"),
    })
}

/// Operations per second of products of 512 rows with a matrix of shape `[rows, columns]` on `device`.
pub(crate) fn product_speed(device: &Device, [rows, columns]: [usize; 2], dtype: StoredDtype) -> f64 {
    const ROWS: usize = 512;
    const PRODUCTS: usize = 16;
    let dtype = match dtype {
        StoredDtype::F32 => DType::F32,
        _ => DType::BF16,
    };
    let weight = Tensor::<2>::ones([columns, rows], device).cast(dtype);
    let x = Tensor::<2>::ones([ROWS, columns], device).cast(dtype);
    // Reading one sum waits for all products; the first round compiles kernels.
    let round = || {
        let sums = (0..PRODUCTS).map(|_| x.clone().matmul(weight.clone()).sum());
        let total = sums.reduce(|a, b| a + b);
        total.map(|total| total.into_data())
    };
    round();
    let began = Instant::now();
    round();
    2.0 * (PRODUCTS * ROWS * rows * columns) as f64 / began.elapsed().as_secs_f64()
}
