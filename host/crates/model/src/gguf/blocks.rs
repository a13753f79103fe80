//! ggml's storage formats of 32 weights a block, and plain floats.
//!
//! Layouts: <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>.

use half::{bf16, f16};

use super::k_blocks;

/// How a tensor's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockFormat {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
}

/// Format, ggml's type code, values and bytes of a block, name.
const FORMATS: [(BlockFormat, u32, usize, usize, &str); 11] = [
    (BlockFormat::F32, 0, 1, 4, "F32"),
    (BlockFormat::F16, 1, 1, 2, "F16"),
    (BlockFormat::Q4_0, 2, 32, 18, "Q4_0"),
    (BlockFormat::Q4_1, 3, 32, 20, "Q4_1"),
    (BlockFormat::Q5_0, 6, 32, 22, "Q5_0"),
    (BlockFormat::Q5_1, 7, 32, 24, "Q5_1"),
    (BlockFormat::Q8_0, 8, 32, 34, "Q8_0"),
    (BlockFormat::Q4K, 12, 256, 144, "Q4_K"),
    (BlockFormat::Q5K, 13, 256, 176, "Q5_K"),
    (BlockFormat::Q6K, 14, 256, 210, "Q6_K"),
    (BlockFormat::Bf16, 30, 1, 2, "BF16"),
];

impl BlockFormat {
    pub(super) fn from_code(code: u32) -> Option<Self> {
        FORMATS.iter().find(|entry| entry.1 == code).map(|entry| entry.0)
    }

    pub(super) fn names() -> String {
        FORMATS.map(|entry| entry.4).join(", ")
    }

    pub(super) fn name(self) -> &'static str {
        FORMATS.iter().find(|entry| entry.0 == self).map_or("", |entry| entry.4)
    }

    /// Bytes of that many values, when they fill whole blocks.
    pub(super) fn bytes_of(self, elements: usize) -> Option<usize> {
        let (values, bytes) = self.block();
        match elements.is_multiple_of(values) {
            true => (elements / values).checked_mul(bytes),
            false => None,
        }
    }

    fn block(self) -> (usize, usize) {
        FORMATS
            .iter()
            .find(|entry| entry.0 == self)
            .map_or((1, 4), |entry| (entry.2, entry.3))
    }

    /// All values of whole blocks, in f32.
    pub(super) fn values(self, bytes: &[u8]) -> Vec<f32> {
        let (values, size) = self.block();
        let mut result = Vec::with_capacity(bytes.len() / size * values);
        for block in bytes.chunks_exact(size) {
            match self {
                Self::F32 => result.push(f32::from_le_bytes([block[0], block[1], block[2], block[3]])),
                Self::F16 => result.push(half_at(block, 0)),
                Self::Bf16 => result.push(bf16::from_le_bytes([block[0], block[1]]).to_f32()),
                Self::Q4_0 => nibbles(&block[2..], 0, half_at(block, 0), 8.0, 0.0, &mut result),
                Self::Q4_1 => nibbles(&block[4..], 0, half_at(block, 0), 0.0, half_at(block, 2), &mut result),
                Self::Q5_0 => {
                    nibbles(
                        &block[6..],
                        word_at(block, 2),
                        half_at(block, 0),
                        16.0,
                        0.0,
                        &mut result,
                    );
                }
                Self::Q5_1 => {
                    let (scale, offset) = (half_at(block, 0), half_at(block, 2));
                    nibbles(&block[8..], word_at(block, 4), scale, 0.0, offset, &mut result);
                }
                Self::Q8_0 => {
                    let scale = half_at(block, 0);
                    result.extend(block[2..].iter().map(|code| f32::from(*code as i8) * scale));
                }
                Self::Q4K => k_blocks::four_bits(block, &mut result),
                Self::Q5K => k_blocks::five_bits(block, &mut result),
                Self::Q6K => k_blocks::six_bits(block, &mut result),
            }
        }
        result
    }
}

/// The f16 at a byte offset.
pub(super) fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

fn word_at(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// Thirty-two codes: low nibbles first, then high ones, the fifth bits in a word; `(code - zero) * scale + offset`.
fn nibbles(codes: &[u8], fifth: u32, scale: f32, zero: f32, offset: f32, result: &mut Vec<f32>) {
    for half in 0..2 {
        for (index, byte) in codes[..16].iter().enumerate() {
            let nibble = (byte >> (4 * half)) & 15;
            let bit = (fifth >> (index + 16 * half)) & 1;
            result.push((f32::from(nibble) + bit as f32 * 16.0 - zero) * scale + offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bit_codes_lie_low_nibbles_first() {
        let mut block = vec![0, 0x3c, 0, 0x40]; // scale 1, offset 2
        block.extend((0..16u8).map(|n| n | ((15 - n) << 4)));
        let values = BlockFormat::Q4_1.values(&block);
        assert_eq!(values[..3], [2.0, 3.0, 4.0]);
        assert_eq!(values[16..19], [17.0, 16.0, 15.0]);
    }

    #[test]
    fn five_bit_codes_take_their_top_bit_from_the_word() {
        let mut block = vec![0, 0x3c, 1, 0, 2, 0]; // scale 1, bits 0 and 17
        block.extend([0u8; 16]);
        let values = BlockFormat::Q5_0.values(&block);
        assert_eq!((values[0], values[1], values[16], values[17]), (0.0, -16.0, -16.0, 0.0));
    }

    /// Random blocks and their values by gguf-py, the format's reference reader.
    #[test]
    fn every_format_gives_the_reference_values() {
        #[derive(serde::Deserialize)]
        struct Case {
            code: u32,
            bytes: String,
            values: Vec<f32>,
        }
        let text = include_str!("../../tests/fixtures/gguf_blocks.json");
        let cases: Vec<Case> = serde_json::from_str(text).unwrap();
        assert_eq!(cases.len(), FORMATS.len() - 1);
        for case in cases {
            let digits = case.bytes.as_bytes().chunks(2);
            let bytes: Vec<u8> = digits
                .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
                .collect();
            let values = BlockFormat::from_code(case.code).unwrap().values(&bytes);
            assert_eq!(values.len(), case.values.len(), "type {}", case.code);
            for (ours, theirs) in values.iter().zip(&case.values) {
                assert!(
                    (ours - theirs).abs() <= 1e-6 * theirs.abs().max(1.0),
                    "type {}",
                    case.code
                );
            }
        }
    }

    #[test]
    fn broken_blocks_have_no_size() {
        assert_eq!(BlockFormat::Q4_0.bytes_of(33), None);
        assert_eq!(BlockFormat::Q6K.bytes_of(512), Some(420));
    }
}
