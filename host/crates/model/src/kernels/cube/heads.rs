//! A head of a token for each cube, a pair of its dimensions for each unit.

use burn::tensor::Tensor as BurnTensor;
use cubecl::prelude::*;

use super::{Rows, a_cube_each, burn_tensor, contiguous, cube_sum, element, empty};
use crate::kernels::HeadLayout;

/// Shapes that both kernels are told.
struct Sizes {
    length: usize,
    heads: usize,
    half: usize,
    /// Rows of the batch that the angles tell apart.
    angle_rows: usize,
}

impl Sizes {
    fn of(layout: &HeadLayout<'_>, tokens: usize, width: usize) -> Self {
        Self {
            length: tokens / layout.rows,
            heads: width / layout.head_dim,
            half: layout.head_dim / 2,
            angle_rows: layout.angles.map_or(1, |angles| angles.cos.dims()[0]),
        }
    }

    fn units(&self) -> u32 {
        self.half.next_power_of_two().clamp(32, 256) as u32
    }
}

pub fn forward(layout: HeadLayout<'_>, x: &BurnTensor<2>) -> Option<BurnTensor<4>> {
    let x = Rows::of(x)?;
    let sizes = Sizes::of(&layout, x.count, x.width);
    let shape = [layout.rows, sizes.heads, sizes.length, layout.head_dim];
    let y = empty(&x.tensor, shape, x.tensor.dtype);
    // What is left out is never read; something must stand in its place.
    let scale = layout
        .norm
        .map_or(Some(x.tensor.clone()), |norm| contiguous(&norm.scale))?;
    let (cos, sin) = match layout.angles {
        Some(angles) => (contiguous(&angles.cos)?, contiguous(&angles.sin)?),
        None => (x.tensor.clone(), x.tensor.clone()),
    };
    let units = sizes.units();
    let dtypes = [element(x.tensor.dtype)?, element(scale.dtype)?, element(cos.dtype)?];
    forward_kernel::launch(
        &y.client,
        a_cube_each(x.count * sizes.heads),
        CubeDim::new_1d(units),
        x.tensor.clone().into_tensor_arg(),
        scale.into_tensor_arg(),
        cos.into_tensor_arg(),
        sin.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        (x.count * sizes.heads) as u32,
        x.stride as u32,
        sizes.length as u32,
        sizes.heads as u32,
        sizes.half as u32,
        sizes.angle_rows as u32,
        layout.norm.map_or(0.0, |norm| norm.offset),
        layout.norm.map_or(0.0, |norm| norm.epsilon as f32),
        layout.norm.is_some(),
        layout.angles.is_some(),
        units,
        dtypes,
    );
    Some(burn_tensor(y))
}

pub fn backward(layout: HeadLayout<'_>, x: &BurnTensor<2>, gradient: &BurnTensor<4>) -> Option<BurnTensor<2>> {
    let (x, gradient) = (Rows::of(x)?, contiguous(gradient)?);
    let sizes = Sizes::of(&layout, x.count, x.width);
    let y = empty(&x.tensor, [x.count, x.width], x.tensor.dtype);
    let scale = layout
        .norm
        .map_or(Some(x.tensor.clone()), |norm| contiguous(&norm.scale))?;
    let (cos, sin) = match layout.angles {
        Some(angles) => (contiguous(&angles.cos)?, contiguous(&angles.sin)?),
        None => (x.tensor.clone(), x.tensor.clone()),
    };
    let units = sizes.units();
    let dtypes = [
        element(x.tensor.dtype)?,
        element(gradient.dtype)?,
        element(scale.dtype)?,
        element(cos.dtype)?,
    ];
    backward_kernel::launch(
        &y.client,
        a_cube_each(x.count * sizes.heads),
        CubeDim::new_1d(units),
        x.tensor.clone().into_tensor_arg(),
        gradient.into_tensor_arg(),
        scale.into_tensor_arg(),
        cos.into_tensor_arg(),
        sin.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        (x.count * sizes.heads) as u32,
        x.stride as u32,
        sizes.length as u32,
        sizes.heads as u32,
        sizes.half as u32,
        sizes.angle_rows as u32,
        layout.norm.map_or(0.0, |norm| norm.offset),
        layout.norm.map_or(0.0, |norm| norm.epsilon as f32),
        layout.norm.is_some(),
        layout.angles.is_some(),
        units,
        dtypes,
    );
    Some(burn_tensor(y))
}

#[cube(launch)]
fn forward_kernel<T: Float, S: Float, A: Float>(
    x: &Tensor<T>,
    scale: &Tensor<S>,
    cos: &Tensor<A>,
    sin: &Tensor<A>,
    y: &mut Tensor<T>,
    count: u32,
    x_stride: u32,
    length: u32,
    heads: u32,
    half: u32,
    angle_rows: u32,
    offset: f32,
    epsilon: f32,
    #[comptime] normed: bool,
    #[comptime] rotated: bool,
    #[comptime] units: u32,
    #[define(T, S, A)] _dtypes: [ElemType; 3],
) {
    let place = CUBE_POS;
    if place >= count as usize {
        terminate!();
    }
    let (length, heads, half) = (length as usize, heads as usize, half as usize);
    let (token, head) = (place / heads, place % heads);
    let (row, position) = (token / length, token % length);
    let width = 2 * half;
    let from = token * x_stride as usize + head * width;
    let to = ((row * heads + head) * length + position) * width;
    let turn = (row % angle_rows as usize * length + position) * half;

    let mut inverse = f32::new(1.0);
    if normed {
        let mut squares = f32::new(0.0);
        let mut pair = UNIT_POS as usize;
        while pair < half {
            let first = f32::cast_from(x[from + pair]);
            let second = f32::cast_from(x[from + pair + half]);
            squares += first * first + second * second;
            pair += CUBE_DIM as usize;
        }
        inverse = 1.0 / (cube_sum(squares, units) / f32::cast_from(width as u32) + epsilon).sqrt();
    }
    let mut pair = UNIT_POS as usize;
    while pair < half {
        let mut first = f32::cast_from(x[from + pair]) * inverse;
        let mut second = f32::cast_from(x[from + pair + half]) * inverse;
        if normed {
            first *= f32::cast_from(scale[pair]) + offset;
            second *= f32::cast_from(scale[pair + half]) + offset;
        }
        if rotated {
            let c = f32::cast_from(cos[turn + pair]);
            let s = f32::cast_from(sin[turn + pair]);
            let left = first * c - second * s;
            second = second * c + first * s;
            first = left;
        }
        y[to + pair] = T::cast_from(first);
        y[to + pair + half] = T::cast_from(second);
        pair += CUBE_DIM as usize;
    }
}

#[cube(launch)]
fn backward_kernel<T: Float, G: Float, S: Float, A: Float>(
    x: &Tensor<T>,
    gradient: &Tensor<G>,
    scale: &Tensor<S>,
    cos: &Tensor<A>,
    sin: &Tensor<A>,
    y: &mut Tensor<T>,
    count: u32,
    x_stride: u32,
    length: u32,
    heads: u32,
    half: u32,
    angle_rows: u32,
    offset: f32,
    epsilon: f32,
    #[comptime] normed: bool,
    #[comptime] rotated: bool,
    #[comptime] units: u32,
    #[define(T, G, S, A)] _dtypes: [ElemType; 4],
) {
    let place = CUBE_POS;
    if place >= count as usize {
        terminate!();
    }
    let (length, heads, half) = (length as usize, heads as usize, half as usize);
    let (token, head) = (place / heads, place % heads);
    let (row, position) = (token / length, token % length);
    let width = 2 * half;
    let of_x = token * x_stride as usize + head * width;
    let from = ((row * heads + head) * length + position) * width;
    let to = place * width;
    let turn = (row % angle_rows as usize * length + position) * half;

    let mut inverse = f32::new(1.0);
    let mut pull = f32::new(0.0);
    if normed {
        let mut squares = f32::new(0.0);
        let mut products = f32::new(0.0);
        let mut pair = UNIT_POS as usize;
        while pair < half {
            let mut first = f32::cast_from(gradient[from + pair]);
            let mut second = f32::cast_from(gradient[from + pair + half]);
            if rotated {
                let c = f32::cast_from(cos[turn + pair]);
                let s = f32::cast_from(sin[turn + pair]);
                let left = first * c + second * s;
                second = second * c - first * s;
                first = left;
            }
            let a = f32::cast_from(x[of_x + pair]);
            let b = f32::cast_from(x[of_x + pair + half]);
            squares += a * a + b * b;
            products += a * first * (f32::cast_from(scale[pair]) + offset);
            products += b * second * (f32::cast_from(scale[pair + half]) + offset);
            pair += CUBE_DIM as usize;
        }
        let count = f32::cast_from(width as u32);
        inverse = 1.0 / (cube_sum(squares, units) / count + epsilon).sqrt();
        pull = cube_sum(products, units) / count * inverse * inverse * inverse;
    }
    let mut pair = UNIT_POS as usize;
    while pair < half {
        let mut first = f32::cast_from(gradient[from + pair]);
        let mut second = f32::cast_from(gradient[from + pair + half]);
        if rotated {
            let c = f32::cast_from(cos[turn + pair]);
            let s = f32::cast_from(sin[turn + pair]);
            let left = first * c + second * s;
            second = second * c - first * s;
            first = left;
        }
        if normed {
            let a = f32::cast_from(x[of_x + pair]);
            let b = f32::cast_from(x[of_x + pair + half]);
            first = first * inverse * (f32::cast_from(scale[pair]) + offset) - a * pull;
            second = second * inverse * (f32::cast_from(scale[pair + half]) + offset) - b * pull;
        }
        y[to + pair] = T::cast_from(first);
        y[to + pair + half] = T::cast_from(second);
        pair += CUBE_DIM as usize;
    }
}
