//! Products with frozen matrices by seven products of quadrants instead of eight (Strassen 1969, "Gaussian elimination is not optimal").
//!
//! ```text
//! left  = | A B |   right = | E F |   left right = | p1 + p4 - p5 + p7    p3 + p5           |
//!         | C D |           | G H |                | p2 + p4              p1 - p2 + p3 + p6 |
//! p1 = (A + D)(E + H)   p2 = (C + D) E   p3 = A (F - H)   p4 = D (G - E)
//! p5 = (A + B) H        p6 = (C - A)(E + F)               p7 = (B - D)(G + H)
//! ```
//!
//! One level only: deeper recursion would spend on sums what it saves in products. Sums of the right operand are computed for one panel of columns
//! at a time and those of the left one for a block of rows, on demand, so that a matrix is stored once.

mod panels;
mod sums;
mod tile;
mod transpose;

use pulp::Simd;

pub use panels::{Layout, Panels};
use sums::{Halves, PRODUCTS, RightSums, Rows, sum_left};
use tile::{DEPTH, Sums, multiply, pair, pair_mut};
use transpose::Transpose;

use super::factor::Use;

/// Rows of the left operand multiplied with a panel at once: a panel's sums then serve many tiles, and the 2.2 MiB of left factors stream from
/// the L3 cache as fast as they are multiplied.
const BLOCK: usize = 576;

/// Buffers for operands and sums of quadrants, reused across calls.
#[derive(Default)]
pub struct StrassenScratch {
    left: Vec<[f32; DEPTH]>,
    right: RightSums,
    quadrants: Vec<f32>,
}

/// `out = left * right`, single-threaded. `right` is the frozen matrix in this use, `summed x columns`; `left` is `rows x summed`, `out` is
/// `rows x columns`.
pub fn product(out: &mut [f32], left: &[f32], right: &Panels, used: Use, scratch: &mut StrassenScratch) {
    let [summed, columns] = right.shape(used);
    let rows = out.len() / columns;
    assert!(left.len() == rows * summed && out.len() == rows * columns);
    if rows == 0 {
        return;
    }
    let work = Work {
        out,
        left,
        right,
        used,
        scratch,
    };
    match right.layout() {
        #[cfg(target_arch = "x86_64")]
        Layout::V3(unit) => work.run::<_, 6, 16>(unit),
        #[cfg(target_arch = "x86_64")]
        Layout::V4(unit) => work.run::<_, 12, 32>(unit),
        #[cfg(test)]
        Layout::Scalar => work.run::<_, 12, 32>(pulp::Scalar512b),
    }
}

struct Work<'a> {
    out: &'a mut [f32],
    left: &'a [f32],
    right: &'a Panels,
    used: Use,
    scratch: &'a mut StrassenScratch,
}

/// How a product updates a quadrant of the result.
#[derive(Clone, Copy)]
enum Step {
    /// The first product of this quadrant.
    Start,
    Add,
    Subtract,
    /// Added; the last product of this quadrant.
    Finish,
}

/// The quadrants each product contributes to.
const TARGETS: [&[(usize, Step)]; PRODUCTS] = [
    &[(0, Step::Start), (3, Step::Start)],
    &[(2, Step::Start), (3, Step::Subtract)],
    &[(1, Step::Start), (3, Step::Add)],
    &[(0, Step::Add), (2, Step::Finish)],
    &[(0, Step::Subtract), (1, Step::Finish)],
    &[(3, Step::Finish)],
    &[(0, Step::Finish)],
];

impl Work<'_> {
    /// Works in tiles of `ROWS x WIDTH` sums, which fill the unit's registers.
    fn run<S: Transpose, const ROWS: usize, const WIDTH: usize>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.multiply::<S, ROWS, WIDTH>(simd),
        );
    }

    #[inline(always)]
    fn multiply<S: Transpose, const ROWS: usize, const WIDTH: usize>(mut self, simd: S) {
        let [summed, columns] = self.right.shape(self.used);
        let count = self.out.len() / columns;
        // As even as whole tiles allow: a short last block would be mostly zeros.
        let block = count.div_ceil(count.div_ceil(BLOCK)).next_multiple_of(2 * ROWS);
        for first in (0..count).step_by(block) {
            let count = block.min(count - first);
            let rows = Rows {
                first,
                count,
                top: count.div_ceil(2).next_multiple_of(ROWS),
            };
            for halves in halves(summed, WIDTH) {
                sum_left(self.left, summed, rows, halves, &mut self.scratch.left);
                for panel in 0..columns / WIDTH / 2 {
                    self.multiply_panel::<S, ROWS, WIDTH>(simd, rows, halves, panel);
                }
            }
        }
    }

    /// All products with one panel of the right operand's left half and the matching panel of its right half.
    #[inline(always)]
    fn multiply_panel<S: Transpose, const ROWS: usize, const WIDTH: usize>(
        &mut self,
        simd: S,
        rows: Rows,
        halves: Halves,
        panel: usize,
    ) {
        let StrassenScratch { left, right, quadrants } = &mut *self.scratch;
        let panels = self.right.shape(self.used)[1] / WIDTH;
        let right = right.of::<S, WIDTH>(simd, self.right, self.used, panel, halves);
        quadrants.resize(4 * rows.top * WIDTH, 0.0);
        let quadrants = quadrants.as_chunks_mut::<WIDTH>().0;
        let out = self.out.as_chunks_mut::<WIDTH>().0;
        for (product, left) in left.chunks_exact(rows.top).enumerate() {
            for (tile, left) in left.as_chunks::<ROWS>().0.iter().enumerate() {
                let sums = multiply(simd, left, right[product]);
                for &(quadrant, step) in TARGETS[product] {
                    let held = &mut quadrants[quadrant * rows.top + tile * ROWS..][..ROWS];
                    let Step::Finish = step else {
                        gather(simd, step, &sums, held);
                        continue;
                    };
                    let row = quadrant / 2 * rows.top + tile * ROWS;
                    let panel = panel + quadrant % 2 * (panels / 2);
                    let out = out.iter_mut().skip((rows.first + row) * panels + panel).step_by(panels);
                    let out = out.take(rows.count.saturating_sub(row));
                    write(simd, halves.first > 0, &sums, held, out);
                }
            }
        }
    }
}

/// Splits the summed values, a multiple of `2 width`, as evenly as possible into halves that are multiples of `width`.
fn halves(summed: usize, width: usize) -> impl Iterator<Item = Halves> {
    let steps = summed / (2 * width);
    let parts = steps.div_ceil(DEPTH / width);
    (0..parts).map(move |part| {
        let (first, end) = (steps * part / parts, steps * (part + 1) / parts);
        Halves {
            first: first * 2 * width,
            half: (end - first) * width,
        }
    })
}

/// Accumulates a tile of a product into its quadrant.
#[inline(always)]
fn gather<S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    step: Step,
    sums: &Sums<S, ROWS>,
    quadrant: &mut [[f32; WIDTH]],
) {
    for (sums, quadrant) in sums.iter().zip(quadrant) {
        for (held, sum) in pair_mut::<S, WIDTH>(quadrant).iter_mut().zip(sums) {
            *held = match step {
                Step::Start => *sum,
                Step::Add | Step::Finish => simd.add_f32s(*held, *sum),
                Step::Subtract => simd.sub_f32s(*held, *sum),
            };
        }
    }
}

/// Writes `sums + held` to rows of the result, or adds it to them.
#[inline(always)]
fn write<'a, S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    add: bool,
    sums: &Sums<S, ROWS>,
    held: &[[f32; WIDTH]],
    rows: impl Iterator<Item = &'a mut [f32; WIDTH]>,
) {
    for ((sums, held), row) in sums.iter().zip(held).zip(rows) {
        let whole = sums.iter().zip(pair::<S, WIDTH>(held));
        for (out, (sum, held)) in pair_mut::<S, WIDTH>(row).iter_mut().zip(whole) {
            let sum = simd.add_f32s(*sum, held);
            *out = match add {
                true => simd.add_f32s(*out, sum),
                false => sum,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, salt: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7_919 + salt * 104_729) % 1_009) as f32 / 504.0 - 1.0)
            .collect()
    }

    /// A column of the product in f64, and the sum of the magnitudes of its terms.
    fn expected(
        left: &[f32],
        weights: &[f32],
        [summed, columns]: [usize; 2],
        used: Use,
        column: usize,
    ) -> Vec<[f64; 2]> {
        let value = |along: usize| match used {
            Use::Transposed => weights[column * summed + along],
            Use::AsItIs => weights[along * columns + column],
        };
        let sums = |row: &[f32]| {
            let terms = row.iter().enumerate();
            let terms = terms.map(|(along, x)| f64::from(*x) * f64::from(value(along)));
            terms.fold([0.0, 0.0], |[sum, sizes], term| [sum + term, sizes + term.abs()])
        };
        left.chunks_exact(summed).map(sums).collect()
    }

    #[test]
    fn every_layout_matches_f64_for_every_remainder() {
        let mut scratch = StrassenScratch::default();
        for layout in [Some(Layout::Scalar), Layout::found(256, 256)].into_iter().flatten() {
            for (rows, outputs, inputs) in [
                (1, 256, 320),
                (11, 640, 256),
                (60, 256, 1_216),
                (BLOCK, 320, 256),
                (BLOCK + 1, 256, 576),
            ] {
                let weights = numbers(outputs * inputs, 1);
                let right = Panels::new(&weights, outputs, inputs, layout);
                for used in [Use::Transposed, Use::AsItIs] {
                    let [summed, columns] = right.shape(used);
                    let left = numbers(rows * summed, 2);
                    let mut out = vec![f32::NAN; rows * columns];
                    product(&mut out, &left, &right, used, &mut scratch);
                    for column in (0..columns).step_by(7) {
                        let exact = expected(&left, &weights, [summed, columns], used, column);
                        for (row, [exact, sizes]) in exact.into_iter().enumerate() {
                            let off = (f64::from(out[row * columns + column]) - exact).abs();
                            assert!(
                                off < 2e-6 * sizes,
                                "{used:?} {rows}x{outputs}x{inputs} at {row}, {column}: off by {off}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn empty_product_is_accepted() {
        let right = Panels::new(&numbers(256 * 256, 1), 256, 256, Layout::Scalar);
        product(&mut [], &[], &right, Use::Transposed, &mut StrassenScratch::default());
    }
}
