//! Frozen weight matrices, stored in full precision or in 8 or 4 bit blocks that are dequantised for one product at a time.

use std::borrow::Cow;

use super::bf16::{Frozen, Unit, rounded, widened};
use super::factor::Factor;
use super::strassen::{Layout, Panels};
use super::vector::wide;

/// Values that share one scale.
pub const BLOCK: usize = 64;

/// Storage format of frozen matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Four bytes per weight.
    #[default]
    F32,
    /// Two bytes per weight, exact for bf16 checkpoints. Multiplied in bf16 with f32 accumulation where the CPU has a bf16 unit ([`Unit`]), in f32
    /// elsewhere.
    Bf16,
    /// One byte per weight and one scale per 64 weights.
    Int8,
    /// Half a byte per weight and one scale per 64 weights: NormalFloat4 (Dettmers et al. 2023, QLoRA, appendix E).
    Nf4,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Nf4 => "nf4",
        })
    }
}

/// The 16 levels of NormalFloat4, from the QLoRA paper.
const NF4_LEVELS: [f32; 16] = [
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

/// A matrix that is not trained, `rows x cols`, row-major.
pub struct FrozenMatrix {
    rows: usize,
    cols: usize,
    storage: Storage,
}

enum Storage {
    F32(Vec<f32>),
    Panels(Panels),
    Bf16(Vec<u16>),
    Int8 { codes: Vec<i8>, scales: Vec<f32> },
    Nf4 { codes: Vec<u8>, scales: Vec<f32> },
}

impl FrozenMatrix {
    /// Stores `values` (`rows x cols`) at `precision`.
    pub fn new(values: Vec<f32>, rows: usize, cols: usize, precision: Precision) -> Self {
        assert_eq!(values.len(), rows * cols);
        let storage = match precision {
            Precision::F32 => match Layout::found(rows, cols) {
                Some(layout) => Storage::Panels(Panels::new(&values, rows, cols, layout)),
                None => Storage::F32(values),
            },
            Precision::Bf16 => Storage::Bf16(values.iter().map(|&x| rounded(x)).collect()),
            Precision::Int8 => {
                let scales = block_maxima(&values, 127.0);
                let codes = quantise(&values, &scales, |x| x.round() as i8);
                Storage::Int8 { codes, scales }
            }
            Precision::Nf4 => {
                let scales = block_maxima(&values, 1.0);
                let nearest = quantise(&values, &scales, nearest_level);
                let codes = nearest
                    .chunks(2)
                    .map(|p| p[0] | p.get(1).copied().unwrap_or(0) << 4)
                    .collect();
                Storage::Nf4 { codes, scales }
            }
        };
        Self { rows, cols, storage }
    }

    /// Output features when used as a projection.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Input features when used as a projection.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The values, row-major; dequantised into `scratch` unless stored as f32.
    pub fn open<'a>(&'a self, scratch: &'a mut Vec<f32>) -> &'a [f32] {
        if let Storage::F32(values) = &self.storage {
            return values;
        }
        scratch.resize(self.rows * self.cols, 0.0);
        self.open_into(scratch);
        scratch
    }

    /// The matrix as a factor of products; dequantised into `scratch` where needed.
    pub fn factor<'a>(&'a self, scratch: &'a mut Vec<f32>) -> Factor<'a> {
        match (&self.storage, Unit::found().first()) {
            (Storage::Panels(panels), _) => Factor::Panels(panels),
            (Storage::Bf16(values), Some(unit)) => Factor::Bf16(
                *unit,
                Frozen {
                    values,
                    cols: self.cols,
                },
            ),
            _ => Factor::F32 {
                values: self.open(scratch),
                cols: self.cols,
            },
        }
    }

    /// One row.
    pub fn row(&self, row: usize) -> Cow<'_, [f32]> {
        let start = row * self.cols;
        match &self.storage {
            Storage::F32(values) => Cow::Borrowed(&values[start..start + self.cols]),
            Storage::Panels(panels) => Cow::Owned(panels.row(row)),
            Storage::Bf16(values) => Cow::Owned(values[start..start + self.cols].iter().map(|&x| widened(x)).collect()),
            Storage::Int8 { codes, scales } => Cow::Owned(
                (start..start + self.cols)
                    .map(|i| codes[i] as f32 * scales[i / BLOCK])
                    .collect(),
            ),
            Storage::Nf4 { codes, scales } => Cow::Owned(
                (start..start + self.cols)
                    .map(|i| NF4_LEVELS[nibble(codes, i)] * scales[i / BLOCK])
                    .collect(),
            ),
        }
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        match &self.storage {
            Storage::F32(values) => 4 * values.len(),
            Storage::Panels(panels) => 4 * panels.len(),
            Storage::Bf16(values) => 2 * values.len(),
            Storage::Int8 { codes, scales } => codes.len() + 4 * scales.len(),
            Storage::Nf4 { codes, scales } => codes.len() + 4 * scales.len(),
        }
    }

    fn open_into(&self, out: &mut [f32]) {
        match &self.storage {
            Storage::F32(values) => out.copy_from_slice(values),
            Storage::Panels(panels) => panels.open(out),
            Storage::Bf16(values) => wide!({
                for (o, &x) in out.iter_mut().zip(values) {
                    *o = widened(x);
                }
            }),
            Storage::Int8 { codes, scales } => wide!({
                let blocks = codes.chunks(BLOCK).zip(scales);
                for (out, (codes, &scale)) in out.chunks_mut(BLOCK).zip(blocks) {
                    for (o, &c) in out.iter_mut().zip(codes) {
                        *o = c as f32 * scale;
                    }
                }
            }),
            Storage::Nf4 { codes, scales } => wide!({
                let blocks = codes.chunks(BLOCK / 2).zip(scales);
                for (out, (codes, &scale)) in out.chunks_mut(BLOCK).zip(blocks) {
                    let levels = NF4_LEVELS.map(|level| level * scale);
                    for (pair, &code) in out.chunks_mut(2).zip(codes) {
                        pair[0] = levels[(code & 15) as usize];
                        if let Some(second) = pair.get_mut(1) {
                            *second = levels[(code >> 4) as usize];
                        }
                    }
                }
            }),
        }
    }
}

fn block_maxima(values: &[f32], top: f32) -> Vec<f32> {
    values
        .chunks(BLOCK)
        .map(|b| b.iter().fold(0.0f32, |m, x| m.max(x.abs())) / top)
        .collect()
}

fn quantise<C>(values: &[f32], scales: &[f32], code: impl Fn(f32) -> C) -> Vec<C> {
    let inverse = |scale: f32| if scale == 0.0 { 0.0 } else { 1.0 / scale };
    values
        .iter()
        .enumerate()
        .map(|(i, &x)| code(x * inverse(scales[i / BLOCK])))
        .collect()
}

fn nearest_level(x: f32) -> u8 {
    let above = NF4_LEVELS.partition_point(|&level| level < x).min(15);
    let below = above.saturating_sub(1);
    if x - NF4_LEVELS[below] < NF4_LEVELS[above] - x {
        below as u8
    } else {
        above as u8
    }
}

fn nibble(codes: &[u8], index: usize) -> usize {
    (codes[index / 2] >> (4 * (index % 2)) & 15) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<f32> {
        (0..3 * 70).map(|i| ((i * 37 % 101) as f32 - 50.0) / 60.0).collect()
    }

    #[test]
    fn quantisation_error_stays_within_each_precisions_step() {
        for (precision, tolerance, bytes) in [
            (Precision::F32, 0.0, 840),
            (Precision::Bf16, 0.004, 420),
            (Precision::Int8, 0.0034, 226),
            (Precision::Nf4, 0.13, 121),
        ] {
            let matrix = FrozenMatrix::new(values(), 3, 70, precision);
            let mut scratch = Vec::new();
            let opened = matrix.open(&mut scratch).to_vec();
            for (i, (a, b)) in opened.iter().zip(values()).enumerate() {
                assert!((a - b).abs() <= tolerance, "{precision:?} {i}: {a} {b}");
            }
            for row in 0..3 {
                assert_eq!(*matrix.row(row), opened[row * 70..][..70], "{precision:?}");
            }
            assert_eq!(matrix.bytes(), bytes, "{precision:?}");
        }
    }

    #[test]
    fn nf4_levels_and_zero_blocks_are_exact() {
        let mut values: Vec<f32> = NF4_LEVELS.iter().cycle().take(BLOCK).map(|x| x * 0.5).collect();
        values.extend([0.0; BLOCK]);
        let matrix = FrozenMatrix::new(values.clone(), 2, BLOCK, Precision::Nf4);
        assert_eq!(matrix.open(&mut Vec::new()), values);
    }
}
