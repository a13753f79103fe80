//! A weight matrix read row by row, in f32 or bf16.

use burn::backend::{BackendTypes, Flex};
use burn::tensor::{DType, Tensor};
use half::bf16;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::vector::dot_tile;
use nl2sql_model::weights::values_of;

type FlexTensor = <Flex as BackendTypes>::FloatTensorPrimitive;

/// How the CPU engine holds weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightPrecision {
    /// Exact; shared with the decoder where it lies in f32 on the CPU.
    #[default]
    F32,
    /// Rounded to bfloat16 and widened as it is read; half the memory traffic of a step.
    Bf16,
}

/// A matrix `[rows, columns]`.
#[derive(Debug)]
pub(super) struct Matrix {
    values: Values,
    rows: usize,
    columns: usize,
}

#[derive(Debug)]
enum Values {
    Shared(FlexTensor),
    Owned(Vec<f32>),
    Bf16(Vec<bf16>),
}

/// Weight rows worked on together: they stay in the second-level cache while inputs pass by.
const ROWS_PER_TASK: usize = 32;
/// Up to this many input rows, threads divide the weight; beyond, they divide the inputs.
const FEW_INPUTS: usize = 32;

impl Matrix {
    pub(super) fn from_tensor(tensor: Tensor<2>, precision: WeightPrecision) -> Self {
        let [rows, columns] = tensor.dims();
        let tensor = tensor.inner();
        let values = match precision {
            WeightPrecision::Bf16 => Values::Bf16(values_of(tensor).into_iter().map(bf16::from_f32).collect()),
            WeightPrecision::F32 => shared(&tensor).unwrap_or_else(|| Values::Owned(values_of(tensor))),
        };
        Self { values, rows, columns }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn copy_row(&self, row: usize, target: &mut [f32]) {
        let range = row * self.columns..(row + 1) * self.columns;
        match &self.values {
            Values::Shared(tensor) => target.copy_from_slice(&tensor.storage::<f32>()[range]),
            Values::Owned(values) => target.copy_from_slice(&values[range]),
            Values::Bf16(values) => widen(&values[range], target),
        }
    }

    /// Inputs `[count, columns]` times the transposed matrix: `[count, rows]`.
    pub(super) fn times(&self, inputs: &[f32]) -> Vec<f32> {
        let count = inputs.len() / self.columns;
        if count > FEW_INPUTS {
            return self.times_many(inputs, count);
        }
        let mut transposed = vec![0.0; self.rows * count];
        transposed
            .par_chunks_mut(ROWS_PER_TASK * count)
            .enumerate()
            .for_each(|(task, out)| {
                let first = task * ROWS_PER_TASK;
                self.with_rows(first, out.len() / count, |weights| {
                    pulp::Arch::new().dispatch(Product {
                        weights,
                        inputs,
                        columns: self.columns,
                        out: Out::ByWeight(out),
                    });
                });
            });
        if count == 1 {
            return transposed;
        }
        transpose(&transposed, self.rows, count)
    }

    fn times_many(&self, inputs: &[f32], count: usize) -> Vec<f32> {
        let mut result = vec![0.0; count * self.rows];
        let share = count.div_ceil(rayon::current_num_threads()).next_multiple_of(4);
        result
            .par_chunks_mut(share * self.rows)
            .zip(inputs.par_chunks(share * self.columns))
            .for_each(|(out, inputs)| {
                for first in (0..self.rows).step_by(ROWS_PER_TASK) {
                    let rows = ROWS_PER_TASK.min(self.rows - first);
                    self.with_rows(first, rows, |weights| {
                        pulp::Arch::new().dispatch(Product {
                            weights,
                            inputs,
                            columns: self.columns,
                            out: Out::ByInput {
                                values: out,
                                width: self.rows,
                                first,
                            },
                        });
                    });
                }
            });
        result
    }

    /// Hands over some rows in f32.
    fn with_rows(&self, first: usize, rows: usize, work: impl FnOnce(&[f32])) {
        let range = first * self.columns..(first + rows) * self.columns;
        match &self.values {
            Values::Shared(tensor) => work(&tensor.storage::<f32>()[range]),
            Values::Owned(values) => work(&values[range]),
            Values::Bf16(values) => {
                let mut wide = vec![0.0; range.len()];
                widen(&values[range], &mut wide);
                work(&wide);
            }
        }
    }
}

/// The tensor's memory, when it lies on the CPU in f32, row after row from its beginning.
fn shared(tensor: &Tensor<2>) -> Option<Values> {
    let elements = tensor.shape().num_elements();
    let primitive = tensor.clone().try_into_primitive::<Flex>().ok()?;
    let whole =
        primitive.dtype() == DType::F32 && primitive.is_contiguous() && primitive.storage::<f32>().len() == elements;
    whole.then_some(Values::Shared(primitive))
}

fn widen(values: &[bf16], target: &mut [f32]) {
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for (target, value) in target.iter_mut().zip(values) {
                *target = f32::from_bits(u32::from(value.to_bits()) << 16);
            }
        },
    );
}

fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = vec![0.0; values.len()];
    for (row, line) in values.chunks_exact(columns).enumerate() {
        for (column, value) in line.iter().enumerate() {
            result[column * rows + row] = *value;
        }
    }
    result
}

/// Where products go.
enum Out<'a> {
    /// `[weight rows, inputs]`.
    ByWeight(&'a mut [f32]),
    /// `[inputs, width]`, weight rows beginning at column `first`.
    ByInput {
        values: &'a mut [f32],
        width: usize,
        first: usize,
    },
}

/// Products of some weight rows with all inputs.
struct Product<'a> {
    weights: &'a [f32],
    inputs: &'a [f32],
    columns: usize,
    out: Out<'a>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let count = self.inputs.len() / self.columns;
        let mut input = 0;
        // Wide registers come in greater number; a tile must fit into them.
        if S::REGISTER_COUNT >= 32 {
            while input + 4 <= count {
                self.tiles::<S, 4, 4>(simd, input);
                input += 4;
            }
        }
        while input + 2 <= count {
            self.tiles::<S, 2, 4>(simd, input);
            input += 2;
        }
        if input < count {
            self.tiles::<S, 1, 8>(simd, input);
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const M: usize, const N: usize>(&mut self, simd: S, input: usize) {
        let rows = self.weights.len() / self.columns;
        let mut row = 0;
        while row + N <= rows {
            self.tile::<S, M, N>(simd, input, row);
            row += N;
        }
        while row < rows {
            self.tile::<S, M, 1>(simd, input, row);
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const M: usize, const N: usize>(&mut self, simd: S, input: usize, row: usize) {
        let columns = self.columns;
        let mut x: [&[f32]; M] = [&[]; M];
        let mut w: [&[f32]; N] = [&[]; N];
        for (m, x) in x.iter_mut().enumerate() {
            *x = &self.inputs[(input + m) * columns..(input + m + 1) * columns];
        }
        for (n, w) in w.iter_mut().enumerate() {
            *w = &self.weights[(row + n) * columns..(row + n + 1) * columns];
        }
        let products = dot_tile(simd, x, w);
        let count = self.inputs.len() / columns;
        for m in 0..M {
            for n in 0..N {
                match &mut self.out {
                    Out::ByWeight(values) => values[(row + n) * count + input + m] = products[m][n],
                    Out::ByInput { values, width, first } => {
                        values[(input + m) * *width + *first + row + n] = products[m][n];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn wave(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * step).sin()).collect()
    }

    #[test]
    fn products_equal_the_plain_sum() {
        for (rows, columns, count) in [(37, 29, 1), (37, 29, 7), (70, 64, 45), (5, 100, 33)] {
            let (weights, inputs) = (wave(rows * columns, 0.7), wave(count * columns, 0.3));
            let tensor = Tensor::from_data(TensorData::new(weights.clone(), [rows, columns]), &Device::flex());
            let matrix = Matrix::from_tensor(tensor, WeightPrecision::F32);
            let result = matrix.times(&inputs);
            for (input, outputs) in inputs.chunks(columns).zip(result.chunks(rows)) {
                for (row, output) in weights.chunks(columns).zip(outputs) {
                    let plain: f32 = row.iter().zip(input).map(|(w, x)| w * x).sum();
                    assert!((plain - output).abs() < 1e-4, "{output} instead of {plain}");
                }
            }
        }
    }
}
