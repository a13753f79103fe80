//! The right operand of products, in the form a kernel reads.

use super::bf16::{self, Bf16Scratch, Frozen, Unit};
use super::matrix::{View, ViewMut, product};
use super::strassen::{self, Panels, StrassenScratch};

/// A matrix `W` that rows are multiplied with, in the form of its kernel.
#[derive(Clone, Copy)]
pub enum Factor<'a> {
    /// Multiplied in f32.
    F32 {
        /// The values, row-major.
        values: &'a [f32],
        /// Number of columns.
        cols: usize,
    },
    /// Multiplied in f32 with one level of Strassen.
    Panels(&'a Panels),
    /// Multiplied in bf16 by a unit of this CPU.
    Bf16(Unit, Frozen<'a>),
}

/// How a product uses a matrix `W`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `x W^T`: sums along its rows.
    Transposed,
    /// `y W`: sums along its columns.
    AsItIs,
}

/// Buffers reused across calls.
#[derive(Default)]
pub struct FactorScratch {
    strassen: StrassenScratch,
    bf16: Bf16Scratch,
}

impl Factor<'_> {
    /// Rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Self::F32 { values, cols } => [values.len() / cols, *cols],
            Self::Panels(panels) => panels.shape(Use::AsItIs),
            Self::Bf16(_, frozen) => frozen.shape(Use::AsItIs),
        }
    }

    /// `out = x W^T`.
    pub fn project(&self, x: &[f32], out: &mut [f32], scratch: &mut FactorScratch) {
        self.multiply(x, out, Use::Transposed, scratch);
    }

    /// `out = y W`: backward of [`project`](Self::project) with respect to its input.
    pub fn project_back(&self, y: &[f32], out: &mut [f32], scratch: &mut FactorScratch) {
        self.multiply(y, out, Use::AsItIs, scratch);
    }

    fn multiply(&self, left: &[f32], out: &mut [f32], used: Use, scratch: &mut FactorScratch) {
        let (values, cols) = match *self {
            Self::Panels(panels) => return strassen::product(out, left, panels, used, &mut scratch.strassen),
            Self::Bf16(unit, frozen) => return bf16::product(unit, out, left, frozen, used, &mut scratch.bf16),
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
