//! A query for each cube; what is written takes the place of what was read.

use burn::tensor::Tensor as BurnTensor;
use cubecl::prelude::*;

use super::{Rows, a_cube_each, burn_tensor, cube_max, cube_sum, element, units_for};
use crate::kernels::VisibleKeys;

/// Below every score, and a number that every device can write down.
const LOWEST: f32 = -3.0e38;

pub fn forward(scores: &BurnTensor<4>, visible: VisibleKeys, scale: f64) -> Option<BurnTensor<4>> {
    let scores = Rows::of(scores)?;
    let dtype = element(scores.tensor.dtype)?;
    let units = units_for(scores.width);
    forward_kernel::launch(
        &scores.tensor.client,
        a_cube_each(scores.count),
        CubeDim::new_1d(units),
        scores.tensor.clone().into_tensor_arg(),
        scores.count as u32,
        scores.width as u32,
        scores.stride as u32,
        visible.queries as u32,
        visible.first_query as u32,
        visible.window.unwrap_or(0) as u32,
        scale as f32,
        visible.window.is_some(),
        units,
        dtype,
    );
    Some(burn_tensor(scores.tensor))
}

pub fn backward(weights: &BurnTensor<4>, gradient: &BurnTensor<4>, scale: f64) -> Option<BurnTensor<4>> {
    let (weights, gradient) = (Rows::of(weights)?, Rows::of(gradient)?);
    let dtype = element(weights.tensor.dtype)?;
    let units = units_for(weights.width);
    backward_kernel::launch(
        &gradient.tensor.client,
        a_cube_each(weights.count),
        CubeDim::new_1d(units),
        weights.tensor.clone().into_tensor_arg(),
        gradient.tensor.clone().into_tensor_arg(),
        weights.count as u32,
        weights.width as u32,
        weights.stride as u32,
        gradient.stride as u32,
        scale as f32,
        units,
        dtype,
    );
    Some(burn_tensor(gradient.tensor))
}

#[cube(launch)]
fn forward_kernel<T: Float>(
    scores: &mut Tensor<T>,
    rows: u32,
    keys: u32,
    stride: u32,
    queries: u32,
    first_query: u32,
    window: u32,
    scale: f32,
    #[comptime] is_windowed: bool,
    #[comptime] units: u32,
    #[define(T)] _dtype: ElemType,
) {
    let row = CUBE_POS;
    if row >= rows as usize {
        terminate!();
    }
    let (keys, start) = (keys as usize, row * stride as usize);
    let mut end = first_query as usize + row % queries as usize + 1;
    let mut begin = 0usize;
    if is_windowed && end > window as usize {
        begin = end - window as usize;
    }
    if end > keys {
        end = keys;
    }
    let unit = UNIT_POS as usize;
    let mut largest = f32::new(LOWEST);
    let mut key = begin + unit;
    while key < end {
        let score = f32::cast_from(scores[start + key]) * scale;
        if score > largest {
            largest = score;
        }
        key += CUBE_DIM as usize;
    }
    let top = cube_max(largest, units);
    let mut sum = f32::new(0.0);
    let mut key = begin + unit;
    while key < end {
        sum += (f32::cast_from(scores[start + key]) * scale - top).exp();
        key += CUBE_DIM as usize;
    }
    let inverse = 1.0 / cube_sum(sum, units);
    let mut key = unit;
    while key < keys {
        let mut weight = f32::new(0.0);
        if key >= begin && key < end {
            weight = (f32::cast_from(scores[start + key]) * scale - top).exp() * inverse;
        }
        scores[start + key] = T::cast_from(weight);
        key += CUBE_DIM as usize;
    }
}

#[cube(launch)]
fn backward_kernel<T: Float>(
    weights: &Tensor<T>,
    gradient: &mut Tensor<T>,
    rows: u32,
    keys: u32,
    weight_stride: u32,
    gradient_stride: u32,
    scale: f32,
    #[comptime] units: u32,
    #[define(T)] _dtype: ElemType,
) {
    let row = CUBE_POS;
    if row >= rows as usize {
        terminate!();
    }
    let keys = keys as usize;
    let (weight_start, start) = (row * weight_stride as usize, row * gradient_stride as usize);
    let mut products = f32::new(0.0);
    let mut key = UNIT_POS as usize;
    while key < keys {
        products += f32::cast_from(weights[weight_start + key]) * f32::cast_from(gradient[start + key]);
        key += CUBE_DIM as usize;
    }
    let mean = cube_sum(products, units);
    let mut key = UNIT_POS as usize;
    while key < keys {
        let weight = f32::cast_from(weights[weight_start + key]);
        let given = f32::cast_from(gradient[start + key]);
        gradient[start + key] = T::cast_from(scale * weight * (given - mean));
        key += CUBE_DIM as usize;
    }
}
