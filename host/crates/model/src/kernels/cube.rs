//! The operations as CubeCL kernels.
//!
//! Kernels are launched with bounds checks: no index that is wrong reaches other memory.
#![allow(
    clippy::too_many_arguments,
    reason = "a kernel is launched with every size and stride that it needs"
)]
#![allow(
    unused_assignments,
    reason = "a variable of a kernel is given its type by a value before a branch that is taken as it is compiled"
)]

pub mod adamw;
pub mod cross_entropy;
pub mod gated_activation;
pub mod heads;
pub mod low_rank;
pub mod masked_softmax;
pub mod packed_blocks;
pub mod rms_norm;

use burn::tensor::{DType, Tensor as BurnTensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::{ElemType, FloatKind, IntKind, UIntKind};
use cubecl::prelude::*;

/// Cubes along one axis that every device takes.
const MAX_CUBES: usize = 32_768;

/// The tensor as CubeCL has it; `None` on other devices and where a graph is recorded.
fn cube_tensor<const D: usize>(tensor: &BurnTensor<D>) -> Option<CubeTensor> {
    tensor.clone().try_into_primitive::<CubeBackend>().ok()
}

/// As [`cube_tensor`], without gaps between rows.
fn contiguous<const D: usize>(tensor: &BurnTensor<D>) -> Option<CubeTensor> {
    cube_tensor(tensor).map(into_contiguous)
}

fn burn_tensor<const D: usize>(tensor: CubeTensor) -> BurnTensor<D> {
    BurnTensor::from_primitive::<CubeBackend>(tensor)
}

/// A contiguous tensor beside `like`, its values not yet written.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D], dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), dtype)
}

/// A tensor as rows that lie equally far apart.
struct Rows {
    tensor: CubeTensor,
    count: usize,
    width: usize,
    /// Elements from one row to the next.
    stride: usize,
}

impl Rows {
    /// All dimensions but the last as rows; copied where they lie otherwise.
    fn of<const D: usize>(tensor: &BurnTensor<D>) -> Option<Self> {
        let tensor = cube_tensor(tensor)?;
        Some(match Self::in_place(&tensor) {
            Some(stride) => Self::with_stride(tensor, stride),
            None => {
                let tensor = into_contiguous(tensor);
                let width = tensor.meta.shape()[D - 1];
                Self::with_stride(tensor, width)
            }
        })
    }

    fn with_stride(tensor: CubeTensor, stride: usize) -> Self {
        let width = tensor.meta.shape().iter().last().copied().unwrap_or(1);
        let count = tensor.meta.shape().iter().product::<usize>() / width.max(1);
        Self {
            tensor,
            count,
            width,
            stride,
        }
    }

    fn in_place(tensor: &CubeTensor) -> Option<usize> {
        let (shape, strides) = (tensor.meta.shape(), tensor.meta.strides());
        let rank = shape.iter().count();
        if rank < 2 || strides[rank - 1] != 1 {
            return None;
        }
        // Dimensions of length 1 may have any stride.
        let long = (0..rank - 1).rev().filter(|&axis| shape[axis] != 1);
        let (mut stride, mut rows) = (None, 1);
        for axis in long {
            let first = *stride.get_or_insert(strides[axis]);
            if strides[axis] != first * rows {
                return None;
            }
            rows *= shape[axis];
        }
        Some(stride.unwrap_or(shape[rank - 1]))
    }
}

/// A cube for each of `count` rows; `CUBE_POS` is the row, and may lie behind the last one.
fn a_cube_each(count: usize) -> CubeCount {
    let x = count.clamp(1, MAX_CUBES);
    CubeCount::Static(x as u32, count.div_ceil(x).max(1) as u32, 1)
}

/// Units of a cube that goes through rows of that width.
fn units_for(width: usize) -> u32 {
    (width / 4).next_power_of_two().clamp(32, 256) as u32
}

/// The type of kernels' elements.
fn element(dtype: DType) -> Option<ElemType> {
    Some(match dtype {
        DType::F32 => ElemType::Float(FloatKind::F32),
        DType::F16 => ElemType::Float(FloatKind::F16),
        DType::BF16 => ElemType::Float(FloatKind::BF16),
        DType::I32 => ElemType::Int(IntKind::I32),
        DType::I64 => ElemType::Int(IntKind::I64),
        DType::U32 => ElemType::UInt(UIntKind::U32),
        _ => return None,
    })
}

/// The sum of what the units of a cube give, for all of them.
#[cube]
fn cube_sum(value: f32, #[comptime] units: u32) -> f32 {
    let mut sums = Shared::<[f32]>::new_slice(units as usize);
    let unit = UNIT_POS as usize;
    sums[unit] = value;
    sync_cube();
    let mut half = CUBE_DIM as usize / 2;
    while half > 0 {
        if unit < half {
            sums[unit] += sums[unit + half];
        }
        sync_cube();
        half /= 2;
    }
    let total = sums[0];
    // The next sum may use the same memory.
    sync_cube();
    total
}

/// The largest of what the units of a cube give, for all of them.
#[cube]
fn cube_max(value: f32, #[comptime] units: u32) -> f32 {
    let mut largest = Shared::<[f32]>::new_slice(units as usize);
    let unit = UNIT_POS as usize;
    largest[unit] = value;
    sync_cube();
    let mut half = CUBE_DIM as usize / 2;
    while half > 0 {
        if unit < half && largest[unit + half] > largest[unit] {
            largest[unit] = largest[unit + half];
        }
        sync_cube();
        half /= 2;
    }
    let top = largest[0];
    sync_cube();
    top
}
