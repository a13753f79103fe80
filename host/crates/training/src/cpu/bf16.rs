//! bf16 products with f32 accumulation on CPUs with AMX-BF16 or AVX512-BF16.
//!
//! Operands are packed into tiles of 1 KiB that both units read sequentially, see [`tiles`].

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod product;
mod tiles;
mod unit;

pub use product::{Bf16Scratch, product};
pub use tiles::Frozen;
pub use unit::Unit;

/// Converts bf16 to f32.
#[inline(always)]
pub fn widened(x: u16) -> f32 {
    f32::from_bits((x as u32) << 16)
}

/// Converts f32 to bf16: rounds to nearest, ties to even; NaN stays NaN.
#[inline(always)]
pub fn rounded(x: f32) -> u16 {
    let bits = x.to_bits();
    let nearest = (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16;
    let quiet_nan = (bits >> 16) as u16 | 0x40;
    if x.is_nan() { quiet_nan } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_nearest_even() {
        for (x, bits) in [
            (1.0, 0x3f80),
            (f32::from_bits(0x3f80_8000), 0x3f80),
            (f32::from_bits(0x3f81_8000), 0x3f82),
            (f32::from_bits(0x3f80_8001), 0x3f81),
            (f32::MAX, 0x7f80),
            (f32::NEG_INFINITY, 0xff80),
        ] {
            assert_eq!(rounded(x), bits, "{x}");
        }
        assert!(widened(rounded(f32::from_bits(0x7f80_0001))).is_nan());
        assert_eq!(widened(rounded(-2.5)), -2.5);
    }
}
