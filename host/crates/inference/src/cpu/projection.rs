//! A projection with its adapter, laid out for the CPU engine.

use burn::tensor::DType;

use super::matrix::{Matrix, WeightPrecision};
use nl2sql_model::layers::{LowRank, Projection};
use nl2sql_model::weights::values_of;

/// `f * (W x + s B (A x)) + b`, where `f` is DoRA's direction factor or absent.
#[derive(Debug)]
pub(super) struct CpuProjection {
    weight: Matrix,
    bias: Option<Vec<f32>>,
    adapter: Option<CpuAdapter>,
}

#[derive(Debug)]
struct CpuAdapter {
    down: Matrix,
    up: Matrix,
    scale: f32,
    factor: Option<Vec<f32>>,
}

impl CpuProjection {
    pub(super) fn new(projection: &Projection, precision: WeightPrecision) -> Self {
        let weight = projection.weight.matrix(DType::F32).transpose();
        Self {
            weight: Matrix::from_tensor(weight, precision),
            bias: projection.bias.clone().map(values_of),
            adapter: projection
                .adapter
                .as_ref()
                .map(|adapter| CpuAdapter::new(projection, adapter)),
        }
    }

    /// Inputs `[count, d_in]` to `[count, d_out]`.
    pub(super) fn forward(&self, inputs: &[f32]) -> Vec<f32> {
        let mut outputs = self.weight.times(inputs);
        let width = self.weight.rows();
        if let Some(adapter) = &self.adapter {
            adapter.add(inputs, &mut outputs);
        }
        if let Some(bias) = &self.bias {
            for row in outputs.chunks_exact_mut(width) {
                for (value, bias) in row.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
        }
        outputs
    }
}

impl CpuAdapter {
    fn new(projection: &Projection, adapter: &LowRank) -> Self {
        let factor = adapter.magnitude.as_ref().map(|magnitude| {
            let magnitude = values_of(magnitude.val());
            let norms = values_of(projection.initial_magnitude());
            magnitude
                .iter()
                .zip(norms)
                .map(|(magnitude, norm)| magnitude / norm)
                .collect()
        });
        Self {
            down: Matrix::from_tensor(adapter.down.val().transpose(), WeightPrecision::F32),
            up: Matrix::from_tensor(adapter.up.val().transpose(), WeightPrecision::F32),
            scale: adapter.scale as f32,
            factor,
        }
    }

    fn add(&self, inputs: &[f32], outputs: &mut [f32]) {
        let change = self.up.times(&self.down.times(inputs));
        for (output, change) in outputs.iter_mut().zip(change) {
            *output += self.scale * change;
        }
        if let Some(factor) = &self.factor {
            for row in outputs.chunks_exact_mut(factor.len()) {
                for (value, factor) in row.iter_mut().zip(factor) {
                    *value *= factor;
                }
            }
        }
    }
}
