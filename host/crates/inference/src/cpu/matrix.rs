//! A weight matrix packed for products, in f32 or bf16.

use std::ops::Range;

use burn::tensor::Tensor;
use half::bf16;
use rayon::prelude::*;

use super::panel_product::{PANEL_ROWS, PanelProduct};
use nl2sql_model::weights::values_of;

/// How the CPU engine holds weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WeightPrecision {
    /// Exact.
    #[default]
    F32,
    /// Rounded to bfloat16 and widened as it is read; half the memory traffic of a step.
    Bf16,
}

/// A matrix `[rows, columns]`, in panels `[columns, PANEL_ROWS]` of consecutive rows; the last one is filled up with zeros.
#[derive(Debug)]
pub(super) struct Matrix {
    panels: Panels,
    rows: usize,
    columns: usize,
}

#[derive(Debug)]
enum Panels {
    F32(Vec<f32>),
    Bf16(Vec<bf16>),
}

/// Tasks per thread: enough that none waits long for the others.
const TASKS_PER_THREAD: usize = 4;

impl Matrix {
    pub(super) fn from_tensor(tensor: Tensor<2>, precision: WeightPrecision) -> Self {
        let [rows, columns] = tensor.dims();
        let values = values_of(tensor.inner());
        let panels = match precision {
            WeightPrecision::F32 => Panels::F32(packed(&values, columns, |value| value)),
            WeightPrecision::Bf16 => Panels::Bf16(packed(&values, columns, bf16::from_f32)),
        };
        Self { panels, rows, columns }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn copy_row(&self, row: usize, target: &mut [f32]) {
        let first = row / PANEL_ROWS * PANEL_ROWS * self.columns + row % PANEL_ROWS;
        for (column, target) in target.iter_mut().enumerate() {
            let place = first + column * PANEL_ROWS;
            *target = match &self.panels {
                Panels::F32(values) => values[place],
                Panels::Bf16(values) => values[place].to_f32(),
            };
        }
    }

    /// Inputs `[count, columns]` times the transposed matrix: `[count, rows]`.
    pub(super) fn times(&self, inputs: &[f32]) -> Vec<f32> {
        let mut result = Vec::new();
        multiply_all([(self, &mut result)], inputs);
        result
    }

    /// All panels, `per_task` at a time.
    fn tasks(&self, per_task: usize) -> impl Iterator<Item = Task<'_>> {
        let panels = self.rows.div_ceil(PANEL_ROWS);
        (0..panels).step_by(per_task).map(move |first| Task {
            matrix: self,
            panels: first..panels.min(first + per_task),
            out: Vec::new(),
        })
    }

    /// Panels in f32, in `wide` where they are held otherwise.
    fn panels<'a>(&'a self, panels: Range<usize>, wide: &'a mut Vec<f32>) -> Vec<&'a [f32]> {
        let length = PANEL_ROWS * self.columns;
        let range = panels.start * length..panels.end * length;
        let values = match &self.panels {
            Panels::F32(values) => &values[range],
            Panels::Bf16(values) => {
                wide.resize(range.len(), 0.0);
                widen(&values[range], wide);
                wide
            }
        };
        values.chunks_exact(length).collect()
    }
}

/// The same inputs times several matrices, each into its own memory.
///
/// Threads divide the weights, so that each panel is read from memory once; what is done together waits once for all of them.
pub(super) fn multiply_all<const N: usize>(products: [(&Matrix, &mut Vec<f32>); N], inputs: &[f32]) {
    let panels: usize = products
        .iter()
        .map(|(matrix, _)| matrix.rows.div_ceil(PANEL_ROWS))
        .sum();
    let per_task = panels.div_ceil(TASKS_PER_THREAD * rayon::current_num_threads());
    let mut tasks = Vec::new();
    for (matrix, result) in products {
        result.resize(inputs.len() / matrix.columns * matrix.rows, 0.0);
        let of_matrix = tasks.len();
        tasks.extend(matrix.tasks(per_task));
        for row in result.chunks_exact_mut(matrix.rows) {
            for (task, part) in tasks[of_matrix..].iter_mut().zip(row.chunks_mut(per_task * PANEL_ROWS)) {
                task.out.push(part);
            }
        }
    }
    tasks.par_iter_mut().for_each(|task| task.run(inputs));
}

/// Some panels of a matrix, and where their products go.
struct Task<'a> {
    matrix: &'a Matrix,
    panels: Range<usize>,
    /// One row per input.
    out: Vec<&'a mut [f32]>,
}

impl Task<'_> {
    fn run(&mut self, inputs: &[f32]) {
        let mut wide = Vec::new();
        pulp::Arch::new().dispatch(PanelProduct {
            panels: &self.matrix.panels(self.panels.clone(), &mut wide),
            inputs,
            stride: self.matrix.columns,
            out: &mut self.out,
            goes_on: false,
        });
    }
}

/// Rows of `columns` values each, in panels.
fn packed<T: Copy + Default + Send>(values: &[f32], columns: usize, as_held: impl Fn(f32) -> T + Sync) -> Vec<T> {
    let length = PANEL_ROWS * columns;
    let mut panels = vec![T::default(); values.len().div_ceil(length) * length];
    panels
        .par_chunks_exact_mut(length)
        .zip(values.par_chunks(length))
        .for_each(|(panel, rows)| {
            for (number, row) in rows.chunks_exact(columns).enumerate() {
                for (slot, value) in panel[number..].iter_mut().step_by(PANEL_ROWS).zip(row) {
                    *slot = as_held(*value);
                }
            }
        });
    panels
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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn wave(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|n| (n as f32 * step).sin()).collect()
    }

    fn matrix(rows: usize, columns: usize, precision: WeightPrecision) -> (Vec<f32>, Matrix) {
        let weights = wave(rows * columns, 0.7);
        let data = TensorData::new(weights.clone(), [rows, columns]);
        let tensor = Tensor::from_data(data, &Device::flex());
        (weights, Matrix::from_tensor(tensor, precision))
    }

    #[test]
    fn products_equal_the_plain_sum() {
        for (rows, columns, count) in [(37, 29, 1), (37, 29, 7), (70, 64, 45), (5, 100, 33)] {
            let (weights, matrix) = matrix(rows, columns, WeightPrecision::F32);
            let inputs = wave(count * columns, 0.3);
            let result = matrix.times(&inputs);
            for (input, outputs) in inputs.chunks(columns).zip(result.chunks(rows)) {
                for (row, output) in weights.chunks(columns).zip(outputs) {
                    let plain: f32 = row.iter().zip(input).map(|(w, x)| w * x).sum();
                    assert!((plain - output).abs() < 1e-4, "{output} instead of {plain}");
                }
            }
        }
    }

    #[test]
    fn a_product_is_the_same_to_the_last_bit_whatever_it_is_computed_beside() {
        for precision in [WeightPrecision::F32, WeightPrecision::Bf16] {
            let (_, matrix) = matrix(75, 83, precision);
            let inputs = wave(40 * 83, 0.3);
            let alone: Vec<f32> = inputs.chunks(83).flat_map(|input| matrix.times(input)).collect();
            for count in 1..=40 {
                let beside = matrix.times(&inputs[..count * 83]);
                assert_eq!(beside, alone[..count * 75], "{count} inputs, {precision:?}");
            }
        }
    }

    #[test]
    fn rows_are_given_as_they_came() {
        let (weights, matrix) = matrix(75, 83, WeightPrecision::F32);
        for (number, row) in weights.chunks(83).enumerate() {
            let mut copy = [0.0; 83];
            matrix.copy_row(number, &mut copy);
            assert_eq!(copy, row);
        }
    }
}
