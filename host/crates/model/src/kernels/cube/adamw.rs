//! Two launches: sums of squares of parts of the gradients, then the step, in which every cube adds the parts up for itself.

use burn::tensor::{DType, Tensor as BurnTensor};
use cubecl::prelude::*;

use super::{burn_tensor, contiguous, cube_sum, empty};
use crate::kernels::{AdamWStep, AdamWTensors};

/// Cubes that sum squares, and units of every cube.
const PARTS: u32 = 256;

pub fn adamw(
    state: &AdamWTensors,
    gradients: &BurnTensor<1>,
    loss: &BurnTensor<1>,
    step: AdamWStep,
    max_norm: f32,
) -> Option<(AdamWTensors, BurnTensor<1>)> {
    let [values, means, squares] = [&state.values, &state.means, &state.squares].map(contiguous);
    let (values, means, squares) = (values?, means?, squares?);
    let (gradients, loss) = (contiguous(gradients)?, contiguous(loss)?);
    let parts = empty(&values, [PARTS as usize], DType::F32);
    let report = empty(&values, [2], DType::F32);
    let count = state.values.dims()[0] as u32;
    let client = values.client.clone();
    let (cubes, units) = (CubeCount::Static(PARTS, 1, 1), CubeDim::new_1d(PARTS));
    squares_kernel::launch(
        &client,
        cubes.clone(),
        units,
        gradients.clone().into_tensor_arg(),
        parts.clone().into_tensor_arg(),
        count,
    );
    step_kernel::launch(
        &client,
        cubes,
        units,
        gradients.into_tensor_arg(),
        parts.into_tensor_arg(),
        loss.into_tensor_arg(),
        values.clone().into_tensor_arg(),
        means.clone().into_tensor_arg(),
        squares.clone().into_tensor_arg(),
        report.clone().into_tensor_arg(),
        count,
        step.fresh_mean,
        step.kept_square,
        step.fresh_square,
        step.kept_value,
        step.pace,
        step.square_root_correction,
        step.epsilon,
        max_norm,
    );
    let state = AdamWTensors {
        values: burn_tensor(values),
        means: burn_tensor(means),
        squares: burn_tensor(squares),
    };
    Some((state, burn_tensor(report)))
}

#[cube(launch)]
fn squares_kernel(gradients: &Tensor<f32>, parts: &mut Tensor<f32>, count: u32) {
    let mut sum = f32::new(0.0);
    let mut place = ABSOLUTE_POS;
    while place < count as usize {
        let gradient = gradients[place];
        sum += gradient * gradient;
        place += PARTS as usize * PARTS as usize;
    }
    let total = cube_sum(sum, PARTS);
    if UNIT_POS == 0 {
        parts[CUBE_POS] = total;
    }
}

#[cube(launch)]
fn step_kernel(
    gradients: &Tensor<f32>,
    parts: &Tensor<f32>,
    loss: &Tensor<f32>,
    values: &mut Tensor<f32>,
    means: &mut Tensor<f32>,
    squares: &mut Tensor<f32>,
    report: &mut Tensor<f32>,
    count: u32,
    fresh_mean: f32,
    kept_square: f32,
    fresh_square: f32,
    kept_value: f32,
    pace: f32,
    square_root_correction: f32,
    epsilon: f32,
    max_norm: f32,
) {
    let norm = cube_sum(parts[UNIT_POS as usize], PARTS).sqrt();
    let mut factor = f32::new(1.0);
    if max_norm > 0.0 {
        let wanted = max_norm / (norm + 1e-6);
        if wanted < 1.0 {
            factor = wanted;
        }
    }
    let mut place = ABSOLUTE_POS;
    while place < count as usize {
        let gradient = gradients[place] * factor;
        let mean = means[place] + fresh_mean * (gradient - means[place]);
        let square = squares[place] * kept_square + fresh_square * gradient * gradient;
        means[place] = mean;
        squares[place] = square;
        values[place] = values[place] * kept_value - pace * (mean / (square.sqrt() / square_root_correction + epsilon));
        place += PARTS as usize * PARTS as usize;
    }
    if ABSOLUTE_POS == 0 {
        report[0] = loss[0];
        report[1] = norm;
    }
}
