//! One decoder layer of the CPU engine.

use super::CpuRow;
use super::adapter::AdapterGroup;
use super::attention::{AttentionShape, attend};
use super::key_values::CachedSequence;
use super::matrix::WeightPrecision;
use super::projection::CpuProjection;
use super::vector::{gated_silu, rms_norm_rows};
use crate::Advance;
use nl2sql_model::layers::{DecoderLayer, RmsNorm};
use nl2sql_model::weights::values_of;

/// What all layers of a step share.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepShape<'a> {
    pub(super) attention: AttentionShape,
    pub(super) epsilon: f32,
    /// Cosines `[tokens, head_dim / 2]`.
    pub(super) cos: &'a [f32],
    /// Sines `[tokens, head_dim / 2]`.
    pub(super) sin: &'a [f32],
    /// Which tokens have which adapter.
    pub(super) groups: &'a [AdapterGroup],
}

/// A decoder layer laid out for the CPU.
#[derive(Debug)]
pub(super) struct CpuLayer {
    attention_norm: Vec<f32>,
    feed_forward_norm: Vec<f32>,
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
    pub(super) fn new(number: usize, layer: &DecoderLayer, precision: WeightPrecision) -> Self {
        let scale = |norm: &RmsNorm| values_of(norm.scale.clone());
        let mut place = number * DecoderLayer::PROJECTIONS.len();
        let [query, key, value, output, gate, up, down] = layer.projections().map(|projection| {
            place += 1;
            CpuProjection::new(projection, precision, place - 1)
        });
        Self {
            attention_norm: scale(&layer.attention_norm),
            feed_forward_norm: scale(&layer.feed_forward_norm),
            query_norm: layer.attention.query_norm.as_ref().map(scale),
            key_norm: layer.attention.key_norm.as_ref().map(scale),
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
        let width = shape.attention.key_width();
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
        let context = attend(shape.attention, number, &queries, &rows);
        add(stream, &self.output.forward(&context, shape.groups));

        let mut normed = stream.to_vec();
        rms_norm_rows(&mut normed, &self.feed_forward_norm, shape.epsilon);
        let mut gate = self.gate.forward(&normed, shape.groups);
        gated_silu(&mut gate, &self.up.forward(&normed, shape.groups));
        add(stream, &self.down.forward(&gate, shape.groups));
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
        let half = shape.attention.head_dim / 2;
        let tokens = shape.cos.len() / half;
        let width = heads.len() / tokens;
        let angles = shape.cos.chunks_exact(half).zip(shape.sin.chunks_exact(half));
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

fn add(stream: &mut [f32], change: &[f32]) {
    for (value, change) in stream.iter_mut().zip(change) {
        *value += change;
    }
}
