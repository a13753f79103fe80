//! A row for each cube.

use burn::tensor::Tensor as BurnTensor;
use cubecl::prelude::*;

use super::{Rows, a_cube_each, burn_tensor, contiguous, cube_sum, element, empty, units_for};
use crate::layers::RmsNorm;

pub fn forward<const D: usize>(norm: &RmsNorm, x: &BurnTensor<D>) -> Option<BurnTensor<D>> {
    let shape = x.dims();
    let (x, scale) = (Rows::of(x)?, contiguous(&norm.scale)?);
    let y = empty(&x.tensor, shape, x.tensor.dtype);
    let units = units_for(x.width);
    let dtypes = [element(x.tensor.dtype)?, element(scale.dtype)?];
    forward_kernel::launch(
        &y.client,
        a_cube_each(x.count),
        CubeDim::new_1d(units),
        x.tensor.clone().into_tensor_arg(),
        scale.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        x.count as u32,
        x.width as u32,
        x.stride as u32,
        norm.offset,
        norm.epsilon as f32,
        units,
        dtypes,
    );
    Some(burn_tensor(y))
}

pub fn backward(
    norm: &RmsNorm,
    x: &BurnTensor<2>,
    gradient: &BurnTensor<2>,
    added: Option<&BurnTensor<2>>,
) -> Option<BurnTensor<2>> {
    let (x, gradient, scale) = (Rows::of(x)?, Rows::of(gradient)?, contiguous(&norm.scale)?);
    let is_added = added.is_some();
    let added = match added {
        Some(added) => Rows::of(added)?,
        None => Rows::with_stride(gradient.tensor.clone(), gradient.stride),
    };
    let y = empty(&x.tensor, [x.count, x.width], x.tensor.dtype);
    let units = units_for(x.width);
    let dtypes = [element(x.tensor.dtype)?, element(scale.dtype)?];
    backward_kernel::launch(
        &y.client,
        a_cube_each(x.count),
        CubeDim::new_1d(units),
        x.tensor.clone().into_tensor_arg(),
        gradient.tensor.clone().into_tensor_arg(),
        added.tensor.clone().into_tensor_arg(),
        scale.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        x.count as u32,
        x.width as u32,
        x.stride as u32,
        gradient.stride as u32,
        added.stride as u32,
        norm.offset,
        norm.epsilon as f32,
        is_added,
        units,
        dtypes,
    );
    Some(burn_tensor(y))
}

#[cube(launch)]
fn forward_kernel<T: Float, S: Float>(
    x: &Tensor<T>,
    scale: &Tensor<S>,
    y: &mut Tensor<T>,
    rows: u32,
    width: u32,
    x_stride: u32,
    offset: f32,
    epsilon: f32,
    #[comptime] units: u32,
    #[define(T, S)] _dtypes: [ElemType; 2],
) {
    let row = CUBE_POS;
    if row >= rows as usize {
        terminate!();
    }
    let width = width as usize;
    let (x_start, y_start) = (row * x_stride as usize, row * width);
    let mut squares = f32::new(0.0);
    let mut column = UNIT_POS as usize;
    while column < width {
        let value = f32::cast_from(x[x_start + column]);
        squares += value * value;
        column += CUBE_DIM as usize;
    }
    let mean = cube_sum(squares, units) / f32::cast_from(width as u32);
    let inverse = 1.0 / (mean + epsilon).sqrt();
    let mut column = UNIT_POS as usize;
    while column < width {
        let value = f32::cast_from(x[x_start + column]) * inverse * (f32::cast_from(scale[column]) + offset);
        y[y_start + column] = T::cast_from(value);
        column += CUBE_DIM as usize;
    }
}

#[cube(launch)]
fn backward_kernel<T: Float, S: Float>(
    x: &Tensor<T>,
    gradient: &Tensor<T>,
    added: &Tensor<T>,
    scale: &Tensor<S>,
    y: &mut Tensor<T>,
    rows: u32,
    width: u32,
    x_stride: u32,
    gradient_stride: u32,
    added_stride: u32,
    offset: f32,
    epsilon: f32,
    #[comptime] is_added: bool,
    #[comptime] units: u32,
    #[define(T, S)] _dtypes: [ElemType; 2],
) {
    let row = CUBE_POS;
    if row >= rows as usize {
        terminate!();
    }
    let width = width as usize;
    let x_start = row * x_stride as usize;
    let gradient_start = row * gradient_stride as usize;
    let mut squares = f32::new(0.0);
    let mut products = f32::new(0.0);
    let mut column = UNIT_POS as usize;
    while column < width {
        let value = f32::cast_from(x[x_start + column]);
        let scaled = f32::cast_from(gradient[gradient_start + column]) * (f32::cast_from(scale[column]) + offset);
        squares += value * value;
        products += value * scaled;
        column += CUBE_DIM as usize;
    }
    let count = f32::cast_from(width as u32);
    let inverse = 1.0 / (cube_sum(squares, units) / count + epsilon).sqrt();
    let pull = cube_sum(products, units) / count * inverse * inverse * inverse;
    let mut column = UNIT_POS as usize;
    while column < width {
        let value = f32::cast_from(x[x_start + column]);
        let scaled = f32::cast_from(gradient[gradient_start + column]) * (f32::cast_from(scale[column]) + offset);
        let mut result = scaled * inverse - value * pull;
        if is_added {
            result += f32::cast_from(added[row * added_stride as usize + column]);
        }
        y[row * width + column] = T::cast_from(result);
        column += CUBE_DIM as usize;
    }
}
