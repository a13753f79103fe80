//! A linear layer with a frozen weight and an optional trainable adapter.

use burn::module::Module;
use burn::tensor::{DType, Tensor};

use super::{BlockQuantised, LowRank};

/// The frozen weight of a projection.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "the handles are small beside the weights they hold"
)]
pub enum ProjectionWeight {
    /// Shape `[d_out, d_in]` as files hold it (f32, f16 or bf16).
    Dense(Tensor<2>),
    /// Packed blocks of 8 or 4 bits.
    Quantised(BlockQuantised),
}

impl ProjectionWeight {
    /// The weight as a matrix `[d_in, d_out]` in the dtype of computation.
    pub fn matrix(&self, dtype: DType) -> Tensor<2> {
        match self {
            Self::Dense(weight) if weight.dtype() == dtype => weight.clone().transpose(),
            Self::Dense(weight) => weight.clone().cast(dtype).transpose(),
            Self::Quantised(blocks) => blocks.open(dtype).transpose(),
        }
    }

    /// `[d_in, d_out]`.
    pub fn shape(&self) -> [usize; 2] {
        let [d_out, d_in] = match self {
            Self::Dense(weight) => weight.dims(),
            Self::Quantised(blocks) => blocks.shape(),
        };
        [d_in, d_out]
    }

    /// Bytes the weight takes in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Dense(weight) => weight.shape().num_elements() * weight.dtype().size(),
            Self::Quantised(blocks) => blocks.bytes(),
        }
    }
}

/// `y = x W + b + s (x A) B`: the adapter is computed beside the weight, never added into it.
///
/// The weight and bias carry no autodiff state; only the adapter's factors are parameters.
#[derive(Module, Debug)]
pub struct Projection {
    /// Frozen weight.
    pub weight: ProjectionWeight,
    /// Frozen bias `[d_out]`.
    pub bias: Option<Tensor<1>>,
    /// Trainable adapter.
    pub adapter: Option<LowRank>,
}

impl Projection {
    /// A projection without adapter.
    pub fn new(weight: ProjectionWeight, bias: Option<Tensor<1>>) -> Self {
        Self {
            weight,
            bias,
            adapter: None,
        }
    }

    /// `[d_in, d_out]`.
    pub fn shape(&self) -> [usize; 2] {
        self.weight.shape()
    }

    /// Applies the projection to `[rows, length, d_in]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let weight = self.weight.matrix(x.dtype());
        let base = flat_matmul(x.clone(), weight);
        let adapted = match &self.adapter {
            None => base,
            Some(adapter) => match &adapter.magnitude {
                None => base + adapter.forward(adapter.dropout.forward(x)),
                Some(magnitude) => {
                    // Norms of bf16 sums would be off by a percent.
                    let norms = column_norms(self.weight.matrix(DType::F32) + adapter.delta().detach());
                    let factor = (magnitude.val() / norms.detach()).cast(x.dtype());
                    directional(base, x, adapter, factor, &self.weight)
                }
            },
        };
        match &self.bias {
            Some(bias) => adapted + bias.clone().unsqueeze(),
            None => adapted,
        }
    }

    /// The weight `[d_in, d_out]` with the adapter folded in, in f32.
    pub fn merged_weight(&self) -> Tensor<2> {
        let weight = self.weight.matrix(DType::F32);
        let Some(adapter) = &self.adapter else {
            return weight;
        };
        let sum = weight + adapter.delta();
        match &adapter.magnitude {
            None => sum,
            Some(magnitude) => {
                let factor = magnitude.val() / column_norms(sum.clone());
                sum * factor.unsqueeze()
            }
        }
    }

    /// DoRA's magnitude at the start of training: the norm of each output feature's merged weights.
    pub fn initial_magnitude(&self) -> Tensor<1> {
        let weight = self.weight.matrix(DType::F32);
        match &self.adapter {
            Some(adapter) => column_norms(weight + adapter.delta()),
            None => column_norms(weight),
        }
    }
}

/// DoRA's forward pass as PEFT computes it: the norm is a constant for the gradient, and dropout touches only
/// the change relative to the base.
fn directional(
    base: Tensor<3>,
    x: Tensor<3>,
    adapter: &LowRank,
    factor: Tensor<1>,
    weight: &ProjectionWeight,
) -> Tensor<3> {
    let factor: Tensor<3> = factor.unsqueeze();
    let dropped = adapter.dropout.forward(x.clone());
    let dropped_base = if adapter.dropout.prob > 0.0 {
        flat_matmul(dropped.clone(), weight.matrix(x.dtype()))
    } else {
        base.clone()
    };
    base + (factor.clone() - 1.0) * dropped_base + factor * adapter.forward(dropped)
}

/// Euclidean norm of each column of `[d_in, d_out]`, shape `[d_out]`.
fn column_norms(matrix: Tensor<2>) -> Tensor<1> {
    matrix.square().sum_dim(0).sqrt().squeeze_dim(0)
}

/// `[rows, length, d_in]` times `[d_in, d_out]`, as one matrix product.
fn flat_matmul(x: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    let [rows, length, d_in] = x.dims();
    let d_out = weight.dims()[1];
    x.reshape([rows * length, d_in])
        .matmul(weight)
        .reshape([rows, length, d_out])
}
