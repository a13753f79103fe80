//! One decoder layer of the CPU engine.

use super::CpuRow;
use super::adapter::AdapterGroup;
use super::attention::{AttentionShape, attend};
use super::key_values::{CachedSequence, PageShape};
use super::matrix::WeightPrecision;
use super::projection::{CpuProjection, project_all};
use super::step_buffers::StepBuffers;
use super::vector::{add, gated_gelu, gated_silu, rms_norm_rows};
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
    pub(super) fn new(
        number: usize,
        layer: &DecoderLayer,
        config: &ModelConfig,
        page: PageShape,
        precision: WeightPrecision,
    ) -> Self {
        let design = config.design.layers[number];
        let mut place = number * DecoderLayer::PROJECTIONS.len();
        let [query, key, value, output, gate, up, down] = layer.projections().map(|projection| {
            place += 1;
            CpuProjection::new(projection, precision, place - 1)
        });
        Self {
            attention: AttentionShape {
                heads: config.num_attention_heads,
                page,
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
        buffers: &mut StepBuffers,
    ) {
        let StepBuffers {
            normed,
            queries,
            keys,
            values,
            context,
            gate,
            up,
            given,
        } = buffers;
        norm_into(normed, stream, &self.attention_norm, shape.epsilon);
        project_all(
            [(&self.query, queries), (&self.key, keys), (&self.value, values)],
            normed,
            shape.groups,
        );
        self.rotate(queries, self.query_norm.as_deref(), shape);
        self.rotate(keys, self.key_norm.as_deref(), shape);
        self.remember(number, keys, values, batch);
        let rows: Vec<(&CachedSequence, usize)> = batch
            .iter()
            .map(|entry| (&entry.row.sequence, entry.tokens.len()))
            .collect();
        attend(self.attention, number, queries, &rows, context);
        self.output.forward(context, shape.groups, given);
        add_normed(stream, given, self.attended_norm.as_deref(), shape.epsilon);

        norm_into(normed, stream, &self.feed_forward_norm, shape.epsilon);
        project_all([(&self.gate, gate), (&self.up, up)], normed, shape.groups);
        match self.activation {
            Activation::Silu => gated_silu(gate, up),
            Activation::GeluTanh => gated_gelu(gate, up),
        }
        self.down.forward(gate, shape.groups, given);
        add_normed(stream, given, self.fed_norm.as_deref(), shape.epsilon);
    }

    /// Keeps the keys and values of new tokens.
    fn remember(&self, number: usize, keys: &[f32], values: &[f32], batch: &mut [Advance<'_, CpuRow>]) {
        let width = self.attention.key_width();
        let mut first = 0;
        for entry in batch {
            let range = first * width..(first + entry.tokens.len()) * width;
            let sequence = &mut entry.row.sequence;
            sequence.append(number, &keys[range.clone()], &values[range], self.attention.page);
            first += entry.tokens.len();
        }
    }

    /// Normalises and rotates heads.
    fn rotate(&self, heads: &mut [f32], norm: Option<&[f32]>, shape: &StepShape<'_>) {
        if let Some(scale) = norm {
            rms_norm_rows(heads, scale, shape.epsilon);
        }
        let half = self.attention.page.head_dim / 2;
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
    }
}

fn norm_into(normed: &mut Vec<f32>, stream: &[f32], scale: &[f32], epsilon: f32) {
    normed.clear();
    normed.extend_from_slice(stream);
    rms_norm_rows(normed, scale, epsilon);
}

/// Adds what a part of the layer gave, normalised where the layer has a norm for it, to the residual stream.
fn add_normed(stream: &mut [f32], given: &mut [f32], norm: Option<&[f32]>, epsilon: f32) {
    if let Some(scale) = norm {
        rms_norm_rows(given, scale, epsilon);
    }
    add(stream, given);
}
