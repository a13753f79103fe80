//! One decoder layer of the CPU engine.

use super::CpuRow;
use super::adapter::AdapterGroup;
use super::attention::{AttentionShape, attend};
use super::key_values::CachedSequence;
use super::matrix::WeightPrecision;
use super::projection::CpuProjection;
use super::vector::{gated_gelu, gated_silu, rms_norm_rows};
use crate::Advance;
use nl2sql_model::ModelConfig;
use nl2sql_model::architecture::Activation;
use nl2sql_model::layers::{DecoderLayer, RmsNorm};

/// What all layers of a step share.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepShape<'a> {
    pub(super) epsilon: f32,
    /// Angles of the new tokens, of which each layer has one.
    pub(super) angles: &'a [StepAngles],
    /// Which tokens have which adapter.
    pub(super) groups: &'a [AdapterGroup],
}

/// Angles of each new token's position.
#[derive(Debug)]
pub(super) struct StepAngles {
    /// Cosines `[tokens, head_dim / 2]`.
    pub(super) cos: Vec<f32>,
    /// Sines `[tokens, head_dim / 2]`.
    pub(super) sin: Vec<f32>,
}

/// A decoder layer laid out for the CPU.
#[derive(Debug)]
pub(super) struct CpuLayer {
    attention: AttentionShape,
    /// Which of a step's angles the layer has.
    rotary: usize,
    activation: Activation,
    attention_norm: Vec<f32>,
    attended_norm: Option<Vec<f32>>,
    feed_forward_norm: Vec<f32>,
    fed_norm: Option<Vec<f32>>,
    query_norm: Option<Vec<f32>>,
    key_norm: Option<Vec<f32>>,
    query: CpuProjection,
    key: CpuProjection,
    value: CpuProjection,
    output: CpuProjection,
    gate: CpuProjection,
    up: CpuProjection,
    down: CpuProjection,
}

impl CpuLayer {
    pub(super) fn new(number: usize, layer: &DecoderLayer, config: &ModelConfig, precision: WeightPrecision) -> Self {
        let design = config.design.layers[number];
        let mut place = number * DecoderLayer::PROJECTIONS.len();
        let [query, key, value, output, gate, up, down] = layer.projections().map(|projection| {
            place += 1;
            CpuProjection::new(projection, precision, place - 1)
        });
        Self {
            attention: AttentionShape {
                heads: config.num_attention_heads,
                key_value_heads: config.num_key_value_heads,
                head_dim: config.head_dim,
                rule: design.attention,
            },
            rotary: design.rotary,
            activation: design.activation,
            attention_norm: layer.attention_norm.values(),
            attended_norm: layer.attended_norm.as_ref().map(RmsNorm::values),
            feed_forward_norm: layer.feed_forward_norm.values(),
            fed_norm: layer.fed_norm.as_ref().map(RmsNorm::values),
            query_norm: layer.attention.query_norm.as_ref().map(RmsNorm::values),
            key_norm: layer.attention.key_norm.as_ref().map(RmsNorm::values),
            query,
            key,
            value,
            output,
            gate,
            up,
            down,
        }
    }

    /// Runs the layer over the residual stream `[tokens, hidden]` of all rows.
    pub(super) fn forward(
        &self,
        number: usize,
        stream: &mut [f32],
        shape: &StepShape<'_>,
        batch: &mut [Advance<'_, CpuRow>],
    ) {
        let mut normed = stream.to_vec();
        rms_norm_rows(&mut normed, &self.attention_norm, shape.epsilon);
        let queries = self.rotated(&self.query, self.query_norm.as_deref(), &normed, shape);
        let keys = self.rotated(&self.key, self.key_norm.as_deref(), &normed, shape);
        let values = self.value.forward(&normed, shape.groups);
        let width = self.attention.key_width();
        let mut first = 0;
        for entry in batch.iter_mut() {
            let range = first * width..(first + entry.tokens.len()) * width;
            entry
                .row
                .sequence
                .append(number, &keys[range.clone()], &values[range], width);
            first += entry.tokens.len();
        }
        let rows: Vec<(&CachedSequence, usize)> = batch
            .iter()
            .map(|entry| (&entry.row.sequence, entry.tokens.len()))
            .collect();
        let context = attend(self.attention, number, &queries, &rows);
        let attended = self.output.forward(&context, shape.groups);
        add(stream, attended, self.attended_norm.as_deref(), shape.epsilon);

        let mut normed = stream.to_vec();
        rms_norm_rows(&mut normed, &self.feed_forward_norm, shape.epsilon);
        let mut gate = self.gate.forward(&normed, shape.groups);
        let up = self.up.forward(&normed, shape.groups);
        match self.activation {
            Activation::Silu => gated_silu(&mut gate, &up),
            Activation::GeluTanh => gated_gelu(&mut gate, &up),
        }
        let fed = self.down.forward(&gate, shape.groups);
        add(stream, fed, self.fed_norm.as_deref(), shape.epsilon);
    }

    /// Projects, normalises and rotates heads.
    fn rotated(
        &self,
        projection: &CpuProjection,
        norm: Option<&[f32]>,
        inputs: &[f32],
        shape: &StepShape<'_>,
    ) -> Vec<f32> {
        let mut heads = projection.forward(inputs, shape.groups);
        if let Some(scale) = norm {
            rms_norm_rows(&mut heads, scale, shape.epsilon);
        }
        let half = self.attention.head_dim / 2;
        let StepAngles { cos, sin } = &shape.angles[self.rotary];
        let tokens = cos.len() / half;
        let width = heads.len() / tokens;
        let angles = cos.chunks_exact(half).zip(sin.chunks_exact(half));
        for (row, (cos, sin)) in heads.chunks_exact_mut(width).zip(angles) {
            for head in row.chunks_exact_mut(2 * half) {
                let (first, second) = head.split_at_mut(half);
                for pair in 0..half {
                    let (a, b) = (first[pair], second[pair]);
                    first[pair] = a * cos[pair] - b * sin[pair];
                    second[pair] = b * cos[pair] + a * sin[pair];
                }
            }
        }
        heads
    }
}

/// Adds what a part of the layer gave, normalised where the layer has a norm for it, to the residual stream.
fn add(stream: &mut [f32], mut given: Vec<f32>, norm: Option<&[f32]>, epsilon: f32) {
    if let Some(scale) = norm {
        rms_norm_rows(&mut given, scale, epsilon);
    }
    for (value, change) in stream.iter_mut().zip(given) {
        *value += change;
    }
}
