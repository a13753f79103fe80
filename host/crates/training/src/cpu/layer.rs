//! One decoder layer, forward and backward.

use nl2sql_model::architecture::Activation;

use super::attention::{self, AttentionScratch, HeadShape};
use super::gated_activation;
use super::projection::{PassDropout, ProjectionGroup, ProjectionScratch};
use super::rms_norm;
use super::rotary::RotaryTable;
use super::scored_rows::ScoredRows;
use crate::batch::TokenBatch;

/// Frozen weights of a layer and the ranges of its trained tensors.
pub struct Layer {
    /// Scale of the norm before attention.
    pub attention_norm: Vec<f32>,
    /// Query, key and value projections.
    pub qkv: ProjectionGroup,
    /// Scales of the norms over each query and key head.
    pub head_norms: Option<(Vec<f32>, Vec<f32>)>,
    /// Heads, and how queries meet keys.
    pub heads: HeadShape,
    /// Which of the pass's rotary tables the layer has.
    pub rotary: usize,
    /// Attention's output projection.
    pub output: ProjectionGroup,
    /// Scale of the norm after attention, before it is added.
    pub attended_norm: Option<Vec<f32>>,
    /// Scale of the norm before the feed-forward part.
    pub feed_forward_norm: Vec<f32>,
    /// Gate and up projections.
    pub gate_up: ProjectionGroup,
    /// Activation of the gate.
    pub activation: Activation,
    /// Down projection.
    pub down: ProjectionGroup,
    /// Scale of the norm after the feed-forward part, before it is added.
    pub fed_norm: Option<Vec<f32>>,
}

/// Inputs common to every layer of a pass.
pub struct Pass<'a> {
    /// Trained values, flat.
    pub values: &'a [f32],
    /// The tokens.
    pub batch: &'a TokenBatch,
    /// Cosines and sines, of which each layer has one.
    pub rotary: &'a [RotaryTable],
    /// Epsilon of all norms.
    pub epsilon: f32,
    /// Dropout probability of adapter inputs; 0 in evaluation.
    pub dropout: f32,
}

/// Activations of a layer's forward pass that its backward pass needs; widths are per token.
#[derive(Default)]
pub struct SavedActivations {
    /// Input, `hidden`.
    pub input: Vec<f32>,
    attention_inverse: Vec<f32>,
    raw_qk: Vec<f32>,
    head_inverse: Vec<f32>,
    qkv: Vec<f32>,
    qkv_reduced: Vec<f32>,
    log_sums: Vec<f32>,
    context: Vec<f32>,
    output_reduced: Vec<f32>,
    attended: OutputNorm,
    middle: Vec<f32>,
    middle_inverse: Vec<f32>,
    gate_up: Vec<f32>,
    gate_up_reduced: Vec<f32>,
    down_reduced: Vec<f32>,
    fed: OutputNorm,
}

/// What a norm after a part of the layer saves: its input, `hidden` per row, and each row's `1 / rms`; empty where a layer has no such norm.
#[derive(Default)]
struct OutputNorm {
    input: Vec<f32>,
    inverse: Vec<f32>,
}

/// Buffers reused across layers.
#[derive(Default)]
pub struct LayerScratch {
    projection: ProjectionScratch,
    attention: AttentionScratch,
    normed: Vec<f32>,
    activated: Vec<f32>,
    d_activated: Vec<f32>,
    d_context: Vec<f32>,
    d_qkv: Vec<f32>,
    added: Vec<f32>,
}

impl Pass<'_> {
    fn dropout<'a>(&self, keys: &'a [u32]) -> PassDropout<'a> {
        PassDropout {
            share: self.dropout,
            keys,
        }
    }
}

impl Layer {
    /// Replaces the residual stream `x` (`tokens x hidden`) with this layer's output for `scored_rows` (`scored_rows x hidden`) and fills `saved`.
    pub fn forward(
        &self,
        pass: &Pass,
        scored_rows: &ScoredRows,
        x: &mut Vec<f32>,
        saved: &mut SavedActivations,
        scratch: &mut LayerScratch,
    ) {
        saved.input.clone_from(x);
        normalise(
            x,
            &self.attention_norm,
            pass.epsilon,
            scratch,
            &mut saved.attention_inverse,
        );
        scored_rows.keep(x, self.attention_norm.len());
        scratch.added.resize(x.len(), 0.0);
        self.attend(pass, scored_rows, saved, scratch);
        let attended_norm = self.attended_norm.as_deref();
        saved.attended.forward(attended_norm, pass.epsilon, &mut scratch.added);
        add(x, &scratch.added);

        saved.middle.clone_from(x);
        normalise(
            x,
            &self.feed_forward_norm,
            pass.epsilon,
            scratch,
            &mut saved.middle_inverse,
        );
        self.feed_forward(pass, scored_rows, saved, scratch);
        saved
            .fed
            .forward(self.fed_norm.as_deref(), pass.epsilon, &mut scratch.added);
        add(x, &scratch.added);
    }

    fn attend(&self, pass: &Pass, scored_rows: &ScoredRows, saved: &mut SavedActivations, scratch: &mut LayerScratch) {
        let (tokens, heads) = (pass.batch.tokens(), self.heads);
        saved.qkv.resize(tokens * heads.qkv_width(), 0.0);
        saved.context.resize(tokens * heads.query_width(), 0.0);
        saved.log_sums.resize(tokens * heads.heads, 0.0);
        self.qkv.forward(
            pass.values,
            &scratch.normed,
            &mut saved.qkv,
            &mut saved.qkv_reduced,
            pass.dropout(&pass.batch.dropout_keys),
            &mut scratch.projection,
        );
        self.normalise_heads(pass, saved);
        pass.rotary[self.rotary].rotate(
            &mut saved.qkv,
            heads.qkv_width(),
            heads.heads + heads.kv_heads,
            &pass.batch.positions,
        );
        attention::forward(
            heads,
            &saved.qkv,
            &scored_rows.spans,
            &mut saved.context,
            &mut saved.log_sums,
            &mut scratch.attention,
        );
        scored_rows.keep(&mut saved.context, heads.query_width());
        self.output.forward(
            pass.values,
            &saved.context,
            &mut scratch.added,
            &mut saved.output_reduced,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
    }

    fn feed_forward(
        &self,
        pass: &Pass,
        scored_rows: &ScoredRows,
        saved: &mut SavedActivations,
        scratch: &mut LayerScratch,
    ) {
        let (tokens, width) = (scored_rows.count(), self.down.weight.cols());
        saved.gate_up.resize(tokens * 2 * width, 0.0);
        scratch.activated.resize(tokens * width, 0.0);
        self.gate_up.forward(
            pass.values,
            &scratch.normed,
            &mut saved.gate_up,
            &mut saved.gate_up_reduced,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
        gated_activation::forward(self.activation, &saved.gate_up, width, &mut scratch.activated);
        self.down.forward(
            pass.values,
            &scratch.activated,
            &mut scratch.added,
            &mut saved.down_reduced,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
    }

    /// Norms over each query and key head; saves the inputs.
    fn normalise_heads(&self, pass: &Pass, saved: &mut SavedActivations) {
        let Some((query_norm, key_norm)) = &self.head_norms else {
            return;
        };
        let heads = self.heads;
        let (normed, width) = (heads.heads + heads.kv_heads, heads.head_dim);
        let tokens = pass.batch.tokens();
        saved.raw_qk.clear();
        saved.head_inverse.resize(tokens * normed, 0.0);
        let rows = saved
            .qkv
            .chunks_exact_mut(heads.qkv_width())
            .zip(saved.head_inverse.chunks_exact_mut(normed));
        for (row, inverse) in rows {
            let at = saved.raw_qk.len();
            saved.raw_qk.extend_from_slice(&row[..normed * width]);
            let (raw_queries, raw_keys) = saved.raw_qk[at..].split_at(heads.query_width());
            let (queries, keys) = row[..normed * width].split_at_mut(heads.query_width());
            let (query_inverse, key_inverse) = inverse.split_at_mut(heads.heads);
            rms_norm::forward(raw_queries, query_norm, pass.epsilon, queries, query_inverse);
            rms_norm::forward(raw_keys, key_norm, pass.epsilon, keys, key_inverse);
        }
    }

    fn normalise_heads_back(&self, saved: &SavedActivations, d_qkv: &mut [f32]) {
        let Some((query_norm, key_norm)) = &self.head_norms else {
            return;
        };
        let heads = self.heads;
        let (normed, width) = (heads.heads + heads.kv_heads, heads.head_dim);
        let mut dy = vec![0.0; normed * width];
        let saved_rows = saved
            .raw_qk
            .chunks_exact(normed * width)
            .zip(saved.head_inverse.chunks_exact(normed));
        for (row, (raw, inverse)) in d_qkv.chunks_exact_mut(heads.qkv_width()).zip(saved_rows) {
            let row = &mut row[..normed * width];
            dy.copy_from_slice(row);
            row.fill(0.0);
            let (d_queries, d_keys) = row.split_at_mut(heads.query_width());
            let (raw_queries, raw_keys) = raw.split_at(heads.query_width());
            let (dy_queries, dy_keys) = dy.split_at(heads.query_width());
            let (query_inverse, key_inverse) = inverse.split_at(heads.heads);
            rms_norm::backward(raw_queries, query_norm, query_inverse, dy_queries, d_queries);
            rms_norm::backward(raw_keys, key_norm, key_inverse, dy_keys, d_keys);
        }
    }

    /// Turns the gradient `dx` of this layer's output (`scored_rows x hidden`) into that of its input (`tokens x hidden`), and adds the gradients of
    /// trained tensors to `gradients`. With `lowest`, nothing below is trained and `dx` is left incomplete.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        pass: &Pass,
        scored_rows: &ScoredRows,
        dx: &mut Vec<f32>,
        saved: &mut SavedActivations,
        gradients: &mut [f32],
        lowest: bool,
        scratch: &mut LayerScratch,
    ) {
        self.feed_forward_back(pass, scored_rows, dx, saved, gradients, scratch);
        rms_norm::backward(
            &saved.middle,
            &self.feed_forward_norm,
            &saved.middle_inverse,
            &scratch.added,
            dx,
        );
        self.attend_back(pass, scored_rows, dx, saved, gradients, lowest, scratch);
        if !lowest {
            scored_rows.spread(dx, self.attention_norm.len());
            rms_norm::backward(
                &saved.input,
                &self.attention_norm,
                &saved.attention_inverse,
                &scratch.added,
                dx,
            );
        }
    }

    fn feed_forward_back(
        &self,
        pass: &Pass,
        scored_rows: &ScoredRows,
        dx: &[f32],
        saved: &mut SavedActivations,
        gradients: &mut [f32],
        scratch: &mut LayerScratch,
    ) {
        let width = self.down.weight.cols();
        let size = scored_rows.count() * width;
        scratch.activated.resize(size, 0.0);
        scratch.d_activated.resize(size, 0.0);
        gated_activation::forward(self.activation, &saved.gate_up, width, &mut scratch.activated);
        saved.fed.backward(self.fed_norm.as_deref(), dx, &mut scratch.added);
        self.down.backward(
            pass.values,
            &scratch.activated,
            &saved.down_reduced,
            &mut scratch.added,
            Some(&mut scratch.d_activated),
            gradients,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
        gated_activation::backward(self.activation, &mut saved.gate_up, width, &scratch.d_activated);
        scratch.normed.resize(dx.len(), 0.0);
        rms_norm::reapply(
            &saved.middle,
            &self.feed_forward_norm,
            &saved.middle_inverse,
            &mut scratch.normed,
        );
        self.gate_up.backward(
            pass.values,
            &scratch.normed,
            &saved.gate_up_reduced,
            &mut saved.gate_up,
            Some(&mut scratch.added),
            gradients,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
    }

    /// Leaves the gradient of the normed input in `scratch.added`, unless this is the lowest layer.
    #[allow(clippy::too_many_arguments)]
    fn attend_back(
        &self,
        pass: &Pass,
        scored_rows: &ScoredRows,
        dx: &[f32],
        saved: &mut SavedActivations,
        gradients: &mut [f32],
        lowest: bool,
        scratch: &mut LayerScratch,
    ) {
        let (tokens, heads) = (pass.batch.tokens(), self.heads);
        scratch.d_context.resize(saved.context.len(), 0.0);
        scratch.d_qkv.resize(tokens * heads.qkv_width(), 0.0);
        saved
            .attended
            .backward(self.attended_norm.as_deref(), dx, &mut scratch.added);
        self.output.backward(
            pass.values,
            &saved.context,
            &saved.output_reduced,
            &mut scratch.added,
            Some(&mut scratch.d_context),
            gradients,
            pass.dropout(&scored_rows.dropout_keys),
            &mut scratch.projection,
        );
        scored_rows.spread(&mut saved.context, heads.query_width());
        scored_rows.spread(&mut scratch.d_context, heads.query_width());
        attention::backward(
            heads,
            &saved.qkv,
            &scored_rows.spans,
            &saved.context,
            &saved.log_sums,
            &scratch.d_context,
            &mut scratch.d_qkv,
            &mut scratch.attention,
        );
        let rotated = heads.heads + heads.kv_heads;
        pass.rotary[self.rotary].rotate_back(&mut scratch.d_qkv, heads.qkv_width(), rotated, &pass.batch.positions);
        self.normalise_heads_back(saved, &mut scratch.d_qkv);
        scratch.normed.resize(saved.input.len(), 0.0);
        scratch.added.resize(saved.input.len(), 0.0);
        rms_norm::reapply(
            &saved.input,
            &self.attention_norm,
            &saved.attention_inverse,
            &mut scratch.normed,
        );
        self.qkv.backward(
            pass.values,
            &scratch.normed,
            &saved.qkv_reduced,
            &mut scratch.d_qkv,
            (!lowest).then_some(&mut scratch.added[..]),
            gradients,
            pass.dropout(&pass.batch.dropout_keys),
            &mut scratch.projection,
        );
    }
}

impl OutputNorm {
    /// Normalises what a part of the layer gave, in place.
    fn forward(&mut self, scale: Option<&[f32]>, epsilon: f32, given: &mut [f32]) {
        let Some(scale) = scale else { return };
        self.input.clear();
        self.input.extend_from_slice(given);
        self.inverse.resize(given.len() / scale.len(), 0.0);
        rms_norm::forward(&self.input, scale, epsilon, given, &mut self.inverse);
    }

    /// The gradient of what the part gave into `gradient`, given that of the residual stream it was added to.
    fn backward(&self, scale: Option<&[f32]>, dx: &[f32], gradient: &mut Vec<f32>) {
        gradient.clear();
        match scale {
            None => gradient.extend_from_slice(dx),
            Some(scale) => {
                gradient.resize(dx.len(), 0.0);
                rms_norm::backward(&self.input, scale, &self.inverse, dx, gradient);
            }
        }
    }
}

/// Norm of the rows of `x` into `scratch.normed`.
fn normalise(x: &[f32], weight: &[f32], epsilon: f32, scratch: &mut LayerScratch, inverse: &mut Vec<f32>) {
    scratch.normed.resize(x.len(), 0.0);
    inverse.resize(x.len() / weight.len(), 0.0);
    rms_norm::forward(x, weight, epsilon, &mut scratch.normed, inverse);
}

fn add(x: &mut [f32], y: &[f32]) {
    super::vector::wide!(x.iter_mut().zip(y).for_each(|(x, y)| *x += y));
}
