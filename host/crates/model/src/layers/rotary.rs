//! Rotary position embedding (Su et al. 2021, arXiv:2104.09864), on the two halves of a head.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::architecture::{DecoderDesign, RotarySettings};

/// Angular frequency of every pair of dimensions, and what cosine and sine are multiplied by.
#[derive(Debug, Clone)]
pub struct RotaryFrequencies {
    /// Radians per token, `head_dim / 2` values.
    pub frequencies: Vec<f32>,
    /// Multiplier of cosine and sine (1 but for YaRN).
    pub factor: f32,
}

impl RotaryFrequencies {
    /// The frequencies of heads of that width, scaling applied.
    pub fn of(settings: &RotarySettings, head_dim: usize) -> Self {
        Self {
            frequencies: settings.scaling.frequencies(settings.theta, head_dim),
            factor: settings.scaling.attention_factor(),
        }
    }

    /// Cosines and sines at one position, written to two slices of `head_dim / 2` values.
    pub fn write_angles(&self, position: usize, cos: &mut [f32], sin: &mut [f32]) {
        for (pair, frequency) in self.frequencies.iter().enumerate() {
            let angle = position as f32 * frequency;
            cos[pair] = angle.cos() * self.factor;
            sin[pair] = angle.sin() * self.factor;
        }
    }

    /// Angles of a batch: one list of positions per row, all of one length.
    /// A single row serves every row of the batch.
    pub fn angles(&self, positions: &[Vec<usize>], device: &Device) -> RotaryAngles {
        let half = self.frequencies.len();
        let rows = positions.len();
        let length = positions.first().map_or(0, Vec::len);
        let mut cos = vec![0.0; rows * length * half];
        let mut sin = cos.clone();
        for (slot, position) in positions.iter().flatten().enumerate() {
            let range = slot * half..(slot + 1) * half;
            self.write_angles(*position, &mut cos[range.clone()], &mut sin[range]);
        }
        let tensor = |values: Vec<f32>| {
            Tensor::<4>::from_data(TensorData::new(values, [rows, 1, length, half]), (device, DType::F32))
        };
        RotaryAngles {
            cos: tensor(cos),
            sin: tensor(sin),
        }
    }
}

/// The rotary frequencies of a decoder: its different ones, and which of them each layer has.
#[derive(Debug, Clone)]
pub struct DecoderRotary {
    /// The different ones, as [`DecoderDesign::rotary`] lists them.
    pub different: Vec<RotaryFrequencies>,
    of_layer: Vec<usize>,
}

impl DecoderRotary {
    /// The frequencies of a design with heads of that width.
    pub fn of(design: &DecoderDesign, head_dim: usize) -> Self {
        let different = design.rotary.iter();
        Self {
            different: different
                .map(|settings| RotaryFrequencies::of(settings, head_dim))
                .collect(),
            of_layer: design.layers.iter().map(|layer| layer.rotary).collect(),
        }
    }

    /// Angles of a batch in every layer, as [`RotaryFrequencies::angles`].
    pub fn angles(&self, positions: &[Vec<usize>], device: &Device) -> DecoderAngles {
        let different = self.different.iter();
        DecoderAngles {
            different: different
                .map(|frequencies| frequencies.angles(positions, device))
                .collect(),
            of_layer: self.of_layer.clone(),
        }
    }
}

/// The angles of a batch in every layer.
#[derive(Debug, Clone)]
pub struct DecoderAngles {
    different: Vec<RotaryAngles>,
    of_layer: Vec<usize>,
}

impl DecoderAngles {
    /// Those of a layer.
    pub fn of(&self, layer: usize) -> &RotaryAngles {
        &self.different[self.of_layer[layer]]
    }
}

/// Cosine and sine of each position's angles, shape `[rows or 1, 1, length, head_dim / 2]`.
#[derive(Debug, Clone)]
pub struct RotaryAngles {
    /// Cosines.
    pub cos: Tensor<4>,
    /// Sines.
    pub sin: Tensor<4>,
}

impl RotaryAngles {
    /// Rotates queries or keys of shape `[rows, heads, length, head_dim]`, in f32 whatever the dtype.
    pub fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        self.rotate_by(x, self.sin.clone())
    }

    /// The gradient of queries or keys, given that of rotated ones: the rotation with its factor, turned the other way.
    pub fn rotate_back(&self, gradient: Tensor<4>) -> Tensor<4> {
        self.rotate_by(gradient, self.sin.clone().neg())
    }

    fn rotate_by(&self, x: Tensor<4>, sin: Tensor<4>) -> Tensor<4> {
        let dtype = x.dtype();
        let x = x.cast(DType::F32);
        let half = self.cos.dims()[3];
        let first = x.clone().narrow(3, 0, half);
        let second = x.narrow(3, half, half);
        let cos = self.cos.clone();
        let left = first.clone() * cos.clone() - second.clone() * sin.clone();
        let right = second * cos + first * sin;
        Tensor::cat(vec![left, right], 3).cast(dtype)
    }
}
