//! Blocked matrix product of any shape.

use super::super::factor::Use;
#[cfg(target_arch = "x86_64")]
use super::amx::TileRegisters;
#[cfg(target_arch = "x86_64")]
use super::avx512;
use super::tiles::{BLOCK, DEPTH, Frozen, TILE, pack_left};
use super::unit::{Kind, Unit};

/// Summed values packed at once: 512 rows of the left operand are then 1 MiB, which fits a core's L2 cache.
const SUMMED: usize = 1024;
/// Columns of the right operand packed at once.
const COLUMNS: usize = 128;

/// Buffers for packed operands, reused across calls.
#[derive(Default)]
pub struct Bf16Scratch {
    left: Vec<u16>,
    right: Vec<u16>,
}

/// `out = left * right`, single-threaded. `left` is `rows x summed`, rounded to bf16 here; `right` is the frozen matrix in this use,
/// `summed x columns`; `out` is `rows x columns` and summed in f32. Denormals are treated as zero, as the units define.
pub fn product(unit: Unit, out: &mut [f32], left: &[f32], right: Frozen, used: Use, scratch: &mut Bf16Scratch) {
    let [summed, columns] = right.shape(used);
    let rows = out.len() / columns;
    assert!(left.len() == rows * summed && out.len() == rows * columns);
    let kernel = Kernel::new(unit);
    for first in (0..summed).step_by(SUMMED) {
        let depth = SUMMED.min(summed - first);
        let strip = depth.div_ceil(DEPTH) * TILE;
        pack_left(left, summed, [first, depth], rows, &mut scratch.left);
        for column in (0..columns).step_by(COLUMNS) {
            let width = COLUMNS.min(columns - column);
            let padded = width.next_multiple_of(BLOCK);
            right.pack(used, [first, depth], [column, padded], &mut scratch.right);
            for (block, left) in scratch.left.chunks_exact(2 * strip).enumerate() {
                for (at, right) in scratch.right.chunks_exact(2 * strip).enumerate() {
                    let place = Place {
                        row: block * BLOCK,
                        column: column + at * BLOCK,
                        rows,
                        columns,
                    };
                    kernel.add_block(left, right, out, place, first > 0);
                }
            }
        }
    }
}

/// Position of a 32 x 32 block in a result of this size.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    column: usize,
    rows: usize,
    columns: usize,
}

/// A configured unit.
enum Kernel {
    #[cfg(target_arch = "x86_64")]
    Tiles(TileRegisters),
    #[cfg(target_arch = "x86_64")]
    Pairs,
}

impl Kernel {
    fn new(unit: Unit) -> Self {
        match unit.kind() {
            // SAFETY: a `Unit` exists only when it was detected.
            #[cfg(target_arch = "x86_64")]
            Kind::Tiles => Self::Tiles(unsafe { TileRegisters::configured() }),
            #[cfg(target_arch = "x86_64")]
            Kind::Pairs => Self::Pairs,
        }
    }

    /// Stores a block in the result, or adds it with `add`. Only the part of a block inside the result is used.
    fn add_block(&self, left: &[u16], right: &[u16], out: &mut [f32], place: Place, add: bool) {
        let Place {
            row,
            column,
            rows,
            columns,
        } = place;
        let start = row * columns + column;
        if row + BLOCK <= rows && column + BLOCK <= columns {
            return self.block(left, right, &mut out[start..], columns, add);
        }
        let (height, width) = (BLOCK.min(rows - row), BLOCK.min(columns - column));
        let mut whole = [0.0; BLOCK * BLOCK];
        self.block(left, right, &mut whole, BLOCK, false);
        for (row, sums) in whole.chunks_exact(BLOCK).take(height).enumerate() {
            let out = &mut out[start + row * columns..][..width];
            for (o, sum) in out.iter_mut().zip(sums) {
                *o = if add { *o + sum } else { *sum };
            }
        }
    }

    fn block(&self, left: &[u16], right: &[u16], out: &mut [f32], stride: usize, add: bool) {
        let along = left.len() / (2 * TILE);
        assert!(left.len() == right.len() && left.len() == 2 * along * TILE);
        assert!(out.len() >= (BLOCK - 1) * stride + BLOCK);
        let (left, right, out) = (left.as_ptr(), right.as_ptr(), out.as_mut_ptr());
        match *self {
            // SAFETY: the operands hold two strips of `along` tiles, `out` reaches to the end of its 32nd row, and the unit was detected.
            #[cfg(target_arch = "x86_64")]
            Self::Tiles(ref registers) => unsafe { registers.product(left, right, along, out, stride, add) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Pairs => unsafe { avx512::product(left, right, along, out, stride, add) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{rounded, widened};
    use super::*;

    fn numbers(count: usize, salt: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 37 + salt * 11) % 101) as f32 / 50.0 - 1.0)
            .collect()
    }

    /// Reference in f64 over the rounded operands, which the units multiply exactly.
    fn expected(left: &[f32], right: Frozen, used: Use, columns: usize, summed: usize) -> Vec<f64> {
        let value = |along: usize, column: usize| match used {
            Use::Transposed => right.values[column * right.cols + along],
            Use::AsItIs => right.values[along * right.cols + column],
        };
        let row = |row: &[f32], column: usize| {
            let terms = row.iter().enumerate();
            terms
                .map(|(i, x)| f64::from(widened(rounded(*x))) * f64::from(widened(value(i, column))))
                .sum()
        };
        left.chunks_exact(summed)
            .flat_map(|x| (0..columns).map(move |column| row(x, column)))
            .collect()
    }

    #[test]
    fn every_unit_matches_f64_for_every_remainder() {
        if Unit::found().is_empty() {
            println!("skipped: every_unit_matches_f64_for_every_remainder needs a CPU that multiplies bf16");
        }
        for &unit in Unit::found() {
            for (rows, outputs, inputs) in [
                (1, 1, 1),
                (32, 32, 32),
                (33, 65, 70),
                (17, 160, 2_081),
                (70, 2_081, 31),
                (64, 129, 1_024),
            ] {
                let weights: Vec<u16> = numbers(outputs * inputs, 1).into_iter().map(rounded).collect();
                let right = Frozen {
                    values: &weights,
                    cols: inputs,
                };
                for used in [Use::Transposed, Use::AsItIs] {
                    let [summed, columns] = right.shape(used);
                    let left = numbers(rows * summed, 2);
                    let mut out = vec![f32::NAN; rows * columns];
                    product(unit, &mut out, &left, right, used, &mut Bf16Scratch::default());
                    for (at, (got, exact)) in out
                        .iter()
                        .zip(expected(&left, right, used, columns, summed))
                        .enumerate()
                    {
                        let off = (f64::from(*got) - exact).abs();
                        assert!(
                            off < 1e-4 * (1.0 + exact.abs()),
                            "{unit} {used:?} {rows}x{outputs}x{inputs} at {at}: {got}, not {exact}"
                        );
                    }
                }
            }
        }
    }
}
