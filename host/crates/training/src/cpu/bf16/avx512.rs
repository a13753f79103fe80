//! Products of tiles by AVX512-BF16.

use std::arch::x86_64::{
    __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

use super::tiles::{BLOCK, DEPTH, SIDE, TILE};

/// Rows of the result held in registers at once.
const ROWS: usize = 8;

/// Whether the CPU has AVX512-BF16.
pub fn is_supported() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
}

/// As [`TileRegisters::product`](super::amx::TileRegisters::product).
///
/// # Safety
/// The same, and [`is_supported`] must have returned true.
#[target_feature(enable = "avx512f,avx512bf16")]
pub unsafe fn product(left: *const u16, right: *const u16, along: usize, out: *mut f32, stride: usize, add: bool) {
    for row in (0..BLOCK).step_by(ROWS) {
        // SAFETY: rows `row..row + 8` of the left tiles and of `out`, all of which the caller guarantees.
        unsafe {
            let left = left.add(row / SIDE * along * TILE + row % SIDE * DEPTH);
            rows(left, right, along, out.add(row * stride), stride, add);
        }
    }
}

/// Computes eight rows of 32 sums.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn rows(left: *const u16, right: *const u16, along: usize, out: *mut f32, stride: usize, add: bool) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    // SAFETY: every pointer stays within the tiles and the rows of `out` that the caller guarantees.
    unsafe {
        if add {
            for (row, sums) in sums.iter_mut().enumerate() {
                let out = out.add(row * stride);
                *sums = [_mm512_loadu_ps(out), _mm512_loadu_ps(out.add(SIDE))];
            }
        }
        for pairs in 0..along * SIDE {
            let right = right.add(pairs * DEPTH);
            let columns = [sixteen_pairs(right), sixteen_pairs(right.add(along * TILE))];
            let left = left.add(pairs / SIDE * TILE + pairs % SIDE * 2);
            for (row, sums) in sums.iter_mut().enumerate() {
                let pair = left.add(row * DEPTH).cast::<i32>().read_unaligned();
                let pair = as_bf16(_mm512_set1_epi32(pair));
                sums[0] = _mm512_dpbf16_ps(sums[0], pair, columns[0]);
                sums[1] = _mm512_dpbf16_ps(sums[1], pair, columns[1]);
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let out = out.add(row * stride);
            _mm512_storeu_ps(out, sums[0]);
            _mm512_storeu_ps(out.add(SIDE), sums[1]);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn sixteen_pairs(from: *const u16) -> __m512bh {
    // SAFETY: the caller guarantees 32 values.
    as_bf16(unsafe { _mm512_loadu_si512(from.cast::<__m512i>()) })
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn as_bf16(bits: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes and every bit pattern is valid for both.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(bits) }
}
