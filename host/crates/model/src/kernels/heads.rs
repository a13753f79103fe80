//! Projected queries, keys and values cut into heads: the norm over each head, the rotation by position and the order that attention reads.

use burn::tensor::Tensor;

#[cfg(any(feature = "cuda", feature = "wgpu"))]
use super::cube;
use super::{kernel_or, rms_norm_backward};
use crate::layers::{RmsNorm, RotaryAngles};

/// What happens to the heads of one projection.
#[derive(Debug, Clone, Copy)]
pub struct HeadLayout<'a> {
    /// Rows of the batch; tokens are `rows * length`.
    pub rows: usize,
    /// Width of a head.
    pub head_dim: usize,
    /// Norm over each head.
    pub norm: Option<&'a RmsNorm>,
    /// Rotation by position, `None` for values.
    pub angles: Option<&'a RotaryAngles>,
}

/// `[tokens, heads * head_dim]` to `[rows, heads, length, head_dim]`, normalised and rotated.
pub fn heads(layout: HeadLayout<'_>, x: &Tensor<2>) -> Tensor<4> {
    kernel_or!(cube::heads::forward(layout, x), forward_plain(layout, x))
}

/// The gradient of what [`heads`] was given, `x`, for that of what it gave.
pub fn heads_backward(layout: HeadLayout<'_>, x: &Tensor<2>, gradient: &Tensor<4>) -> Tensor<2> {
    kernel_or!(
        cube::heads::backward(layout, x, gradient),
        backward_plain(layout, x, gradient)
    )
}

fn forward_plain(layout: HeadLayout<'_>, x: &Tensor<2>) -> Tensor<4> {
    let [tokens, width] = x.dims();
    let HeadLayout { rows, head_dim, .. } = layout;
    let split = x.clone().reshape([rows, tokens / rows, width / head_dim, head_dim]);
    let normed = match layout.norm {
        Some(norm) => norm.forward(split),
        None => split,
    };
    let ordered = normed.swap_dims(1, 2);
    match layout.angles {
        Some(angles) => angles.rotate(ordered),
        None => ordered,
    }
}

fn backward_plain(layout: HeadLayout<'_>, x: &Tensor<2>, gradient: &Tensor<4>) -> Tensor<2> {
    let [tokens, width] = x.dims();
    let dtype = x.dtype();
    let unrotated = match layout.angles {
        Some(angles) => angles.rotate_back(gradient.clone()),
        None => gradient.clone(),
    };
    let split = unrotated.swap_dims(1, 2).cast(dtype);
    match layout.norm {
        Some(norm) => {
            let heads = [tokens * width / layout.head_dim, layout.head_dim];
            let (x, split) = (x.clone().reshape(heads), split.reshape(heads));
            rms_norm_backward(norm, &x, &split, None).reshape([tokens, width])
        }
        None => split.reshape([tokens, width]),
    }
}
