//! A step of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) with clipping by the global norm, where the values lie.

use burn::tensor::Tensor;

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;

/// Trained values and the optimizer's memory of their gradients, flat arrays in f32.
#[derive(Debug, Clone)]
pub struct AdamWTensors {
    /// Trained values.
    pub values: Tensor<1>,
    /// Running means of gradients.
    pub means: Tensor<1>,
    /// Running means of squared gradients.
    pub squares: Tensor<1>,
}

/// The numbers of one step: `m += (g - m) fresh_mean; s = s kept_square + g^2 fresh_square;
/// v = v kept_value - pace m / (sqrt(s) / square_root_correction + epsilon)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// `1 - beta1`.
    pub fresh_mean: f32,
    /// `beta2`.
    pub kept_square: f32,
    /// `1 - beta2`.
    pub fresh_square: f32,
    /// `1 - learning rate * weight decay`.
    pub kept_value: f32,
    /// `learning rate / (1 - beta1^t)`.
    pub pace: f32,
    /// `sqrt(1 - beta2^t)`.
    pub square_root_correction: f32,
    /// Added to the denominator for numerical stability.
    pub epsilon: f32,
}

/// Clips the gradients to `max_norm` (not at all where it is 0), takes a step, and answers the loss that was given and the norm before clipping, `[2]`. The
/// state and the gradients are the caller's alone: on graphics cards the state is written in place.
pub fn adamw(
    state: AdamWTensors,
    gradients: &Tensor<1>,
    loss: &Tensor<1>,
    step: AdamWStep,
    max_norm: f32,
) -> (AdamWTensors, Tensor<1>) {
    kernel_or!(
        cube::adamw::adamw(&state, gradients, loss, step, max_norm),
        plain(state, gradients, loss, step, max_norm)
    )
}

fn plain(
    state: AdamWTensors,
    gradients: &Tensor<1>,
    loss: &Tensor<1>,
    step: AdamWStep,
    max_norm: f32,
) -> (AdamWTensors, Tensor<1>) {
    let norm = gradients.clone().square().sum().sqrt();
    let gradients = match max_norm > 0.0 {
        true => gradients.clone() * ((norm.clone() + 1e-6).recip() * max_norm).clamp_max(1.0),
        false => gradients.clone(),
    };
    let AdamWTensors { values, means, squares } = state;
    let means = means.clone() + (gradients.clone() - means) * step.fresh_mean;
    let squares = squares * step.kept_square + gradients.square() * step.fresh_square;
    let denominator = squares.clone().sqrt() / step.square_root_correction + step.epsilon;
    let values = values * step.kept_value - means.clone() / denominator * step.pace;
    let report = Tensor::cat(vec![loss.clone(), norm], 0);
    (AdamWTensors { values, means, squares }, report)
}
