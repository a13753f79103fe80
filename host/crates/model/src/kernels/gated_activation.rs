//! The gate of a feed-forward layer: SwiGLU and GeGLU (Shazeer 2020, arXiv:2002.05202).

use burn::tensor::activation::sigmoid;
use burn::tensor::{DType, Tensor};

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;
use crate::architecture::Activation;

/// `activation(gate) * up`, element by element.
pub fn gated(activation: Activation, gate: &Tensor<2>, up: &Tensor<2>) -> Tensor<2> {
    kernel_or!(
        cube::gated_activation::forward(activation, gate, up),
        activation.of(gate.clone()) * up.clone()
    )
}

/// The gradients of gate and values, given that of the product.
pub fn gated_backward(
    activation: Activation,
    gate: &Tensor<2>,
    up: &Tensor<2>,
    gradient: &Tensor<2>,
) -> [Tensor<2>; 2] {
    kernel_or!(
        cube::gated_activation::backward(activation, gate, up, gradient),
        backward_plain(activation, gate, up, gradient)
    )
}

fn backward_plain(activation: Activation, gate: &Tensor<2>, up: &Tensor<2>, gradient: &Tensor<2>) -> [Tensor<2>; 2] {
    let dtype = gate.dtype();
    let [gate, up, gradient] = [gate, up, gradient].map(|tensor| tensor.clone().cast(DType::F32));
    let (opened, slope) = match activation {
        Activation::Silu => {
            let open = sigmoid(gate.clone());
            let slope = open.clone() * (gate.clone() * (open.clone().neg() + 1.0) + 1.0);
            (gate * open, slope)
        }
        Activation::GeluTanh => {
            let root = (2.0 / std::f64::consts::PI).sqrt();
            let inner = (gate.clone().powi_scalar(3) * 0.044_715 + gate.clone()) * root;
            let tanh = inner.tanh();
            let inner_slope = (gate.clone().square() * (3.0 * 0.044_715) + 1.0) * root;
            let slope =
                (tanh.clone() + 1.0) * 0.5 + gate.clone() * (tanh.clone().square().neg() + 1.0) * inner_slope * 0.5;
            (gate * (tanh + 1.0) * 0.5, slope)
        }
    };
    [
        (gradient.clone() * up * slope).cast(dtype),
        (gradient * opened).cast(dtype),
    ]
}
