//! Sums of quadrants: the factors of the seven products.

use super::super::factor::Use;
use super::panels::Panels;
use super::tile::DEPTH;
use super::transpose::{SIDE, Transpose};

/// Number of products.
pub const PRODUCTS: usize = 7;

/// Rows of a panel summed at once, so that every quadrant is read from memory once.
const SLICE: usize = 32;

/// A factor formed from an operand's quadrants, numbered row by row.
#[derive(Clone, Copy)]
enum Sum {
    Only(usize),
    Plus(usize, usize),
    Minus(usize, usize),
}

const LEFT: [Sum; PRODUCTS] = [
    Sum::Plus(0, 3),
    Sum::Plus(2, 3),
    Sum::Only(0),
    Sum::Only(3),
    Sum::Plus(0, 1),
    Sum::Minus(2, 0),
    Sum::Minus(1, 3),
];

const RIGHT: [Sum; PRODUCTS] = [
    Sum::Plus(0, 3),
    Sum::Only(0),
    Sum::Minus(1, 3),
    Sum::Minus(2, 0),
    Sum::Only(3),
    Sum::Plus(0, 1),
    Sum::Plus(2, 3),
];

impl Sum {
    #[inline(always)]
    fn write(self, quadrants: [&[f32]; 4], out: &mut [f32]) {
        match self {
            Self::Only(one) => out.copy_from_slice(quadrants[one]),
            Self::Plus(one, other) => {
                let pairs = quadrants[one].iter().zip(quadrants[other]);
                out.iter_mut().zip(pairs).for_each(|(o, (a, b))| *o = a + b);
            }
            Self::Minus(one, other) => {
                let pairs = quadrants[one].iter().zip(quadrants[other]);
                out.iter_mut().zip(pairs).for_each(|(o, (a, b))| *o = a - b);
            }
        }
    }
}

/// Range of summed values multiplied together: `half` from `first` on, and `half` more.
#[derive(Clone, Copy)]
pub struct Halves {
    /// Index of the first.
    pub first: usize,
    /// Values in a half, at most [`DEPTH`].
    pub half: usize,
}

/// Rows of the left operand multiplied together: `top` from `first` on, and `top` more; rows beyond `count` are zero.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The first row.
    pub first: usize,
    /// Number of rows present.
    pub count: usize,
    /// Rows per half.
    pub top: usize,
}

/// Computes the left factors of all products, `top` rows each. `left` is `summed` values wide.
#[inline(always)]
pub fn sum_left(left: &[f32], summed: usize, rows: Rows, halves: Halves, sums: &mut Vec<[f32; DEPTH]>) {
    const ZEROS: [f32; DEPTH] = [0.0; DEPTH];
    let half = halves.half;
    sums.resize(PRODUCTS * rows.top, ZEROS);
    for row in 0..rows.top {
        let quadrants = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(lower, second)| {
            let row = row + lower * rows.top;
            match row < rows.count {
                true => &left[(rows.first + row) * summed + halves.first + second * half..][..half],
                false => &ZEROS[..half],
            }
        });
        for (product, sum) in LEFT.iter().enumerate() {
            sum.write(quadrants, &mut sums[product * rows.top + row][..half]);
        }
    }
}

/// Buffers for a panel's quadrants and their sums.
#[derive(Default)]
pub struct RightSums {
    transposed: Vec<f32>,
    sums: Vec<f32>,
}

impl RightSums {
    /// The right factors of all products, `half` rows each, for the columns of `panel` and of the panel half a matrix further.
    #[inline(always)]
    pub fn of<'a, S: Transpose, const WIDTH: usize>(
        &'a mut self,
        simd: S,
        panels: &'a Panels,
        used: Use,
        panel: usize,
        halves: Halves,
    ) -> [&'a [[f32; WIDTH]]; PRODUCTS] {
        let half = halves.half;
        let quadrants = quadrants::<S, WIDTH>(simd, panels, used, panel, halves, &mut self.transposed);
        self.sums.resize(PRODUCTS * half * WIDTH, 0.0);
        let sums = self.sums.as_chunks_mut::<WIDTH>().0;
        for at in (0..half).step_by(SLICE) {
            let end = half.min(at + SLICE);
            let slices = quadrants.map(|quadrant| quadrant[at..end].as_flattened());
            for (product, sum) in RIGHT.iter().enumerate() {
                if !matches!(sum, Sum::Only(_)) {
                    let sums = &mut sums[product * half..][at..end];
                    sum.write(slices, sums.as_flattened_mut());
                }
            }
        }
        let sums = self.sums.as_chunks::<WIDTH>().0;
        std::array::from_fn(|product| match RIGHT[product] {
            Sum::Only(quadrant) => quadrants[quadrant],
            _ => &sums[product * half..][..half],
        })
    }
}

/// The right operand's quadrants within the two panels: borrowed in place, or transposed.
#[inline(always)]
fn quadrants<'a, S: Transpose, const WIDTH: usize>(
    simd: S,
    panels: &'a Panels,
    used: Use,
    panel: usize,
    halves: Halves,
    transposed: &'a mut Vec<f32>,
) -> [&'a [[f32; WIDTH]]; 4] {
    let half = halves.half;
    let places = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(second, right)| {
        let columns = panels.shape(used)[1];
        (halves.first + second * half, panel + right * (columns / WIDTH / 2))
    });
    match used {
        Use::Transposed => places.map(|(first, panel)| &panels.columns(panel)[first..first + half]),
        Use::AsItIs => {
            transposed.resize(4 * half * WIDTH, 0.0);
            let rows = transposed.as_chunks_mut::<WIDTH>().0;
            for ((first, panel), rows) in places.into_iter().zip(rows.chunks_exact_mut(half)) {
                for (square, rows) in rows.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
                    let columns = panels.columns::<WIDTH>(first / WIDTH + square);
                    transpose(simd, &columns.as_chunks::<WIDTH>().0[panel], rows);
                }
            }
            let rows = transposed.as_chunks::<WIDTH>().0;
            std::array::from_fn(|quadrant| &rows[quadrant * half..][..half])
        }
    }
}

/// Transposes a panel's square block.
#[inline(always)]
fn transpose<S: Transpose, const WIDTH: usize>(
    simd: S,
    columns: &[[f32; WIDTH]; WIDTH],
    rows: &mut [[f32; WIDTH]; WIDTH],
) {
    for column in (0..WIDTH).step_by(SIDE) {
        for row in 0..WIDTH / SIDE {
            let square = std::array::from_fn(|at| columns[column + at].as_chunks::<SIDE>().0[row]);
            for (at, transposed) in simd.transpose(square).into_iter().enumerate() {
                rows[row * SIDE + at].as_chunks_mut::<SIDE>().0[column / SIDE] = transposed;
            }
        }
    }
}
