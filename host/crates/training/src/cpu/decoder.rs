//! The whole decoder: tokens in, summed loss and gradients out.

use nl2sql_model::layers::RotaryFrequencies;

use super::cross_entropy::{self, HeadScratch};
use super::factor::Factor;
use super::frozen::FrozenMatrix;
use super::layer::{Layer, LayerScratch, Pass, SavedActivations};
use super::matrix::{View, ViewMut, add_product};
use super::rms_norm;
use super::rotary::RotaryTable;
use super::scored_rows::ScoredRows;
use crate::batch::TokenBatch;

/// Frozen weights of a model and the ranges of its trained tensors in the flat arrays.
pub struct CpuDecoder {
    /// Embedding table, `[vocabulary, hidden]`.
    pub embedding: FrozenMatrix,
    /// Output head when it is not the embedding table, `[vocabulary, hidden]`.
    pub head: Option<FrozenMatrix>,
    /// Layers from the input up.
    pub layers: Vec<Layer>,
    /// Scale of the last norm.
    pub final_norm: Vec<f32>,
    /// Factor on token vectors.
    pub embedding_scale: f32,
    /// Rotary frequencies, of which each layer has one.
    pub rotary: Vec<RotaryFrequencies>,
    /// Epsilon of all norms.
    pub epsilon: f32,
    /// Range of a fully trained embedding table.
    pub trained_embedding: Option<std::ops::Range<usize>>,
    /// Range of a fully trained head.
    pub trained_head: Option<std::ops::Range<usize>>,
}

/// Options of a forward and backward pass.
#[derive(Clone, Copy)]
pub struct PassOptions {
    /// Dropout of adapter inputs.
    pub dropout: f32,
    /// Save only each layer's input and recompute the other activations in backward.
    pub recompute: bool,
}

/// One worker's buffers.
#[derive(Default)]
pub struct Workspace {
    saved: Vec<SavedActivations>,
    scratch: LayerScratch,
    stream: Vec<f32>,
    normed: Vec<f32>,
    inverse: Vec<f32>,
    d_hidden: Vec<f32>,
    head: HeadScratch,
    opened: Vec<f32>,
}

impl CpuDecoder {
    /// Width of the residual stream.
    fn hidden(&self) -> usize {
        self.embedding.cols()
    }

    /// Size of the frozen matrices, in bytes.
    pub fn frozen_bytes(&self) -> usize {
        let tables = self.embedding.bytes() + self.head.as_ref().map_or(0, FrozenMatrix::bytes);
        let groups = self
            .layers
            .iter()
            .flat_map(|layer| [&layer.qkv, &layer.output, &layer.gate_up, &layer.down]);
        tables + groups.map(|group| group.weight.bytes()).sum::<usize>()
    }

    /// Sum of the cross-entropies of the batch's scored tokens.
    pub fn loss(&self, values: &[f32], batch: &TokenBatch, workspace: &mut Workspace) -> f64 {
        if batch.scored.is_empty() {
            return 0.0;
        }
        let rotary = self.rotary(batch);
        let pass = self.pass(values, batch, &rotary, 0.0);
        let (every, scored) = (ScoredRows::every(batch), ScoredRows::scored(batch));
        self.embed(values, batch, &mut workspace.stream);
        workspace.saved.resize_with(1, SavedActivations::default);
        for (number, layer) in self.layers.iter().enumerate() {
            layer.forward(
                &pass,
                self.scored_rows(number, &every, &scored),
                &mut workspace.stream,
                &mut workspace.saved[0],
                &mut workspace.scratch,
            );
        }
        self.score(values, batch, 0.0, None, workspace)
    }

    /// As [`loss`](Self::loss), and adds the gradient of `scale * loss` to `gradients`.
    pub fn loss_and_gradients(
        &self,
        values: &[f32],
        batch: &TokenBatch,
        scale: f32,
        options: PassOptions,
        gradients: &mut [f32],
        workspace: &mut Workspace,
    ) -> f64 {
        if batch.scored.is_empty() {
            return 0.0;
        }
        let rotary = self.rotary(batch);
        let pass = self.pass(values, batch, &rotary, options.dropout);
        let (every, scored) = (ScoredRows::every(batch), ScoredRows::scored(batch));
        self.embed(values, batch, &mut workspace.stream);
        let depth = self.layers.len();
        workspace.saved.resize_with(
            if options.recompute { depth + 1 } else { depth },
            SavedActivations::default,
        );
        for (number, layer) in self.layers.iter().enumerate() {
            let saved = match options.recompute {
                true => {
                    workspace.saved[number].input.clone_from(&workspace.stream);
                    &mut workspace.saved[depth]
                }
                false => &mut workspace.saved[number],
            };
            let scored_rows = self.scored_rows(number, &every, &scored);
            layer.forward(&pass, scored_rows, &mut workspace.stream, saved, &mut workspace.scratch);
        }
        let total = self.score(values, batch, scale, Some(gradients), workspace);
        self.score_back(workspace);
        for (number, layer) in self.layers.iter().enumerate().rev() {
            let scored_rows = self.scored_rows(number, &every, &scored);
            let saved = match options.recompute {
                true => {
                    let mut recomputed = workspace.saved[number].input.clone();
                    let working = &mut workspace.saved[depth];
                    layer.forward(&pass, scored_rows, &mut recomputed, working, &mut workspace.scratch);
                    working
                }
                false => &mut workspace.saved[number],
            };
            let lowest = number == 0 && self.trained_embedding.is_none();
            layer.backward(
                &pass,
                scored_rows,
                &mut workspace.stream,
                saved,
                gradients,
                lowest,
                &mut workspace.scratch,
            );
        }
        self.embed_back(batch, &workspace.stream, gradients);
        total
    }

    /// The rows layer `number` computes: scored rows in the last layer, every row in the others.
    fn scored_rows<'a, 'b>(
        &self,
        number: usize,
        every: &'a ScoredRows<'b>,
        scored: &'a ScoredRows<'b>,
    ) -> &'a ScoredRows<'b> {
        if number + 1 == self.layers.len() { scored } else { every }
    }

    fn pass<'a>(&self, values: &'a [f32], batch: &'a TokenBatch, rotary: &'a [RotaryTable], dropout: f32) -> Pass<'a> {
        Pass {
            values,
            batch,
            rotary,
            epsilon: self.epsilon,
            dropout,
        }
    }

    fn rotary(&self, batch: &TokenBatch) -> Vec<RotaryTable> {
        let longest = batch.positions.iter().max().map_or(0, |last| last + 1);
        let tables = self.rotary.iter();
        tables
            .map(|rotary| RotaryTable::new(&rotary.frequencies, rotary.factor, longest))
            .collect()
    }

    fn embed(&self, values: &[f32], batch: &TokenBatch, stream: &mut Vec<f32>) {
        let hidden = self.hidden();
        stream.clear();
        for &id in &batch.ids {
            match &self.trained_embedding {
                Some(range) => stream.extend_from_slice(&values[range.clone()][id as usize * hidden..][..hidden]),
                None => stream.extend_from_slice(&self.embedding.row(id as usize)),
            }
        }
        if self.embedding_scale != 1.0 {
            stream.iter_mut().for_each(|x| *x *= self.embedding_scale);
        }
    }

    fn embed_back(&self, batch: &TokenBatch, dx: &[f32], gradients: &mut [f32]) {
        let Some(range) = &self.trained_embedding else { return };
        let hidden = self.hidden();
        let table = &mut gradients[range.clone()];
        for (&id, dx) in batch.ids.iter().zip(dx.chunks_exact(hidden)) {
            table[id as usize * hidden..][..hidden]
                .iter_mut()
                .zip(dx)
                .for_each(|(t, d)| *t += self.embedding_scale * d);
        }
    }

    /// Last norm, head and cross-entropy of the scored rows, to which the stream was compacted; with `gradients`, leaves the gradient of the
    /// normed rows in `d_hidden`.
    fn score(
        &self,
        values: &[f32],
        batch: &TokenBatch,
        scale: f32,
        gradients: Option<&mut [f32]>,
        workspace: &mut Workspace,
    ) -> f64 {
        let hidden = self.hidden();
        let Workspace {
            stream,
            normed,
            inverse,
            d_hidden,
            head: head_scratch,
            opened,
            ..
        } = workspace;
        normed.resize(stream.len(), 0.0);
        inverse.resize(batch.scored.len(), 0.0);
        rms_norm::forward(stream, &self.final_norm, self.epsilon, normed, inverse);
        let head = match &self.trained_head {
            Some(range) => Factor::F32 {
                values: &values[range.clone()],
                cols: hidden,
            },
            None => self.head.as_ref().unwrap_or(&self.embedding).factor(opened),
        };
        d_hidden.resize(stream.len(), 0.0);
        match gradients {
            None => cross_entropy::summed(normed, head, &batch.targets, scale, None, head_scratch, |_, _| {}),
            Some(gradients) => {
                let vocabulary = self.embedding.rows();
                let observe = |d_logits: &[f32], normed: &[f32]| {
                    let Some(range) = &self.trained_head else { return };
                    let rows = normed.len() / hidden;
                    add_product(
                        ViewMut::new(&mut gradients[range.clone()], vocabulary, hidden, hidden),
                        1.0,
                        View::new(d_logits, rows, vocabulary, vocabulary).transposed(),
                        View::new(normed, rows, hidden, hidden),
                    );
                };
                cross_entropy::summed(
                    normed,
                    head,
                    &batch.targets,
                    scale,
                    Some(d_hidden),
                    head_scratch,
                    observe,
                )
            }
        }
    }

    /// Replaces the scored rows of the stream with their gradients.
    fn score_back(&self, workspace: &mut Workspace) {
        let Workspace {
            normed,
            inverse,
            d_hidden,
            stream,
            ..
        } = workspace;
        normed.fill(0.0);
        rms_norm::backward(stream, &self.final_norm, inverse, d_hidden, normed);
        stream.clone_from(normed);
    }
}
