//! The gated feed-forward layer (Shazeer 2020, arXiv:2002.05202).

use burn::module::Module;
use burn::tensor::{DType, Tensor, activation::silu};

use super::Projection;
use crate::architecture::Activation;
use crate::kernels::gated;

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
        let [rows, length, _] = x.dims();
        let (gate, up) = (self.gate.forward(x.clone()), self.up.forward(x));
        let width = gate.dims()[2];
        let flat = |tensor: Tensor<3>| tensor.reshape([rows * length, width]);
        let product = gated(self.activation, &flat(gate), &flat(up));
        self.down.forward(product.reshape([rows, length, width]))
    }
}

impl Activation {
    /// The activation of each element.
    pub fn of<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Silu => silu(x),
            Self::GeluTanh => gelu_tanh(x),
        }
    }
}

/// `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2` (Hendrycks and Gimpel 2016, arXiv:1606.08415), in f32 whatever the dtype.
fn gelu_tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let dtype = x.dtype();
    let x = x.cast(DType::F32);
    let inner = (x.clone().powi_scalar(3) * 0.044_715 + x.clone()) * (2.0 / std::f64::consts::PI).sqrt();
    (x * (inner.tanh() + 1.0) * 0.5).cast(dtype)
}
