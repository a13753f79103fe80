//! Products with low-rank factors that lie in one flat array of trained values, in f32.
//!
//! Projections that read the same input are taken together: `parts` of them at once, the rank of each beside that of the one before.

use burn::tensor::{DType, Tensor};

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::kernel_or;

/// A factor in the flat array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Where it begins.
    pub offset: usize,
    /// Its rank.
    pub rank: usize,
    /// Features beside the rank.
    pub width: usize,
    /// Whether it lies as `[rank, width]`, as `lora_A` does, or as `[width, rank]`, as `lora_B` does.
    pub rank_is_outer: bool,
}

impl Factor {
    /// `[rank, width]` of values or gradients.
    fn of(self, values: &Tensor<1>) -> Tensor<2> {
        let flat = values.clone().narrow(0, self.offset, self.rank * self.width);
        match self.rank_is_outer {
            true => flat.reshape([self.rank, self.width]),
            false => flat.reshape([self.width, self.rank]).transpose(),
        }
    }

    /// Elements from one feature to the next, and from one rank to the next.
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    pub(super) fn strides(self) -> [usize; 2] {
        match self.rank_is_outer {
            true => [1, self.width],
            false => [self.rank, 1],
        }
    }
}

/// `scale * input factor^T` of each input `[tokens, width]` with its factor, side by side: `[tokens, parts * rank]` in f32.
///
/// # Panics
/// When there are not as many factors as inputs, or more than three.
pub fn project_down(inputs: &[Tensor<2>], values: &Tensor<1>, factors: &[Factor], scale: f64) -> Tensor<2> {
    assert!(inputs.len() == factors.len() && inputs.len() <= 3);
    kernel_or!(
        cube::low_rank::project_down(inputs, values, factors, scale),
        project_down_plain(inputs, values, factors, scale)
    )
}

/// The sum of `bases` and of `scale * low[.., column..column + rank] factor`, `[tokens, width]`, with a bias added.
///
/// # Panics
/// When there is no base or more than three.
pub fn add_low_rank(
    bases: &[Tensor<2>],
    low: (&Tensor<2>, usize),
    values: &Tensor<1>,
    factor: Factor,
    scale: f64,
    bias: Option<&Tensor<1>>,
) -> Tensor<2> {
    assert!(!bases.is_empty() && bases.len() <= 3);
    kernel_or!(
        cube::low_rank::add(bases, low, values, factor, scale, bias),
        add_plain(bases, low, values, factor, scale, bias)
    )
}

/// Adds `scale * low[.., part]^T input` of each input to the gradient of its factor. The flat array of gradients is the caller's alone: on graphics
/// cards it is written in place.
///
/// # Panics
/// When there are not as many factors as inputs, or more than three.
pub fn accumulate_gradients(
    gradients: Tensor<1>,
    inputs: &[Tensor<2>],
    low: &Tensor<2>,
    factors: &[Factor],
    scale: f64,
) -> Tensor<1> {
    assert!(inputs.len() == factors.len() && inputs.len() <= 3);
    kernel_or!(
        cube::low_rank::accumulate(&gradients, inputs, low, factors, scale),
        accumulate_plain(gradients, inputs, low, factors, scale)
    )
}

fn project_down_plain(inputs: &[Tensor<2>], values: &Tensor<1>, factors: &[Factor], scale: f64) -> Tensor<2> {
    let parts = inputs.iter().zip(factors).map(|(input, factor)| {
        let factor = factor.of(values).transpose().cast(input.dtype());
        input.clone().matmul(factor).cast(DType::F32) * scale
    });
    Tensor::cat(parts.collect(), 1)
}

fn add_plain(
    bases: &[Tensor<2>],
    (low, column): (&Tensor<2>, usize),
    values: &Tensor<1>,
    factor: Factor,
    scale: f64,
    bias: Option<&Tensor<1>>,
) -> Tensor<2> {
    let dtype = bases[0].dtype();
    let low = low.clone().narrow(1, column, factor.rank).cast(dtype);
    let product = low.matmul(factor.of(values).cast(dtype)).cast(DType::F32) * scale;
    let sum = bases
        .iter()
        .fold(product, |sum, base| sum + base.clone().cast(DType::F32));
    let sum = match bias {
        Some(bias) => sum + bias.clone().cast(DType::F32).unsqueeze(),
        None => sum,
    };
    sum.cast(dtype)
}

fn accumulate_plain(
    gradients: Tensor<1>,
    inputs: &[Tensor<2>],
    low: &Tensor<2>,
    factors: &[Factor],
    scale: f64,
) -> Tensor<1> {
    let mut column = 0;
    let mut sum = gradients;
    for (input, factor) in inputs.iter().zip(factors) {
        let part = low.clone().narrow(1, column, factor.rank).cast(input.dtype());
        column += factor.rank;
        let gradient = part.transpose().matmul(input.clone()).cast(DType::F32) * scale;
        let gradient = match factor.rank_is_outer {
            true => gradient,
            false => gradient.transpose(),
        };
        let range = factor.offset..factor.offset + factor.rank * factor.width;
        let added = sum.clone().narrow(0, range.start, range.len()) + gradient.reshape([range.len()]);
        sum = sum.slice_assign([range], added);
    }
    sum
}
