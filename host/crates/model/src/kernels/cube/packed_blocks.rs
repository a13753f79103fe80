//! Packed blocks of 8 or 4 bits opened into a dtype of computation: a word for each unit.

use burn::tensor::{DType, Int, Tensor as BurnTensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

use super::{burn_tensor, contiguous, element, empty};
use crate::layers::QuantisedBits;
use crate::layers::block_quantised::{BLOCK, NF4};

const UNITS: u32 = 256;

/// `[d_out, d_in]` of words `[d_out, blocks * words of a block]` and scales `[d_out, blocks]`.
pub fn open(
    words: &BurnTensor<2, Int>,
    scales: &BurnTensor<2>,
    d_in: usize,
    bits: QuantisedBits,
    dtype: DType,
) -> Option<BurnTensor<2>> {
    let [d_out, words_per_row] = words.dims();
    let words = into_contiguous(words.clone().try_into_primitive::<CubeBackend>().ok()?);
    let scales = contiguous(scales)?;
    if words.dtype != DType::I32 {
        return None;
    }
    let values = empty(&scales, [d_out, d_in], dtype);
    let element = element(dtype)?;
    let units = CubeDim::new_1d(UNITS);
    let count = d_out * words_per_row;
    kernel::launch(
        &values.client,
        calculate_cube_count_elemwise(&values.client, count, units),
        units,
        words.into_tensor_arg(),
        scales.into_tensor_arg(),
        values.clone().into_tensor_arg(),
        count as u32,
        words_per_row as u32,
        (BLOCK / bits.per_word()) as u32,
        d_in as u32,
        bits.width() as u32,
        element,
    );
    Some(burn_tensor(values))
}

/// The level of a code of NormalFloat4.
#[cube]
fn normal_float(code: u32) -> f32 {
    let mut level = f32::new(comptime!(NF4[0]));
    if code == 1 {
        level = f32::new(comptime!(NF4[1]));
    }
    if code == 2 {
        level = f32::new(comptime!(NF4[2]));
    }
    if code == 3 {
        level = f32::new(comptime!(NF4[3]));
    }
    if code == 4 {
        level = f32::new(comptime!(NF4[4]));
    }
    if code == 5 {
        level = f32::new(comptime!(NF4[5]));
    }
    if code == 6 {
        level = f32::new(comptime!(NF4[6]));
    }
    if code == 7 {
        level = f32::new(comptime!(NF4[7]));
    }
    if code == 8 {
        level = f32::new(comptime!(NF4[8]));
    }
    if code == 9 {
        level = f32::new(comptime!(NF4[9]));
    }
    if code == 10 {
        level = f32::new(comptime!(NF4[10]));
    }
    if code == 11 {
        level = f32::new(comptime!(NF4[11]));
    }
    if code == 12 {
        level = f32::new(comptime!(NF4[12]));
    }
    if code == 13 {
        level = f32::new(comptime!(NF4[13]));
    }
    if code == 14 {
        level = f32::new(comptime!(NF4[14]));
    }
    if code == 15 {
        level = f32::new(comptime!(NF4[15]));
    }
    level
}

#[cube(launch)]
fn kernel<T: Float>(
    words: &Tensor<i32>,
    scales: &Tensor<f32>,
    values: &mut Tensor<T>,
    count: u32,
    words_per_row: u32,
    words_per_block: u32,
    d_in: u32,
    #[comptime] width: u32,
    #[define(T)] _dtype: ElemType,
) {
    let place = ABSOLUTE_POS;
    if place >= count as usize {
        terminate!();
    }
    let (row, of_row) = (place / words_per_row as usize, place % words_per_row as usize);
    let word = u32::reinterpret(words[place]);
    let scale = scales[place / words_per_block as usize];
    let per_word = comptime!(32 / width);
    let mask = comptime!((1u32 << width) - 1);
    #[unroll]
    for slot in 0..per_word {
        let code = (word >> (slot * width)) & mask;
        let column = of_row * per_word as usize + slot as usize;
        if column < d_in as usize {
            let mut level = f32::new(0.0);
            if width == 4 {
                level = normal_float(code);
            } else {
                level = f32::cast_from(code) - 128.0;
            }
            values[row * d_in as usize + column] = T::cast_from(level * scale);
        }
    }
}
