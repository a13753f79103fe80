//! The gradient of root-mean-square normalisation (Zhang and Sennrich 2019, arXiv:1910.07467).

use burn::tensor::{DType, Tensor};

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;
use crate::layers::RmsNorm;

/// The gradient of rows `[rows, width]` for that of what [`RmsNorm::forward`] makes of them, with `added` added to it.
pub fn rms_norm_backward(norm: &RmsNorm, x: &Tensor<2>, gradient: &Tensor<2>, added: Option<&Tensor<2>>) -> Tensor<2> {
    kernel_or!(
        cube::rms_norm::backward(norm, x, gradient, added),
        backward_plain(norm, x, gradient, added)
    )
}

/// With `r = 1 / sqrt(mean(x^2) + epsilon)` and `h = gradient * scale`: `r h - x r^3 mean(x h)`.
fn backward_plain(norm: &RmsNorm, x: &Tensor<2>, gradient: &Tensor<2>, added: Option<&Tensor<2>>) -> Tensor<2> {
    let dtype = x.dtype();
    let x = x.clone().cast(DType::F32);
    let scaled = gradient.clone().cast(DType::F32) * norm.factors().unsqueeze();
    let inverse = norm.inverse_root(x.clone());
    let mean = (x.clone() * scaled.clone()).mean_dim(1);
    let cubed = inverse.clone() * inverse.clone() * inverse.clone();
    let result = scaled * inverse - x * cubed * mean;
    match added {
        Some(added) => (result + added.clone().cast(DType::F32)).cast(dtype),
        None => result.cast(dtype),
    }
}
