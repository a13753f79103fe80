//! Packs operands into the tiles that the units read.
//!
//! A tile holds 16 rows of 16 pairs of bf16, 1 KiB. A pair is two neighbours along the summed dimension: in tiles of the left operand a row is a
//! row of the matrix with 32 summed values; in those of the right operand a column of pairs is a column of the matrix, and a row holds the
//! same two summed positions of 16 columns (Intel, Intrinsics Guide and SDM vol. 1 ch. 18, "VNNI" layout). Partial tiles are padded with zeros.

use super::super::factor::Use;
use super::super::vector::wide;
use super::rounded;

/// Rows of a tile, and columns of the right operand's.
pub const SIDE: usize = 16;
/// Summed values per row or column of a tile.
pub const DEPTH: usize = 32;
/// Values per tile.
pub const TILE: usize = SIDE * DEPTH;

/// Rows or columns computed at once: two tiles.
pub const BLOCK: usize = 2 * SIDE;

/// A frozen matrix of bf16, row-major.
#[derive(Clone, Copy)]
pub struct Frozen<'a> {
    /// The values.
    pub values: &'a [u16],
    /// Number of columns.
    pub cols: usize,
}

impl Frozen<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.cols
    }

    /// Number of summed values and of columns as the right operand in this use.
    pub fn shape(&self, used: Use) -> [usize; 2] {
        match used {
            Use::Transposed => [self.cols, self.rows()],
            Use::AsItIs => [self.rows(), self.cols],
        }
    }

    /// A value; zero outside the matrix.
    fn at(&self, row: usize, col: usize) -> u16 {
        match col < self.cols {
            true => self.values.get(row * self.cols + col).copied().unwrap_or(0),
            false => 0,
        }
    }

    /// Fills `tiles` with `columns` columns from `first_column` on, `depth` summed values from `first` on: the tiles of each 16 columns
    /// along the summed dimension.
    pub fn pack(
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

    /// Packs 16 rows as columns of pairs.
    #[inline(always)]
    fn rows_as_columns(&self, row: usize, col: usize, tile: &mut [u16; TILE]) {
        let mut pairs = [[0u32; SIDE]; SIDE];
        for (at, pairs) in pairs.iter_mut().enumerate() {
            *pairs = bytemuck::must_cast(self.part::<DEPTH>(row + at, col));
        }
        swap_off_diagonal::<8>(&mut pairs);
        swap_off_diagonal::<4>(&mut pairs);
        swap_off_diagonal::<2>(&mut pairs);
        swap_off_diagonal::<1>(&mut pairs);
        *tile = bytemuck::must_cast(pairs);
    }

    /// Packs 32 rows as 16 rows of pairs.
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

/// Swaps the off-diagonal squares of side `S` in every square of side `2 S`; sides 8, 4, 2 and 1 together transpose the tile.
#[inline(always)]
fn swap_off_diagonal<const S: usize>(rows: &mut [[u32; SIDE]; SIDE]) {
    for upper in (0..SIDE).filter(|row| row & S == 0) {
        let (a, b) = (rows[upper], rows[upper + S]);
        for col in (0..SIDE).filter(|col| col & S == 0) {
            rows[upper][col + S] = b[col];
            rows[upper + S][col] = a[col + S];
        }
    }
}

/// Fills a tile of the right operand value by value, from positions along and across the summed dimension.
fn edge_tile(tile: &mut [u16; TILE], value: impl Fn(usize, usize) -> u16) {
    for (index, cell) in tile.iter_mut().enumerate() {
        let (pair, place) = (index / DEPTH, index % DEPTH);
        *cell = value(2 * pair + place % 2, place / 2);
    }
}

/// Fills `tiles` with the left operand: the tiles of each 16 rows of `values` (`rows x stride`) along `depth` columns from `first` on.
pub fn pack_left(values: &[f32], stride: usize, [first, depth]: [usize; 2], rows: usize, tiles: &mut Vec<u16>) {
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
