//! A row of logits for each cube; the gradient takes their place.

use burn::tensor::{DType, Int, Tensor as BurnTensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use cubecl::prelude::*;

use super::{Rows, a_cube_each, burn_tensor, cube_max, cube_sum, element, empty, units_for};

/// Below every logit, and a number that every device can write down.
const LOWEST: f32 = -3.0e38;

pub fn cross_entropy(
    logits: &BurnTensor<2>,
    targets: &BurnTensor<1, Int>,
    scale: f64,
) -> Option<(BurnTensor<1>, BurnTensor<2>)> {
    let logits = Rows::of(logits)?;
    let targets = into_contiguous(targets.clone().try_into_primitive::<CubeBackend>().ok()?);
    let losses = empty(&logits.tensor, [logits.count], DType::F32);
    let units = units_for(logits.width);
    let dtypes = [element(logits.tensor.dtype)?, element(targets.dtype)?];
    kernel::launch(
        &losses.client,
        a_cube_each(logits.count),
        CubeDim::new_1d(units),
        logits.tensor.clone().into_tensor_arg(),
        targets.into_tensor_arg(),
        losses.clone().into_tensor_arg(),
        logits.count as u32,
        logits.width as u32,
        logits.stride as u32,
        scale as f32,
        units,
        dtypes,
    );
    Some((burn_tensor(losses), burn_tensor(logits.tensor)))
}

#[cube(launch)]
fn kernel<T: Float, I: Numeric>(
    logits: &mut Tensor<T>,
    targets: &Tensor<I>,
    losses: &mut Tensor<f32>,
    rows: u32,
    vocab: u32,
    stride: u32,
    scale: f32,
    #[comptime] units: u32,
    #[define(T, I)] _dtypes: [ElemType; 2],
) {
    let row = CUBE_POS;
    if row >= rows as usize {
        terminate!();
    }
    let (vocab, start) = (vocab as usize, row * stride as usize);
    let target = u32::cast_from(targets[row]) as usize;
    let of_target = f32::cast_from(logits[start + target]);
    let mut largest = f32::new(LOWEST);
    let mut token = UNIT_POS as usize;
    while token < vocab {
        let logit = f32::cast_from(logits[start + token]);
        if logit > largest {
            largest = logit;
        }
        token += CUBE_DIM as usize;
    }
    let top = cube_max(largest, units);
    let mut sum = f32::new(0.0);
    let mut token = UNIT_POS as usize;
    while token < vocab {
        sum += (f32::cast_from(logits[start + token]) - top).exp();
        token += CUBE_DIM as usize;
    }
    let total = cube_sum(sum, units);
    if UNIT_POS == 0 {
        losses[row] = total.ln() + top - of_target;
    }
    let mut token = UNIT_POS as usize;
    while token < vocab {
        let mut gradient = (f32::cast_from(logits[start + token]) - top).exp() / total;
        if token == target {
            gradient -= 1.0;
        }
        logits[start + token] = T::cast_from(gradient * scale);
        token += CUBE_DIM as usize;
    }
}
