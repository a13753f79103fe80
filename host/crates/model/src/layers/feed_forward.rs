//! The gated feed-forward layer (Shazeer 2020, arXiv:2002.05202).

use burn::module::Module;
use burn::tensor::{DType, Tensor, activation::silu};

use super::Projection;
use crate::architecture::Activation;

/// `down(activation(gate(x)) * up(x))`.
#[derive(Module, Debug)]
pub struct GatedFeedForward {
    /// Gate, `[hidden, intermediate]`.
    pub gate: Projection,
    /// Values that are gated, `[hidden, intermediate]`.
    pub up: Projection,
    /// Back to the residual stream, `[intermediate, hidden]`.
    pub down: Projection,
    /// Activation of the gate.
    #[module(skip)]
    pub activation: Activation,
}

impl GatedFeedForward {
    /// Feed-forward over `[rows, length, hidden]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let gate = self.gate.forward(x.clone());
        let opened = match self.activation {
            Activation::Silu => silu(gate),
            Activation::GeluTanh => gelu_tanh(gate),
        };
        self.down.forward(opened * self.up.forward(x))
    }
}

/// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2` (Hendrycks and Gimpel 2016, arXiv:1606.08415), in f32 whatever the dtype.
fn gelu_tanh(x: Tensor<3>) -> Tensor<3> {
    let dtype = x.dtype();
    let x = x.cast(DType::F32);
    let inner = (x.clone().powi_scalar(3) * 0.044_715 + x.clone()) * (2.0 / std::f64::consts::PI).sqrt();
    (x * (inner.tanh() + 1.0) * 0.5).cast(dtype)
}
