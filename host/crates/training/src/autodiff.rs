//! Losses and gradients on burn's devices: graphics cards, and the CPU as a reference for the CPU engine.
//!
//! Each device holds the whole frozen model; a step's samples are sharded over the devices and gradients are summed in
//! device order. Trained values, optimizer and clipping stay in host memory: adapters are small.

use std::path::Path;
use std::time::Instant;

use burn::module::Param;
use burn::tensor::{DType, Device, Gradients, Int, Tensor, TensorData, activation::log_softmax};
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::layers::LowRank;
use nl2sql_model::{Decoder, LoadOptions, ModelConfig, OutputHead, StoredDtype, load_decoder};

use crate::batch::{IGNORED, Sample};
use crate::engine::{Engine, StepSamples, device_name};
use crate::error::TrainError;
use crate::parameters::{ParameterLayout, Slot};

/// The engine over one or more burn devices.
pub struct AutodiffEngine {
    replicas: Vec<Decoder>,
    layout: ParameterLayout,
    adapter: AdapterConfig,
    names: String,
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
                        device: device.clone().autodiff(),
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
        })
    }
}

impl Engine for AutodiffEngine {
    fn layout(&self) -> &ParameterLayout {
        &self.layout
    }

    fn initial_values(&self, seed: u64) -> Vec<f32> {
        let mut values = self.layout.initial_factors(seed);
        let Some(model) = self.replicas.first() else {
            return values;
        };
        for (number, layer) in model.layers.iter().enumerate() {
            for (projection, slots) in layer.projections().iter().zip(self.layout.projections(number)) {
                if let Some(magnitude) = slots.and_then(|slots| slots.magnitude) {
                    let start = host_values(projection.initial_magnitude());
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
                values[self.layout.slots()[slot].range.clone()].copy_from_slice(&host_values(start));
            }
        }
        values
    }

    fn step(&mut self, values: &[f32], samples: &StepSamples, gradients: &mut [f32]) -> Result<f64, TrainError> {
        let scale = 1.0 / samples.scored().max(1) as f64;
        gradients.fill(0.0);
        let mut total = 0.0;
        let count = self.replicas.len();
        for (number, replica) in self.replicas.iter_mut().enumerate() {
            let device = replica.device();
            load_values(
                replica,
                &self.layout,
                &self.adapter,
                values,
                self.adapter.dropout,
                &device,
            );
            for micro_batch in &samples.micro_batches {
                let share: Vec<&Sample> = micro_batch
                    .iter()
                    .skip(number)
                    .step_by(count)
                    .map(|(sample, _)| *sample)
                    .collect();
                if let Some((_, key)) = micro_batch.first() {
                    device.seed(*key);
                }
                let Some(loss) = summed_loss(replica, &share) else {
                    continue;
                };
                let graph = (loss.clone() * scale).backward();
                total += f64::from(host_values(loss)[0]) * scale;
                collect(replica, &self.layout, &graph, |slot, gradient| {
                    let sum = gradients[slot.range.clone()].iter_mut();
                    sum.zip(gradient).for_each(|(sum, g)| *sum += g);
                });
            }
        }
        Ok(total)
    }

    fn summed_loss(&mut self, values: &[f32], samples: &[&Sample]) -> Result<f64, TrainError> {
        let Some(replica) = self.replicas.first_mut() else {
            return Ok(0.0);
        };
        let device = replica.device();
        load_values(replica, &self.layout, &self.adapter, values, 0.0, &device);
        Ok(summed_loss(replica, samples).map_or(0.0, |loss| f64::from(host_values(loss)[0])))
    }

    fn description(&self) -> String {
        self.names.clone()
    }
}

/// Loads the flat values into the model as parameters. PEFT's factors are the transposes of burn's.
fn load_values(
    model: &mut Decoder,
    layout: &ParameterLayout,
    adapter: &AdapterConfig,
    values: &[f32],
    dropout: f64,
    device: &Device,
) {
    let matrix = |slot: usize| -> Tensor<2> {
        let slot = &layout.slots()[slot];
        let data = TensorData::new(values[slot.range.clone()].to_vec(), [slot.shape[0], slot.shape[1]]);
        Tensor::from_data(data, device)
    };
    for (number, layer) in model.layers.iter_mut().enumerate() {
        for (projection, slots) in layer.projections_mut().into_iter().zip(layout.projections(number)) {
            let Some(slots) = slots else { continue };
            let mut factors = LowRank::new(
                matrix(slots.down).transpose(),
                matrix(slots.up).transpose(),
                adapter.scale(),
                dropout,
            );
            factors.magnitude = slots.magnitude.map(|slot| {
                let slot = &layout.slots()[slot];
                let data = TensorData::new(values[slot.range.clone()].to_vec(), [slot.shape[0]]);
                Param::from_tensor(Tensor::from_data(data, device))
            });
            projection.adapter = Some(factors);
        }
    }
    // A tied head keeps reading the frozen table, as in PEFT.
    if let (Some(_), None, OutputHead::Tied(_)) = (layout.embedding(), layout.head(), &model.head) {
        model.head = OutputHead::Trained(Param::from_tensor(model.embedding.table.val()).set_require_grad(false));
    }
    if let Some(slot) = layout.embedding() {
        model.embedding.table = Param::from_tensor(matrix(slot));
    }
    if let Some(slot) = layout.head() {
        model.head = OutputHead::Trained(Param::from_tensor(matrix(slot)));
    }
}

/// Sum of the cross-entropies of the scored tokens; `None` when nothing is scored.
fn summed_loss(model: &Decoder, samples: &[&Sample]) -> Option<Tensor<1>> {
    let length = samples.iter().map(|sample| sample.input_ids.len()).max()?;
    let (mut positions, mut targets) = (Vec::new(), Vec::new());
    for (row, sample) in samples.iter().enumerate() {
        for (column, &label) in sample
            .labels
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, label)| **label != IGNORED)
        {
            positions.push(row * length + column - 1);
            targets.push(label);
        }
    }
    if targets.is_empty() {
        return None;
    }
    let device = model.device();
    let rows: Vec<Vec<u32>> = samples.iter().map(|sample| sample.input_ids.clone()).collect();
    let logits = model.logits_at(model.hidden_states(&rows), &positions);
    let count = targets.len();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [count, 1]), &device);
    Some(log_softmax(logits, 1).gather(1, targets).sum().neg())
}

/// Passes every trained tensor's gradient, in PEFT's layout, to `take`.
fn collect(model: &Decoder, layout: &ParameterLayout, graph: &Gradients, mut take: impl FnMut(&Slot, Vec<f32>)) {
    let slots = layout.slots();
    for (number, layer) in model.layers.iter().enumerate() {
        for (projection, placed) in layer.projections().iter().zip(layout.projections(number)) {
            let (Some(placed), Some(factors)) = (placed, &projection.adapter) else {
                continue;
            };
            for (slot, factor) in [(placed.down, &factors.down), (placed.up, &factors.up)] {
                if let Some(gradient) = factor.val().grad(graph) {
                    take(&slots[slot], host_values(gradient.transpose()));
                }
            }
            if let (Some(slot), Some(magnitude)) = (placed.magnitude, &factors.magnitude)
                && let Some(gradient) = magnitude.val().grad(graph)
            {
                take(&slots[slot], host_values(gradient));
            }
        }
    }
    if let (Some(slot), Some(gradient)) = (layout.embedding(), model.embedding.table.val().grad(graph)) {
        take(&slots[slot], host_values(gradient));
    }
    if let (Some(slot), OutputHead::Trained(weight)) = (layout.head(), &model.head)
        && let Some(gradient) = weight.val().grad(graph)
    {
        take(&slots[slot], host_values(gradient));
    }
}

/// Values of a tensor in host memory, in f32.
fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
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
