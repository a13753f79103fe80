//! A matrix that stands ready for products.

use super::bf16::{self, Bf16Scratch, Frozen, Unit, Use};
use super::matrix::{View, ViewMut, product};

/// A matrix `W` that rows are multiplied with, in the precision that it stands ready in.
#[derive(Clone, Copy)]
pub enum Factor<'a> {
    /// Multiplied in f32.
    F32 {
        /// Its values, row-major.
        values: &'a [f32],
        /// Its columns.
        cols: usize,
    },
    /// Multiplied in bf16, by a unit of this CPU.
    Bf16(Unit, Frozen<'a>),
}

impl Factor<'_> {
    /// Its rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::F32 { values, cols } => [values.len() / cols, *cols],
            Self::Bf16(_, frozen) => frozen.shape(Use::AsItIs),
        }
    }

    /// `out = x W^T`.
    pub fn project(&self, x: &[f32], out: &mut [f32], scratch: &mut Bf16Scratch) {
        self.multiply(x, out, Use::Transposed, scratch);
    }

    /// `out = y W`, the way back.
    pub fn project_back(&self, y: &[f32], out: &mut [f32], scratch: &mut Bf16Scratch) {
        self.multiply(y, out, Use::AsItIs, scratch);
    }

    fn multiply(&self, left: &[f32], out: &mut [f32], used: Use, scratch: &mut Bf16Scratch) {
        let (values, cols) = match *self {
            Self::Bf16(unit, frozen) => return bf16::product(unit, out, left, frozen, used, scratch),
            Self::F32 { values, cols } => (values, cols),
        };
        let rows = values.len() / cols;
        let weight = View::new(values, rows, cols, cols);
        let (right, summed, columns) = match used {
            Use::Transposed => (weight.transposed(), cols, rows),
            Use::AsItIs => (weight, rows, cols),
        };
        let count = left.len() / summed;
        let left = View::new(left, count, summed, summed);
        product(ViewMut::new(out, count, columns, columns), 1.0, left, right);
    }
}
