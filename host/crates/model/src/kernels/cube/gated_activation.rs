//! An element for each unit.

use burn::tensor::Tensor as BurnTensor;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

use super::{burn_tensor, contiguous, element, empty};
use crate::architecture::Activation;

const UNITS: u32 = 256;

pub fn forward(activation: Activation, gate: &BurnTensor<2>, up: &BurnTensor<2>) -> Option<BurnTensor<2>> {
    let shape = gate.dims();
    let (gate, up) = (contiguous(gate)?, contiguous(up)?);
    let y = empty(&gate, shape, gate.dtype);
    let dtype = element(gate.dtype)?;
    let (count, units) = grid(&gate, shape);
    forward_kernel::launch(
        &y.client,
        count,
        units,
        gate.into_tensor_arg(),
        up.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        (shape[0] * shape[1]) as u32,
        activation == Activation::Silu,
        dtype,
    );
    Some(burn_tensor(y))
}

pub fn backward(
    activation: Activation,
    gate: &BurnTensor<2>,
    up: &BurnTensor<2>,
    gradient: &BurnTensor<2>,
) -> Option<[BurnTensor<2>; 2]> {
    let shape = gate.dims();
    let (gate, up, gradient) = (contiguous(gate)?, contiguous(up)?, contiguous(gradient)?);
    let [for_gate, for_up] = [(); 2].map(|()| empty(&gate, shape, gate.dtype));
    let dtype = element(gate.dtype)?;
    let (count, units) = grid(&gate, shape);
    backward_kernel::launch(
        &for_up.client,
        count,
        units,
        gate.into_tensor_arg(),
        up.into_tensor_arg(),
        gradient.into_tensor_arg(),
        for_gate.clone().into_tensor_arg(),
        for_up.clone().into_tensor_arg(),
        (shape[0] * shape[1]) as u32,
        activation == Activation::Silu,
        dtype,
    );
    Some([burn_tensor(for_gate), burn_tensor(for_up)])
}

fn grid(like: &CubeTensor, [rows, width]: [usize; 2]) -> (CubeCount, CubeDim) {
    let units = CubeDim::new_1d(UNITS);
    (calculate_cube_count_elemwise(&like.client, rows * width, units), units)
}

/// `1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))`, by the logistic function: `tanh` overflows on some devices where this does not.
#[cube]
fn one_and_tanh(x: f32) -> f32 {
    let twice = (x + x * x * x * 0.044_715) * 1.595_769_1;
    2.0 / (1.0 + (-twice).exp())
}

#[cube(launch)]
fn forward_kernel<T: Float>(
    gate: &Tensor<T>,
    up: &Tensor<T>,
    y: &mut Tensor<T>,
    count: u32,
    #[comptime] is_silu: bool,
    #[define(T)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= count as usize {
        terminate!();
    }
    let x = f32::cast_from(gate[place]);
    let mut opened = f32::new(0.0);
    if is_silu {
        opened = x / (1.0 + (-x).exp());
    } else {
        opened = x * one_and_tanh(x) * 0.5;
    }
    y[place] = T::cast_from(opened * f32::cast_from(up[place]));
}

#[cube(launch)]
fn backward_kernel<T: Float>(
    gate: &Tensor<T>,
    up: &Tensor<T>,
    gradient: &Tensor<T>,
    for_gate: &mut Tensor<T>,
    for_up: &mut Tensor<T>,
    count: u32,
    #[comptime] is_silu: bool,
    #[define(T)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= count as usize {
        terminate!();
    }
    let x = f32::cast_from(gate[place]);
    let given = f32::cast_from(gradient[place]);
    let mut opened = f32::new(0.0);
    let mut slope = f32::new(0.0);
    if is_silu {
        let open = 1.0 / (1.0 + (-x).exp());
        opened = x * open;
        slope = open * (1.0 + x * (1.0 - open));
    } else {
        let raised = one_and_tanh(x);
        opened = x * raised * 0.5;
        // The derivative of tanh is (1 + tanh) (1 - tanh).
        slope = raised * 0.5 + x * raised * (2.0 - raised) * 0.5 * 0.797_884_6 * (1.0 + 0.134_145 * x * x);
    }
    for_gate[place] = T::cast_from(given * f32::cast_from(up[place]) * slope);
    for_up[place] = T::cast_from(given * opened);
}
