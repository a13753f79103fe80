//! Frozen weights in packed blocks of 8 or 4 bits.
//!
//! Eight bits are symmetric integers per block; four bits are NormalFloat4, the information-theoretically spaced
//! code for normally distributed weights (Dettmers et al. 2023, QLoRA, arXiv:2305.14314, appendix E).

use burn::backend::Flex;
use burn::module::Module;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rayon::prelude::*;

/// Weights that share one scale.
pub(crate) const BLOCK: usize = 64;

/// NormalFloat4's sixteen levels.
pub(crate) const NF4: [f32; 16] = [
    -1.0,
    -0.696_192_8,
    -0.525_073_05,
    -0.394_917_5,
    -0.284_441_38,
    -0.184_773_43,
    -0.091_050_036,
    0.0,
    0.079_580_3,
    0.160_930_2,
    0.246_112_3,
    0.337_915_24,
    0.440_709_83,
    0.562_617,
    0.722_956_84,
    1.0,
];

/// Bits per stored weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantisedBits {
    /// NormalFloat4, 4.5 bits with its scale.
    Four,
    /// Symmetric integers, 8.5 bits with their scale.
    Eight,
}

impl QuantisedBits {
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Weights held by one 32-bit word.
    pub(crate) fn per_word(self) -> usize {
        32 / self.width()
    }

    /// Value of a stored code, to be multiplied by its block's scale.
    fn level(self, code: u32) -> f32 {
        match self {
            Self::Four => NF4[code as usize],
            Self::Eight => code as f32 - 128.0,
        }
    }

    /// Scale of a block whose largest magnitude is `peak`.
    fn scale(self, peak: f32) -> f32 {
        match self {
            Self::Four => peak,
            Self::Eight => peak / 127.0,
        }
    }

    /// The code nearest to a value divided by its block's scale.
    fn code(self, value: f32) -> u32 {
        match self {
            Self::Four => {
                let above = NF4.partition_point(|level| *level < value).clamp(1, 15);
                let nearer_below = value - NF4[above - 1] <= NF4[above] - value;
                (if nearer_below { above - 1 } else { above }) as u32
            }
            Self::Eight => (value.round().clamp(-127.0, 127.0) + 128.0) as u32,
        }
    }
}

/// A matrix `[d_out, d_in]` in packed blocks along `d_in`.
#[derive(Module, Debug)]
pub struct BlockQuantised {
    /// Codes, `[d_out, words]`, each word holding four or eight of them, lowest bits first.
    words: Tensor<2, Int>,
    /// Scale of each block, `[d_out, blocks]`, f32.
    scales: Tensor<2>,
    /// Columns of the matrix; the last block may be padded.
    d_in: usize,
    #[module(skip)]
    bits: QuantisedBits,
}

impl BlockQuantised {
    /// Quantises rows of `d_in` values.
    pub fn from_rows(values: &[f32], d_in: usize, bits: QuantisedBits, device: &Device) -> Self {
        let d_out = values.len() / d_in;
        let blocks = d_in.div_ceil(BLOCK);
        let words_per_block = BLOCK / bits.per_word();
        let mut words = vec![0i32; d_out * blocks * words_per_block];
        let mut scales = vec![0f32; d_out * blocks];
        values
            .par_chunks(d_in)
            .zip(words.par_chunks_mut(blocks * words_per_block))
            .zip(scales.par_chunks_mut(blocks))
            .for_each(|((row, words), scales)| {
                let blocks = row.chunks(BLOCK).zip(words.chunks_mut(words_per_block));
                for ((block, words), scale) in blocks.zip(scales) {
                    *scale = pack(block, words, bits);
                }
            });
        Self {
            words: Tensor::from_data(
                TensorData::new(words, [d_out, blocks * words_per_block]),
                (device, DType::I32),
            ),
            scales: Tensor::from_data(TensorData::new(scales, [d_out, blocks]), (device, DType::F32)),
            d_in,
            bits,
        }
    }

    /// `[d_out, d_in]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.words.dims()[0], self.d_in]
    }

    /// Bytes of codes and scales.
    pub fn bytes(&self) -> usize {
        4 * (self.words.shape().num_elements() + self.scales.shape().num_elements())
    }

    /// The matrix `[d_out, d_in]` in a dtype of computation.
    pub fn open(&self, dtype: DType) -> Tensor<2> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        if let Some(opened) = crate::kernels::open_blocks(&self.words, &self.scales, self.d_in, self.bits, dtype) {
            return opened;
        }
        self.dequantise().cast(dtype)
    }

    /// The matrix `[d_out, d_in]` in f32.
    pub fn dequantise(&self) -> Tensor<2> {
        let words = self.words.clone().inner();
        let scales = self.scales.clone().inner();
        let device = words.device();
        let primitives = (
            words.clone().try_into_primitive::<Flex>(),
            scales.clone().try_into_primitive::<Flex>(),
        );
        match primitives {
            (Ok(words), Ok(scales)) => {
                let values = self.unpack(words.storage::<i32>(), scales.storage::<f32>());
                Tensor::from_data(TensorData::new(values, self.shape()), (&device, DType::F32))
            }
            _ => self.dequantise_by_tensor_operations(words, scales),
        }
    }

    /// Unpacks on the host, where the packed words can be read in place.
    fn unpack(&self, words: &[i32], scales: &[f32]) -> Vec<f32> {
        let [d_out, d_in] = self.shape();
        let blocks = d_in.div_ceil(BLOCK);
        let words_per_row = words.len() / d_out;
        let mut values = vec![0f32; d_out * d_in];
        values.par_chunks_mut(d_in).enumerate().for_each(|(row, values)| {
            let words = &words[row * words_per_row..];
            let scales = &scales[row * blocks..];
            let per_word = self.bits.per_word();
            for (index, chunk) in values.chunks_mut(per_word).enumerate() {
                let scale = scales[index * per_word / BLOCK];
                let mut word = words[index] as u32;
                for value in chunk {
                    *value = self.bits.level(word & ((1 << self.bits.width()) - 1)) * scale;
                    word >>= self.bits.width();
                }
            }
        });
        values
    }

    /// Unpacks by shifts and masks, on any device.
    fn dequantise_by_tensor_operations(&self, words: Tensor<2, Int>, scales: Tensor<2>) -> Tensor<2> {
        let [d_out, word_count] = words.dims();
        let (per_word, width) = (self.bits.per_word(), self.bits.width());
        let mask = (1i32 << width) - 1;
        let codes: Vec<Tensor<3, Int>> = (0..per_word)
            .map(|slot| {
                let shifted = words.clone().bitwise_right_shift_scalar((slot * width) as i32);
                shifted.bitwise_and_scalar(mask).unsqueeze_dim(2)
            })
            .collect();
        let codes = Tensor::cat(codes, 2).reshape([d_out * word_count * per_word]);
        let levels = match self.bits {
            QuantisedBits::Four => Tensor::<1>::from_floats(NF4, &scales.device()).select(0, codes),
            QuantisedBits::Eight => codes.float() - 128.0,
        };
        let blocks = scales.dims()[1];
        let values = levels.reshape([d_out, blocks, BLOCK]) * scales.unsqueeze_dim(2);
        values.reshape([d_out, blocks * BLOCK]).narrow(1, 0, self.d_in)
    }
}

/// Packs one block and gives its scale.
fn pack(block: &[f32], words: &mut [i32], bits: QuantisedBits) -> f32 {
    let peak = block.iter().fold(0f32, |peak, value| peak.max(value.abs()));
    let scale = bits.scale(peak);
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    for (values, word) in block.chunks(bits.per_word()).zip(words) {
        let mut packed = 0u32;
        for (slot, value) in values.iter().enumerate() {
            packed |= bits.code(value * inverse) << (slot * bits.width());
        }
        *word = packed as i32;
    }
    scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(count: usize) -> Vec<f32> {
        (0..count).map(|index| (index as f32 * 0.37).sin() * 0.3).collect()
    }

    #[test]
    fn unpacking_on_the_host_and_by_tensor_operations_agree() {
        let device = Device::flex();
        for bits in [QuantisedBits::Four, QuantisedBits::Eight] {
            let blocks = BlockQuantised::from_rows(&wave(5 * 100), 100, bits, &device);
            let host = blocks.dequantise().into_data();
            let general = blocks
                .dequantise_by_tensor_operations(blocks.words.clone(), blocks.scales.clone())
                .into_data();
            assert_eq!(host.as_slice::<f32>().unwrap(), general.as_slice::<f32>().unwrap());
        }
    }

    #[test]
    fn values_stay_within_half_a_step() {
        let device = Device::flex();
        let values = wave(3 * 128);
        for (bits, step) in [(QuantisedBits::Four, 0.16), (QuantisedBits::Eight, 1.0 / 254.0)] {
            let blocks = BlockQuantised::from_rows(&values, 128, bits, &device);
            let back = blocks.dequantise().into_data();
            for (original, restored) in values.iter().zip(back.as_slice::<f32>().unwrap()) {
                assert!(
                    (original - restored).abs() <= 0.3 * step + 1e-6,
                    "{original} became {restored}"
                );
            }
        }
    }

    #[test]
    fn memory_is_really_packed() {
        let device = Device::flex();
        let values = wave(64 * 1024);
        let four = BlockQuantised::from_rows(&values, 1024, QuantisedBits::Four, &device);
        assert_eq!(four.bytes() * 64, values.len() * 36);
    }
}
