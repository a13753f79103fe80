//! One micro-batch through a decoder whose layers carry low-rank factors and nothing else that is trained: gradients are written out, so that
//! no graph is recorded.

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};
use nl2sql_model::kernels::{cross_entropy, rms_norm_backward};
use nl2sql_model::layers::DecoderAngles;
use nl2sql_model::{Decoder, OutputHead};

use super::arrangement::{Arrangement, Scored};
use super::cross_entropy::{self, chunks};
use super::input_group::FlatState;
use super::written_layer::{Batch, WrittenLayer};
use crate::parameters::ParameterLayout;

/// A micro-batch on one device.
pub struct WrittenPass<'a> {
    model: &'a Decoder,
    layout: &'a ParameterLayout,
    arrangement: Arrangement<'a>,
    scored: Scored,
    angles: DecoderAngles,
    pub(super) block: usize,
    device: Device,
}

impl<'a> WrittenPass<'a> {
    /// A pass of a micro-batch through the frozen `model`; `None` when nothing is scored.
    pub fn new(model: &'a Decoder, layout: &'a ParameterLayout, arrangement: Arrangement<'a>) -> Option<Self> {
        let scored = arrangement.scored();
        if scored.targets.is_empty() {
            return None;
        }
        let device = model.device();
        Some(Self {
            angles: model.rotary.angles(&[arrangement.positions()], &device),
            block: arrangement.queries_per_block(model.config.num_attention_heads),
            scored,
            arrangement,
            device,
            layout,
            model,
        })
    }

    /// Sum of the cross-entropies of the scored tokens.
    pub fn summed_loss(&self, state: &FlatState) -> Tensor<1> {
        let (first, batch) = self.embedded();
        let layers = 0..self.model.layers.len();
        let last = layers.fold(first, |x, number| self.layer(number, batch).forward(&x, state));
        let scored = last.select(0, self.scored_positions());
        let hidden = self.model.final_norm.forward(scored);
        cross_entropy::summed(self.model, &hidden, &self.scored.targets)
    }

    /// As [`WrittenPass::summed_loss`], adding the gradients of `scale` times the sum to those of `state`.
    pub fn summed_loss_backward(&self, scale: f64, state: &mut FlatState) -> Tensor<1> {
        let (first, batch) = self.embedded();
        let mut inputs = vec![first];
        for number in 0..self.model.layers.len() {
            let next = self.layer(number, batch).forward(&inputs[number], state);
            inputs.push(next);
        }
        let last = inputs
            .pop()
            .unwrap_or_else(|| unreachable!("the embedded tokens are there"));
        let (loss, mut gradient) = self.head_backward(last, scale);
        for (number, input) in inputs.iter().enumerate().rev() {
            gradient = self.layer(number, batch).backward(input, &gradient, state);
        }
        loss
    }

    /// Token vectors `[tokens, hidden]`.
    fn embedded(&self) -> (Tensor<2>, Batch<'_>) {
        let embedded = self.model.embed(self.arrangement.tokens(&self.device));
        let [rows, length, width] = embedded.dims();
        let batch = Batch {
            arrangement: &self.arrangement,
            rows,
            block: self.block,
        };
        (embedded.reshape([rows * length, width]), batch)
    }

    fn layer<'b>(&'b self, number: usize, batch: Batch<'b>) -> WrittenLayer<'b> {
        let layer = &self.model.layers[number];
        WrittenLayer::open(number, layer, self.angles.of(number), self.layout, batch)
    }

    fn scored_positions(&self) -> Tensor<1, Int> {
        let positions: Vec<i64> = self.scored.positions.iter().map(|&position| position as i64).collect();
        let count = positions.len();
        Tensor::from_data(TensorData::new(positions, [count]), &self.device)
    }

    /// Loss, and the gradient of what the last layer gave.
    fn head_backward(&self, last: Tensor<2>, scale: f64) -> (Tensor<1>, Tensor<2>) {
        let positions = self.scored_positions();
        let scored = last.clone().select(0, positions.clone());
        let hidden = self.model.final_norm.forward(scored.clone());
        let table = self.head_table(&hidden);
        let (mut losses, mut gradients) = (Vec::new(), Vec::new());
        for (start, targets) in chunks(self.model, &self.scored.targets) {
            let logits = self.model.head_logits(hidden.clone().narrow(0, start, targets.len()));
            let targets = Tensor::from_data(TensorData::new(targets.to_vec(), [targets.len()]), &self.device);
            let (loss, gradient) = cross_entropy(logits, targets, scale);
            losses.push(loss);
            gradients.push(gradient.matmul(table.clone()));
        }
        let for_hidden = joined(gradients);
        let for_scored = rms_norm_backward(&self.model.final_norm, &scored, &for_hidden, None);
        let gradient = last
            .zeros_like()
            .select_assign(0, positions, for_scored, IndexingUpdateOp::Add);
        (joined(losses).sum(), gradient)
    }

    /// The output head as `[vocab, hidden]`.
    fn head_table(&self, like: &Tensor<2>) -> Tensor<2> {
        match &self.model.head {
            OutputHead::Tied(_) => self.model.embedding.table.val().cast(like.dtype()),
            OutputHead::Untied(head) => head.weight.matrix(like.dtype()).transpose(),
            OutputHead::Trained(table) => table.val().cast(like.dtype()),
        }
    }
}

/// Tensors one behind the other; one alone is not copied.
fn joined<const D: usize>(mut parts: Vec<Tensor<D>>) -> Tensor<D> {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => Tensor::cat(parts.into_iter().chain(last).collect(), 0),
    }
}
