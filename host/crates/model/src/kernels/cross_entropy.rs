//! Cross-entropy of logits for their targets, with its gradient.

use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Int, Tensor};

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;

/// The cross-entropy of each row of logits `[rows, vocab]` for its target, in f32, and the gradient of `scale` times their sum. The logits are the
/// caller's alone: on graphics cards the gradient takes their place.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, scale: f64) -> (Tensor<1>, Tensor<2>) {
    kernel_or!(
        cube::cross_entropy::cross_entropy(&logits, &targets, scale),
        plain(logits, targets, scale)
    )
}

fn plain(logits: Tensor<2>, targets: Tensor<1, Int>, scale: f64) -> (Tensor<1>, Tensor<2>) {
    let (dtype, [rows, vocab]) = (logits.dtype(), logits.dims());
    let likelihoods = log_softmax(logits.cast(DType::F32), 1);
    let targets: Tensor<2, Int> = targets.unsqueeze_dim(1);
    let losses = likelihoods.clone().gather(1, targets.clone()).neg().reshape([rows]);
    let numbers = Tensor::<1, Int>::arange(0..vocab as i64, &losses.device()).unsqueeze::<2>();
    let is_target = numbers.expand([rows, vocab]).equal(targets.expand([rows, vocab]));
    let likelihoods = likelihoods.exp();
    let gradient = (likelihoods.clone() - is_target.float().cast(DType::F32)) * scale;
    (losses, gradient.cast(dtype))
}
