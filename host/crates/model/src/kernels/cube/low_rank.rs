//! Products with factors of low rank, eight ranks at a time: what they multiply is read once for all eight.

use burn::tensor::{DType, Tensor as BurnTensor};
use cubecl::prelude::*;

use super::{Rows, burn_tensor, contiguous, element, empty};
use crate::kernels::Factor;

/// Ranks that a unit sums at the same time.
const RANKS: u32 = 8;

/// Rows that a unit sums at the same time, so that it reads a factor once for all of them.
const ROWS: u32 = 4;

/// Units of a cube that sums along rows. With eight ranks of four rows they fill the 16 KiB of shared memory that every device has.
const UNITS: u32 = 128;

/// Columns of a cube that sums along columns.
const COLUMNS: u32 = 32;

/// Rows that such a cube reads at the same time.
const LANES: u32 = 8;

/// Inputs of up to three parts; what is missing is never read, and the first stands in its place.
fn three(inputs: &[BurnTensor<2>]) -> Option<[Rows; 3]> {
    let row = |place: usize| Rows::of(inputs.get(place).unwrap_or(&inputs[0]));
    Some([row(0)?, row(1)?, row(2)?])
}

fn offsets(factors: &[Factor]) -> [u32; 3] {
    [0, 1, 2].map(|place| factors.get(place).unwrap_or(&factors[0]).offset as u32)
}

pub fn project_down(
    inputs: &[BurnTensor<2>],
    values: &BurnTensor<1>,
    factors: &[Factor],
    scale: f64,
) -> Option<BurnTensor<2>> {
    let (values, [a, b, c]) = (contiguous(values)?, three(inputs)?);
    let rank = factors[0].rank;
    let low = empty(&a.tensor, [a.count, inputs.len() * rank], DType::F32);
    let dtype = element(a.tensor.dtype)?;
    let [first, second, third] = offsets(factors);
    let cubes = [
        (a.count as u32).div_ceil(ROWS),
        (rank as u32).div_ceil(RANKS),
        inputs.len() as u32,
    ];
    // Strides of `lora_B` are the same for every width, those of `lora_A` are of one part alone.
    let [width_stride, rank_stride] = factors[0].strides();
    project_down_kernel::launch(
        &low.client,
        CubeCount::Static(cubes[0], cubes[1], cubes[2]),
        CubeDim::new_1d(UNITS),
        a.tensor.clone().into_tensor_arg(),
        b.tensor.clone().into_tensor_arg(),
        c.tensor.clone().into_tensor_arg(),
        values.into_tensor_arg(),
        low.clone().into_tensor_arg(),
        a.count as u32,
        rank as u32,
        first,
        second,
        third,
        a.width as u32,
        b.width as u32,
        c.width as u32,
        a.stride as u32,
        b.stride as u32,
        c.stride as u32,
        width_stride as u32,
        rank_stride as u32,
        scale as f32,
        inputs.len() as u32,
        dtype,
    );
    Some(burn_tensor(low))
}

pub fn add(
    bases: &[BurnTensor<2>],
    (low, column): (&BurnTensor<2>, usize),
    values: &BurnTensor<1>,
    factor: Factor,
    scale: f64,
    bias: Option<&BurnTensor<1>>,
) -> Option<BurnTensor<2>> {
    let (values, low, [a, b, c]) = (contiguous(values)?, Rows::of(low)?, three(bases)?);
    let has_bias = bias.is_some();
    let bias = bias.map_or(Some(a.tensor.clone()), contiguous)?;
    let y = empty(&a.tensor, [a.count, a.width], a.tensor.dtype);
    let dtypes = [element(a.tensor.dtype)?, element(bias.dtype)?];
    let [width_stride, rank_stride] = factor.strides();
    let units = 256;
    add_kernel::launch(
        &y.client,
        CubeCount::Static((a.count as u32).div_ceil(ROWS), (a.width as u32).div_ceil(units), 1),
        CubeDim::new_1d(units),
        a.tensor.clone().into_tensor_arg(),
        b.tensor.clone().into_tensor_arg(),
        c.tensor.clone().into_tensor_arg(),
        low.tensor.clone().into_tensor_arg(),
        values.into_tensor_arg(),
        bias.into_tensor_arg(),
        y.clone().into_tensor_arg(),
        a.count as u32,
        a.width as u32,
        factor.rank as u32,
        a.stride as u32,
        b.stride as u32,
        c.stride as u32,
        low.stride as u32,
        column as u32,
        factor.offset as u32,
        width_stride as u32,
        rank_stride as u32,
        scale as f32,
        bases.len() as u32,
        has_bias,
        dtypes,
    );
    Some(burn_tensor(y))
}

pub fn accumulate(
    gradients: &BurnTensor<1>,
    inputs: &[BurnTensor<2>],
    low: &BurnTensor<2>,
    factors: &[Factor],
    scale: f64,
) -> Option<BurnTensor<1>> {
    let (gradients, low, [a, b, c]) = (contiguous(gradients)?, Rows::of(low)?, three(inputs)?);
    let rank = factors[0].rank;
    let dtype = element(a.tensor.dtype)?;
    let [first, second, third] = offsets(factors);
    let [width_stride, rank_stride] = factors[0].strides();
    let widest = inputs.iter().map(|input| input.dims()[1]).max().unwrap_or(0);
    let cubes = [
        (widest as u32).div_ceil(COLUMNS),
        (rank as u32).div_ceil(RANKS),
        inputs.len() as u32,
    ];
    accumulate_kernel::launch(
        &gradients.client,
        CubeCount::Static(cubes[0], cubes[1], cubes[2]),
        CubeDim::new_2d(COLUMNS, LANES),
        a.tensor.clone().into_tensor_arg(),
        b.tensor.clone().into_tensor_arg(),
        c.tensor.clone().into_tensor_arg(),
        low.tensor.clone().into_tensor_arg(),
        gradients.clone().into_tensor_arg(),
        a.count as u32,
        rank as u32,
        first,
        second,
        third,
        a.width as u32,
        b.width as u32,
        c.width as u32,
        a.stride as u32,
        b.stride as u32,
        c.stride as u32,
        low.stride as u32,
        width_stride as u32,
        rank_stride as u32,
        scale as f32,
        inputs.len() as u32,
        dtype,
    );
    Some(burn_tensor(gradients))
}

/// One of three, by number.
#[cube]
fn chosen(number: u32, first: u32, second: u32, third: u32) -> usize {
    let mut value = first;
    if number == 1 {
        value = second;
    }
    if number == 2 {
        value = third;
    }
    value as usize
}

/// An element of the part's input.
#[cube]
fn read<T: Float>(a: &Tensor<T>, b: &Tensor<T>, c: &Tensor<T>, part: u32, place: usize, #[comptime] parts: u32) -> f32 {
    let mut value = f32::new(0.0);
    if parts == 1 {
        value = f32::cast_from(a[place]);
    } else {
        if part == 0 {
            value = f32::cast_from(a[place]);
        }
        if part == 1 {
            value = f32::cast_from(b[place]);
        }
        if parts > 2 && part == 2 {
            value = f32::cast_from(c[place]);
        }
    }
    value
}

#[cube(launch)]
fn project_down_kernel<T: Float>(
    a: &Tensor<T>,
    b: &Tensor<T>,
    c: &Tensor<T>,
    values: &Tensor<f32>,
    low: &mut Tensor<f32>,
    rows: u32,
    rank: u32,
    first: u32,
    second: u32,
    third: u32,
    a_width: u32,
    b_width: u32,
    c_width: u32,
    a_stride: u32,
    b_stride: u32,
    c_stride: u32,
    width_stride: u32,
    rank_stride: u32,
    scale: f32,
    #[comptime] parts: u32,
    #[define(T)] _dtype: ElemType,
) {
    let part = CUBE_POS_Z;
    let offset = chosen(part, first, second, third);
    let width = chosen(part, a_width, b_width, c_width);
    let stride = chosen(part, a_stride, b_stride, c_stride);
    let (rows, rank) = (rows as usize, rank as usize);
    let row = CUBE_POS_X as usize * ROWS as usize;
    let lowest = CUBE_POS_Y as usize * RANKS as usize;
    let unit = UNIT_POS as usize;

    let mut sums = Array::<f32>::new(32usize);
    #[unroll]
    for place in 0..32usize {
        sums[place] = f32::new(0.0);
    }
    let mut column = unit;
    while column < width {
        let mut factors = Array::<f32>::new(8usize);
        #[unroll]
        for r in 0..8usize {
            factors[r] = f32::new(0.0);
            if lowest + r < rank {
                factors[r] = values[offset + column * width_stride as usize + (lowest + r) * rank_stride as usize];
            }
        }
        #[unroll]
        for i in 0..4usize {
            if row + i < rows {
                let value = read::<T>(a, b, c, part, (row + i) * stride + column, parts);
                #[unroll]
                for r in 0..8usize {
                    sums[i * 8 + r] += value * factors[r];
                }
            }
        }
        column += CUBE_DIM as usize;
    }

    // What the units have is summed in two steps: each of four units sums a quarter of one place, then one unit the quarters.
    let mut shared = Shared::<[f32]>::new_slice(4096usize);
    #[unroll]
    for place in 0..32usize {
        shared[place * 128 + unit] = sums[place];
    }
    sync_cube();
    let mut quarter = f32::new(0.0);
    for other in 0..32usize {
        quarter += shared[unit * 32 + other];
    }
    sync_cube();
    shared[unit] = quarter;
    sync_cube();
    if unit < 32 {
        let (i, r) = (unit / 8, unit % 8);
        if row + i < rows && lowest + r < rank {
            let total = shared[unit * 4] + shared[unit * 4 + 1] + shared[unit * 4 + 2] + shared[unit * 4 + 3];
            low[(row + i) * (rank * parts as usize) + part as usize * rank + lowest + r] = total * scale;
        }
    }
}

#[cube(launch)]
fn add_kernel<T: Float, B: Float>(
    a: &Tensor<T>,
    b: &Tensor<T>,
    c: &Tensor<T>,
    low: &Tensor<f32>,
    values: &Tensor<f32>,
    bias: &Tensor<B>,
    y: &mut Tensor<T>,
    rows: u32,
    width: u32,
    rank: u32,
    a_stride: u32,
    b_stride: u32,
    c_stride: u32,
    low_stride: u32,
    low_column: u32,
    offset: u32,
    width_stride: u32,
    rank_stride: u32,
    scale: f32,
    #[comptime] bases: u32,
    #[comptime] has_bias: bool,
    #[define(T, B)] _dtypes: [ElemType; 2],
) {
    let (rows, width) = (rows as usize, width as usize);
    let row = CUBE_POS_X as usize * ROWS as usize;
    let column = CUBE_POS_Y as usize * CUBE_DIM as usize + UNIT_POS as usize;
    if column >= width {
        terminate!();
    }
    let mut sums = Array::<f32>::new(4usize);
    #[unroll]
    for i in 0..4usize {
        sums[i] = f32::new(0.0);
    }
    let start = offset as usize + column * width_stride as usize;
    for r in 0..rank as usize {
        let factor = values[start + r * rank_stride as usize];
        #[unroll]
        for i in 0..4usize {
            if row + i < rows {
                sums[i] += factor * low[(row + i) * low_stride as usize + low_column as usize + r];
            }
        }
    }
    #[unroll]
    for i in 0..4usize {
        if row + i < rows {
            let mut sum = sums[i] * scale + f32::cast_from(a[(row + i) * a_stride as usize + column]);
            if bases > 1 {
                sum += f32::cast_from(b[(row + i) * b_stride as usize + column]);
            }
            if bases > 2 {
                sum += f32::cast_from(c[(row + i) * c_stride as usize + column]);
            }
            if has_bias {
                sum += f32::cast_from(bias[column]);
            }
            y[(row + i) * width + column] = T::cast_from(sum);
        }
    }
}

#[cube(launch)]
fn accumulate_kernel<T: Float>(
    a: &Tensor<T>,
    b: &Tensor<T>,
    c: &Tensor<T>,
    low: &Tensor<f32>,
    gradients: &mut Tensor<f32>,
    rows: u32,
    rank: u32,
    first: u32,
    second: u32,
    third: u32,
    a_width: u32,
    b_width: u32,
    c_width: u32,
    a_stride: u32,
    b_stride: u32,
    c_stride: u32,
    low_stride: u32,
    width_stride: u32,
    rank_stride: u32,
    scale: f32,
    #[comptime] parts: u32,
    #[define(T)] _dtype: ElemType,
) {
    let part = CUBE_POS_Z;
    let offset = chosen(part, first, second, third);
    let width = chosen(part, a_width, b_width, c_width);
    let stride = chosen(part, a_stride, b_stride, c_stride);
    let (rows, rank) = (rows as usize, rank as usize);
    let (across, lane) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);
    let column = CUBE_POS_X as usize * 32 + across;
    let lowest = CUBE_POS_Y as usize * RANKS as usize;

    let mut sums = Array::<f32>::new(8usize);
    #[unroll]
    for r in 0..8usize {
        sums[r] = f32::new(0.0);
    }
    if column < width {
        let mut row = lane;
        while row < rows {
            let value = read::<T>(a, b, c, part, row * stride + column, parts);
            let start = row * low_stride as usize + part as usize * rank + lowest;
            #[unroll]
            for r in 0..8usize {
                if lowest + r < rank {
                    sums[r] += value * low[start + r];
                }
            }
            row += 8;
        }
    }

    // Each lane sums one rank over all lanes.
    let mut shared = Shared::<[f32]>::new_slice(2048usize);
    #[unroll]
    for r in 0..8usize {
        shared[(r * 8 + lane) * 32 + across] = sums[r];
    }
    sync_cube();
    if column < width && lowest + lane < rank {
        let mut total = f32::new(0.0);
        for other in 0..8usize {
            total += shared[(lane * 8 + other) * 32 + across];
        }
        let place = offset + column * width_stride as usize + (lowest + lane) * rank_stride as usize;
        gradients[place] += total * scale;
    }
}
