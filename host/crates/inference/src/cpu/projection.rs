//! A projection laid out for the CPU engine.

use burn::tensor::DType;

use super::adapter::AdapterGroup;
use super::matrix::{Matrix, WeightPrecision, multiply_all};
use nl2sql_model::layers::Projection;
use nl2sql_model::weights::values_of;

/// `f * (W x + s B (A x)) + b`, the adapter `s B A` and its direction factor `f` being each row's own.
#[derive(Debug)]
pub(super) struct CpuProjection {
    weight: Matrix,
    bias: Option<Vec<f32>>,
    /// Where adapters hold their factors for it.
    place: usize,
}

impl CpuProjection {
    pub(super) fn new(projection: &Projection, precision: WeightPrecision, place: usize) -> Self {
        let weight = projection.weight.matrix(DType::F32).transpose();
        Self {
            weight: Matrix::from_tensor(weight, precision),
            bias: projection.bias.clone().map(values_of),
            place,
        }
    }

    /// Inputs `[count, d_in]` to outputs `[count, d_out]`.
    pub(super) fn forward(&self, inputs: &[f32], groups: &[AdapterGroup], outputs: &mut Vec<f32>) {
        project_all([(self, outputs)], inputs, groups);
    }

    /// Adds what adapters and bias change of the weight's products.
    fn complete(&self, inputs: &[f32], groups: &[AdapterGroup], outputs: &mut [f32]) {
        let (d_in, d_out) = (self.weight.columns(), self.weight.rows());
        for AdapterGroup { adapter, tokens } in groups {
            let factors = adapter.as_ref().and_then(|adapter| adapter.factors(self.place));
            if let Some(factors) = factors {
                factors.add(
                    &inputs[tokens.start * d_in..tokens.end * d_in],
                    &mut outputs[tokens.start * d_out..tokens.end * d_out],
                );
            }
        }
        if let Some(bias) = &self.bias {
            for row in outputs.chunks_exact_mut(d_out) {
                for (value, bias) in row.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
        }
    }
}

/// The same inputs through several projections, each to its own outputs.
pub(super) fn project_all<const N: usize>(
    mut projections: [(&CpuProjection, &mut Vec<f32>); N],
    inputs: &[f32],
    groups: &[AdapterGroup],
) {
    let products = projections
        .each_mut()
        .map(|(projection, outputs)| (&projection.weight, &mut **outputs));
    multiply_all(products, inputs);
    for (projection, outputs) in projections {
        projection.complete(inputs, groups, outputs);
    }
}
