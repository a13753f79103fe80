//! Operands as the units read them.
//!
//! A tile holds 16 rows of 16 pairs of bf16, 1 KiB. A pair is two neighbours along the summed dimension: in tiles of the left operand a row is a
//! row of the matrix with 32 summed values; in those of the right operand a column of pairs is a column of the matrix, and a row holds the
//! same two summed positions of 16 columns (Intel, Intrinsics Guide and SDM vol. 1 ch. 18, "VNNI" layout). What a matrix lacks to whole tiles is zero.

use super::super::factor::Use;
use super::super::vector::wide;
use super::rounded;

/// Rows of a tile, and columns of the right operand's.
pub const SIDE: usize = 16;
/// Summed values a tile holds of each row or column.
pub const DEPTH: usize = 32;
/// Values of a tile.
pub const TILE: usize = SIDE * DEPTH;

/// Rows or columns that a product computes at once: two tiles.
pub const BLOCK: usize = 2 * SIDE;

/// A frozen matrix of bf16, row-major.
#[derive(Clone, Copy)]
pub struct Frozen<'a> {
    /// Its values.
    pub values: &'a [u16],
    /// Its columns, of which every row has as many.
    pub cols: usize,
}

impl Frozen<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.cols
    }

    /// Summed values and columns of the right operand that it is in this use.
    pub fn shape(&self, used: Use) -> [usize; 2] {
        match used {
            Use::Transposed => [self.cols, self.rows()],
            Use::AsItIs => [self.rows(), self.cols],
        }
    }

    /// A value, zero beyond the matrix.
    fn at(&self, row: usize, col: usize) -> u16 {
        match col < self.cols {
            true => self.values.get(row * self.cols + col).copied().unwrap_or(0),
            false => 0,
        }
    }

    /// Fills `tiles` with `columns` columns from `first_column` on, `depth` summed values from `first` on: for each 16 columns their tiles
    /// along the summed dimension.
    pub fn lay_out(
        &self,
        used: Use,
        [first, depth]: [usize; 2],
        [first_column, columns]: [usize; 2],
        tiles: &mut Vec<u16>,
    ) {
        let along = depth.div_ceil(DEPTH);
        let [all_summed, all_columns] = self.shape(used);
        tiles.resize(columns.div_ceil(SIDE) * along * TILE, 0);
        wide!({
            for (number, tile) in tiles.as_chunks_mut::<TILE>().0.iter_mut().enumerate() {
                let (column, summed) = (first_column + number / along * SIDE, first + number % along * DEPTH);
                let whole = summed + DEPTH <= all_summed && column + SIDE <= all_columns;
                match used {
                    Use::Transposed if whole => self.rows_as_columns(column, summed, tile),
                    Use::AsItIs if whole => self.rows_in_pairs(summed, column, tile),
                    Use::Transposed => edge_tile(tile, |along, across| self.at(column + across, summed + along)),
                    Use::AsItIs => edge_tile(tile, |along, across| self.at(summed + along, column + across)),
                }
            }
        });
    }

    /// `N` neighbours of a row.
    #[inline(always)]
    fn part<const N: usize>(&self, row: usize, col: usize) -> [u16; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.values[row * self.cols + col..][..N]);
        part
    }

    /// 16 rows become columns of pairs.
    #[inline(always)]
    fn rows_as_columns(&self, row: usize, col: usize, tile: &mut [u16; TILE]) {
        let mut pairs = [[0u32; SIDE]; SIDE];
        for (at, pairs) in pairs.iter_mut().enumerate() {
            *pairs = bytemuck::must_cast(self.part::<DEPTH>(row + at, col));
        }
        exchange::<8>(&mut pairs);
        exchange::<4>(&mut pairs);
        exchange::<2>(&mut pairs);
        exchange::<1>(&mut pairs);
        *tile = bytemuck::must_cast(pairs);
    }

    /// 32 rows become 16 rows of pairs.
    #[inline(always)]
    fn rows_in_pairs(&self, row: usize, col: usize, tile: &mut [u16; TILE]) {
        for (pair, tile) in tile.as_chunks_mut::<DEPTH>().0.iter_mut().enumerate() {
            let first: [u16; SIDE] = self.part(row + 2 * pair, col);
            let second: [u16; SIDE] = self.part(row + 2 * pair + 1, col);
            let mut pairs = [0u32; SIDE];
            for at in 0..SIDE {
                pairs[at] = u32::from(first[at]) | u32::from(second[at]) << 16;
            }
            *tile = bytemuck::must_cast(pairs);
        }
    }
}

/// Exchanges the off-diagonal squares of side `S` in every square of side `2 S`; after sides 8, 4, 2 and 1 rows and columns have changed places.
#[inline(always)]
fn exchange<const S: usize>(rows: &mut [[u32; SIDE]; SIDE]) {
    for upper in (0..SIDE).filter(|row| row & S == 0) {
        let (a, b) = (rows[upper], rows[upper + S]);
        for col in (0..SIDE).filter(|col| col & S == 0) {
            rows[upper][col + S] = b[col];
            rows[upper + S][col] = a[col + S];
        }
    }
}

/// Fills a tile of the right operand value by value, each by its place along the summed dimension and across it.
fn edge_tile(tile: &mut [u16; TILE], value: impl Fn(usize, usize) -> u16) {
    for (index, cell) in tile.iter_mut().enumerate() {
        let (pair, place) = (index / DEPTH, index % DEPTH);
        *cell = value(2 * pair + place % 2, place / 2);
    }
}

/// Fills `tiles` with the left operand: for each 16 rows of `values` (`rows x stride`) their tiles along `depth` columns from `first` on.
pub fn lay_out_left(values: &[f32], stride: usize, [first, depth]: [usize; 2], rows: usize, tiles: &mut Vec<u16>) {
    let along = depth.div_ceil(DEPTH);
    let strips = rows.div_ceil(BLOCK) * 2;
    tiles.clear();
    tiles.resize(strips * along * TILE, 0);
    wide!({
        for row in 0..rows {
            let values = &values[row * stride + first..][..depth];
            let strip = &mut tiles[row / SIDE * along * TILE..][..along * TILE];
            for (values, tile) in values.chunks(DEPTH).zip(strip.chunks_exact_mut(TILE)) {
                let place = &mut tile[row % SIDE * DEPTH..][..DEPTH];
                place.iter_mut().zip(values).for_each(|(o, x)| *o = rounded(*x));
            }
        }
    });
}
