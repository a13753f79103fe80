//! In-register transpose of square blocks.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

use pulp::Simd;

/// Side of a square.
pub const SIDE: usize = 8;

/// Rows of a square.
pub type Square = [[f32; SIDE]; SIDE];

/// A vector unit that transposes square blocks.
pub trait Transpose: Simd {
    /// Transposes the block.
    fn transpose(self, square: Square) -> Square;
}

#[cfg(target_arch = "x86_64")]
impl Transpose for pulp::x86::V3 {
    #[inline(always)]
    fn transpose(self, square: Square) -> Square {
        let avx = self.avx;
        let [a, b, c, d, e, f, g, h]: [__m256; SIDE] = bytemuck::cast(square);
        // Interleaves neighbouring rows, then pairs of rows, then joins the halves of the upper and lower four rows.
        let pairs =
            [(a, b), (c, d), (e, f), (g, h)].map(|(a, b)| [avx._mm256_unpacklo_ps(a, b), avx._mm256_unpackhi_ps(a, b)]);
        let fours = |[a, b]: [__m256; 2], [c, d]: [__m256; 2]| {
            [
                avx._mm256_shuffle_ps::<0x44>(a, c),
                avx._mm256_shuffle_ps::<0xee>(a, c),
                avx._mm256_shuffle_ps::<0x44>(b, d),
                avx._mm256_shuffle_ps::<0xee>(b, d),
            ]
        };
        let [upper, lower] = [fours(pairs[0], pairs[1]), fours(pairs[2], pairs[3])];
        let transposed: [__m256; SIDE] = std::array::from_fn(|column| {
            let (upper, lower) = (upper[column % 4], lower[column % 4]);
            match column < 4 {
                true => avx._mm256_permute2f128_ps::<0x20>(upper, lower),
                false => avx._mm256_permute2f128_ps::<0x31>(upper, lower),
            }
        });
        bytemuck::cast(transposed)
    }
}

#[cfg(target_arch = "x86_64")]
impl Transpose for pulp::x86::V4 {
    #[inline(always)]
    fn transpose(self, square: Square) -> Square {
        Transpose::transpose(*self, square)
    }
}

#[cfg(test)]
impl Transpose for pulp::Scalar512b {
    fn transpose(self, square: Square) -> Square {
        std::array::from_fn(|column| square.map(|row| row[column]))
    }
}
