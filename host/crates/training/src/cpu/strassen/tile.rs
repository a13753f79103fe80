//! The inner kernel: a tile of sums held in registers.

use pulp::Simd;

/// Values summed before sums leave the registers: a panel of 16 x 288 is 18 KiB, which fits the L1 cache.
pub const DEPTH: usize = 288;

/// Unrolled steps; with more, the compiler spills registers.
const UNROLLED: usize = 4;

/// `ROWS x WIDTH` sums, a row in two vectors.
pub type Sums<S, const ROWS: usize> = [[<S as Simd>::f32s; 2]; ROWS];

/// `left * right`, where `left` is as many columns of the rows as `right` has rows: whole groups of [`UNROLLED`].
///
/// A function of its own: within a larger one the compiler keeps the sums on the stack.
#[inline(never)]
pub fn multiply<S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    left: &[[f32; DEPTH]; ROWS],
    right: &[[f32; WIDTH]],
) -> Sums<S, ROWS> {
    simd.vectorize(
        #[inline(always)]
        || sum_steps(simd, left, right),
    )
}

#[inline(always)]
fn sum_steps<S: Simd, const ROWS: usize, const WIDTH: usize>(
    simd: S,
    left: &[[f32; DEPTH]; ROWS],
    right: &[[f32; WIDTH]],
) -> Sums<S, ROWS> {
    let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
    let (groups, rest) = right.as_chunks::<UNROLLED>();
    assert!(rest.is_empty() && right.len() <= DEPTH);
    for (group, right) in groups.iter().enumerate() {
        for (step, right) in right.iter().enumerate() {
            let column = group * UNROLLED + step;
            let [one, two] = pair::<S, WIDTH>(right);
            for row in 0..ROWS {
                let left = simd.splat_f32s(left[row][column]);
                sums[row][0] = simd.mul_add_f32s(left, one, sums[row][0]);
                sums[row][1] = simd.mul_add_f32s(left, two, sums[row][1]);
            }
        }
    }
    sums
}

/// A row as two vectors.
#[inline(always)]
pub fn pair<S: Simd, const WIDTH: usize>(row: &[f32; WIDTH]) -> [S::f32s; 2] {
    const { assert!(WIDTH == 2 * S::F32_LANES) };
    let (vectors, _) = S::as_simd_f32s(row);
    [vectors[0], vectors[1]]
}

/// Two vectors as a row.
#[inline(always)]
pub fn pair_mut<S: Simd, const WIDTH: usize>(row: &mut [f32; WIDTH]) -> &mut [S::f32s] {
    const { assert!(WIDTH == 2 * S::F32_LANES) };
    S::as_mut_simd_f32s(row).0
}
