//! The softmax of causal attention, forward and backward, in place.

use burn::tensor::activation::softmax;
use burn::tensor::{DType, Tensor};

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;
use crate::layers::AttentionMask;

/// Which keys queries see. Scores are rows of `keys`, `queries` of them for each head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisibleKeys {
    /// Queries of a head, at consecutive positions.
    pub queries: usize,
    /// How far the first query's position lies behind that of the first key.
    pub first_query: usize,
    /// Positions that a query sees, its own included; `None`: every earlier one.
    pub window: Option<usize>,
}

/// `softmax(scale * scores)` over the visible keys of `[rows, heads, group * queries, keys]`; hidden ones weigh nothing.
pub fn masked_softmax(scores: Tensor<4>, visible: VisibleKeys, scale: f64) -> Tensor<4> {
    kernel_or!(
        cube::masked_softmax::forward(&scores, visible, scale),
        forward_plain(scores, visible, scale)
    )
}

/// The gradient of the scores, given the weights and their gradient.
pub fn masked_softmax_backward(weights: &Tensor<4>, gradient: Tensor<4>, scale: f64) -> Tensor<4> {
    kernel_or!(
        cube::masked_softmax::backward(weights, &gradient, scale),
        backward_plain(weights, gradient, scale)
    )
}

fn forward_plain(scores: Tensor<4>, visible: VisibleKeys, scale: f64) -> Tensor<4> {
    let dtype = scores.dtype();
    let [rows, heads, stacked, keys] = scores.dims();
    let VisibleKeys {
        queries,
        first_query,
        window,
    } = visible;
    let positions = first_query..first_query + queries;
    let mask = AttentionMask::causal_block(positions, 0..keys, window, &scores.device());
    let hidden = mask.hidden.expand([1, stacked / queries, queries, keys]);
    let hidden = hidden
        .reshape([1, 1, stacked, keys])
        .expand([rows, heads, stacked, keys]);
    let scores = (scores.cast(DType::F32) * scale).mask_fill(hidden, f32::NEG_INFINITY);
    softmax(scores, 3).cast(dtype)
}

/// `scale * w (g - sum(w g))`.
fn backward_plain(weights: &Tensor<4>, gradient: Tensor<4>, scale: f64) -> Tensor<4> {
    let dtype = gradient.dtype();
    let (weights, gradient) = (weights.clone().cast(DType::F32), gradient.cast(DType::F32));
    let mean = (weights.clone() * gradient.clone()).sum_dim(3);
    (weights * (gradient - mean) * scale).cast(dtype)
}
