//! ggml's formats of 256 weights a block, with scales of their own per 16 or 32.
//!
//! Layouts: <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.

use super::blocks::half_at;

/// Q4_K: f16 scale, f16 minimum, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles.
pub(super) fn four_bits(block: &[u8], result: &mut Vec<f32>) {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    let (scales, codes) = (&block[4..16], &block[16..144]);
    for (pair, codes) in codes.chunks_exact(32).enumerate() {
        for half in 0..2 {
            let (sub_scale, sub_minimum) = scale_and_minimum(scales, 2 * pair + half);
            let (step, base) = (scale * sub_scale, minimum * sub_minimum);
            result.extend(
                codes
                    .iter()
                    .map(|byte| step * f32::from((byte >> (4 * half)) & 15) - base),
            );
        }
    }
}

/// Q5_K: as Q4_K with 32 bytes of fifth bits before the nibbles.
pub(super) fn five_bits(block: &[u8], result: &mut Vec<f32>) {
    let (scale, minimum) = (half_at(block, 0), half_at(block, 2));
    let (scales, fifths, codes) = (&block[4..16], &block[16..48], &block[48..176]);
    for (pair, codes) in codes.chunks_exact(32).enumerate() {
        for half in 0..2 {
            let part = 2 * pair + half;
            let (sub_scale, sub_minimum) = scale_and_minimum(scales, part);
            let (step, base) = (scale * sub_scale, minimum * sub_minimum);
            result.extend(codes.iter().zip(fifths).map(|(byte, fifth)| {
                let code = ((byte >> (4 * half)) & 15) | (((fifth >> part) & 1) << 4);
                step * f32::from(code) - base
            }));
        }
    }
}

/// Q6_K: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed scales, f16 scale.
pub(super) fn six_bits(block: &[u8], result: &mut Vec<f32>) {
    let scale = half_at(block, 208);
    let scales = &block[192..208];
    for half in 0..2 {
        let low = &block[64 * half..64 * half + 64];
        let high = &block[128 + 32 * half..160 + 32 * half];
        for quarter in 0..4 {
            for index in 0..32 {
                let nibble = (low[index + 32 * (quarter % 2)] >> (4 * (quarter / 2))) & 15;
                let pair = (high[index] >> (2 * quarter)) & 3;
                let code = f32::from(nibble | (pair << 4)) - 32.0;
                let sub_scale = f32::from(scales[8 * half + 2 * quarter + index / 16] as i8);
                result.push(scale * sub_scale * code);
            }
        }
    }
}

/// The 6-bit scale and minimum of one of eight parts, packed into twelve bytes.
fn scale_and_minimum(packed: &[u8], part: usize) -> (f32, f32) {
    let (scale, minimum) = if part < 4 {
        (packed[part] & 63, packed[part + 4] & 63)
    } else {
        (
            (packed[part + 4] & 15) | ((packed[part - 4] >> 6) << 4),
            (packed[part + 4] >> 4) | ((packed[part] >> 6) << 4),
        )
    };
    (f32::from(scale), f32::from(minimum))
}
