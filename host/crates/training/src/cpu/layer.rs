//! One pre-norm decoder layer, forward and backward.

use super::attention::{self, AttentionScratch, HeadShape};
use super::projection::{PassDropout, ProjectionGroup, ProjectionScratch};
use super::rms_norm;
use super::rotary::RotaryTable;
use super::swiglu;
use crate::batch::TokenBatch;

/// Frozen weights of a layer and where its trained parts lie.
pub struct Layer {
    /// Scale of the norm before attention.
    pub attention_norm: Vec<f32>,
    /// Query, key and value projections.
    pub qkv: ProjectionGroup,
    /// Scales of the norms over each query and key head (Qwen3).
    pub head_norms: Option<(Vec<f32>, Vec<f32>)>,
    /// Attention's output projection.
    pub output: ProjectionGroup,
    /// Scale of the norm before the feed-forward part.
    pub feed_forward_norm: Vec<f32>,
    /// Gate and up projections.
    pub gate_up: ProjectionGroup,
    /// Down projection.
    pub down: ProjectionGroup,
}

/// What is the same for every layer of a pass.
pub struct Pass<'a> {
    /// Trained values, flat.
    pub values: &'a [f32],
    /// The tokens.
    pub batch: &'a TokenBatch,
    /// Heads of each layer.
    pub heads: HeadShape,
    /// Cosines and sines.
    pub rotary: &'a RotaryTable,
    /// Epsilon of all norms.
    pub epsilon: f32,
    /// Dropout of adapter inputs; share 0 when evaluating.
    pub dropout: PassDropout<'a>,
}

/// What the way back needs of a layer's way forth; widths are a token's.
#[derive(Default)]
pub struct Kept {
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
    middle: Vec<f32>,
    middle_inverse: Vec<f32>,
    gate_up: Vec<f32>,
    gate_up_reduced: Vec<f32>,
    down_reduced: Vec<f32>,
}

/// Buffers reused from layer to layer.
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

impl Layer {
    /// Replaces the residual stream `x` (`tokens x hidden`) by this layer's output and fills `kept`.
    pub fn forward(&self, pass: &Pass, x: &mut [f32], kept: &mut Kept, scratch: &mut LayerScratch) {
        let tokens = pass.batch.tokens();
        kept.input.clear();
        kept.input.extend_from_slice(x);
        scratch.normed.resize(x.len(), 0.0);
        scratch.added.resize(x.len(), 0.0);
        kept.attention_inverse.resize(tokens, 0.0);
        rms_norm::forward(
            x,
            &self.attention_norm,
            pass.epsilon,
            &mut scratch.normed,
            &mut kept.attention_inverse,
        );
        self.attend(pass, kept, scratch);
        add(x, &scratch.added);

        kept.middle.clear();
        kept.middle.extend_from_slice(x);
        kept.middle_inverse.resize(tokens, 0.0);
        rms_norm::forward(
            x,
            &self.feed_forward_norm,
            pass.epsilon,
            &mut scratch.normed,
            &mut kept.middle_inverse,
        );
        self.feed_forward(pass, kept, scratch);
        add(x, &scratch.added);
    }

    fn attend(&self, pass: &Pass, kept: &mut Kept, scratch: &mut LayerScratch) {
        let (tokens, heads) = (pass.batch.tokens(), pass.heads);
        kept.qkv.resize(tokens * heads.qkv_width(), 0.0);
        kept.context.resize(tokens * heads.query_width(), 0.0);
        kept.log_sums.resize(tokens * heads.heads, 0.0);
        self.qkv.forward(
            pass.values,
            &scratch.normed,
            &mut kept.qkv,
            &mut kept.qkv_reduced,
            pass.dropout,
            &mut scratch.projection,
        );
        self.normalise_heads(pass, kept);
        pass.rotary.rotate(
            &mut kept.qkv,
            heads.qkv_width(),
            heads.heads + heads.kv_heads,
            &pass.batch.positions,
        );
        attention::forward(
            heads,
            &kept.qkv,
            &pass.batch.samples,
            &mut kept.context,
            &mut kept.log_sums,
            &mut scratch.attention,
        );
        self.output.forward(
            pass.values,
            &kept.context,
            &mut scratch.added,
            &mut kept.output_reduced,
            pass.dropout,
            &mut scratch.projection,
        );
    }

    fn feed_forward(&self, pass: &Pass, kept: &mut Kept, scratch: &mut LayerScratch) {
        let (tokens, width) = (pass.batch.tokens(), self.down.weight.cols());
        kept.gate_up.resize(tokens * 2 * width, 0.0);
        scratch.activated.resize(tokens * width, 0.0);
        self.gate_up.forward(
            pass.values,
            &scratch.normed,
            &mut kept.gate_up,
            &mut kept.gate_up_reduced,
            pass.dropout,
            &mut scratch.projection,
        );
        swiglu::forward(&kept.gate_up, width, &mut scratch.activated);
        self.down.forward(
            pass.values,
            &scratch.activated,
            &mut scratch.added,
            &mut kept.down_reduced,
            pass.dropout,
            &mut scratch.projection,
        );
    }

    /// Norms over each query and key head; what they were before is kept.
    fn normalise_heads(&self, pass: &Pass, kept: &mut Kept) {
        let Some((query_norm, key_norm)) = &self.head_norms else {
            return;
        };
        let heads = pass.heads;
        let (normed, width) = (heads.heads + heads.kv_heads, heads.head_dim);
        let tokens = pass.batch.tokens();
        kept.raw_qk.clear();
        kept.head_inverse.resize(tokens * normed, 0.0);
        let rows = kept
            .qkv
            .chunks_exact_mut(heads.qkv_width())
            .zip(kept.head_inverse.chunks_exact_mut(normed));
        for (row, inverse) in rows {
            let at = kept.raw_qk.len();
            kept.raw_qk.extend_from_slice(&row[..normed * width]);
            let (raw_queries, raw_keys) = kept.raw_qk[at..].split_at(heads.query_width());
            let (queries, keys) = row[..normed * width].split_at_mut(heads.query_width());
            let (query_inverse, key_inverse) = inverse.split_at_mut(heads.heads);
            rms_norm::forward(raw_queries, query_norm, pass.epsilon, queries, query_inverse);
            rms_norm::forward(raw_keys, key_norm, pass.epsilon, keys, key_inverse);
        }
    }

    fn normalise_heads_back(&self, pass: &Pass, kept: &Kept, d_qkv: &mut [f32]) {
        let Some((query_norm, key_norm)) = &self.head_norms else {
            return;
        };
        let heads = pass.heads;
        let (normed, width) = (heads.heads + heads.kv_heads, heads.head_dim);
        let mut dy = vec![0.0; normed * width];
        let kept_rows = kept
            .raw_qk
            .chunks_exact(normed * width)
            .zip(kept.head_inverse.chunks_exact(normed));
        for (row, (raw, inverse)) in d_qkv.chunks_exact_mut(heads.qkv_width()).zip(kept_rows) {
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

    /// Turns the gradient `dx` of this layer's output into that of its input, and adds the gradients of what is
    /// trained to `gradients`. With `lowest`, nothing below is trained and `dx` is left unfinished.
    pub fn backward(
        &self,
        pass: &Pass,
        dx: &mut [f32],
        kept: &mut Kept,
        gradients: &mut [f32],
        lowest: bool,
        scratch: &mut LayerScratch,
    ) {
        scratch.normed.resize(dx.len(), 0.0);
        scratch.added.resize(dx.len(), 0.0);
        self.feed_forward_back(pass, dx, kept, gradients, scratch);
        rms_norm::backward(
            &kept.middle,
            &self.feed_forward_norm,
            &kept.middle_inverse,
            &scratch.added,
            dx,
        );
        self.attend_back(pass, dx, kept, gradients, lowest, scratch);
        if !lowest {
            rms_norm::backward(
                &kept.input,
                &self.attention_norm,
                &kept.attention_inverse,
                &scratch.added,
                dx,
            );
        }
    }

    fn feed_forward_back(
        &self,
        pass: &Pass,
        dx: &mut [f32],
        kept: &mut Kept,
        gradients: &mut [f32],
        scratch: &mut LayerScratch,
    ) {
        let width = self.down.weight.cols();
        let size = pass.batch.tokens() * width;
        scratch.activated.resize(size, 0.0);
        scratch.d_activated.resize(size, 0.0);
        swiglu::forward(&kept.gate_up, width, &mut scratch.activated);
        let dy = &mut scratch.added;
        dy.copy_from_slice(dx);
        self.down.backward(
            pass.values,
            &scratch.activated,
            &kept.down_reduced,
            dy,
            Some(&mut scratch.d_activated),
            gradients,
            pass.dropout,
            &mut scratch.projection,
        );
        swiglu::backward(&mut kept.gate_up, width, &scratch.d_activated);
        rms_norm::reapply(
            &kept.middle,
            &self.feed_forward_norm,
            &kept.middle_inverse,
            &mut scratch.normed,
        );
        self.gate_up.backward(
            pass.values,
            &scratch.normed,
            &kept.gate_up_reduced,
            &mut kept.gate_up,
            Some(&mut scratch.added),
            gradients,
            pass.dropout,
            &mut scratch.projection,
        );
    }

    fn attend_back(
        &self,
        pass: &Pass,
        dx: &mut [f32],
        kept: &mut Kept,
        gradients: &mut [f32],
        lowest: bool,
        scratch: &mut LayerScratch,
    ) {
        let (tokens, heads) = (pass.batch.tokens(), pass.heads);
        scratch.d_context.resize(tokens * heads.query_width(), 0.0);
        scratch.d_qkv.resize(tokens * heads.qkv_width(), 0.0);
        scratch.added.copy_from_slice(dx);
        self.output.backward(
            pass.values,
            &kept.context,
            &kept.output_reduced,
            &mut scratch.added,
            Some(&mut scratch.d_context),
            gradients,
            pass.dropout,
            &mut scratch.projection,
        );
        attention::backward(
            heads,
            &kept.qkv,
            &pass.batch.samples,
            &kept.context,
            &kept.log_sums,
            &scratch.d_context,
            &mut scratch.d_qkv,
            &mut scratch.attention,
        );
        let rotated = heads.heads + heads.kv_heads;
        pass.rotary
            .rotate_back(&mut scratch.d_qkv, heads.qkv_width(), rotated, &pass.batch.positions);
        self.normalise_heads_back(pass, kept, &mut scratch.d_qkv);
        rms_norm::reapply(
            &kept.input,
            &self.attention_norm,
            &kept.attention_inverse,
            &mut scratch.normed,
        );
        self.qkv.backward(
            pass.values,
            &scratch.normed,
            &kept.qkv_reduced,
            &mut scratch.d_qkv,
            (!lowest).then_some(&mut scratch.added[..]),
            gradients,
            pass.dropout,
            &mut scratch.projection,
        );
    }
}

fn add(x: &mut [f32], y: &[f32]) {
    super::vector::wide!(x.iter_mut().zip(y).for_each(|(x, y)| *x += y));
}
