//! One micro-batch through the decoder, forward without a graph and backward layer by layer.
//!
//! Only each layer's input is kept. The backward pass runs a layer again with a graph of its own (Chen et al. 2016,
//! arXiv:1604.06174), in three parts: what comes after attention, attention by blocks, what comes before it.

use burn::tensor::{Device, Gradients, Tensor};
use nl2sql_model::Decoder;
use nl2sql_model::decoder::{select_positions, token_tensor};
use nl2sql_model::layers::{DecoderAngles, DecoderLayer};

use super::query_blocks::{attend, attend_backward, queries_per_block};
use super::trained_values::{DeviceGradients, tracked_layer};
use super::{cross_entropy, weighted_sum};
use crate::batch::{IGNORED, Sample};
use crate::parameters::ParameterLayout;

/// Positions that are scored, and what they should predict.
struct Scored {
    positions: Vec<usize>,
    targets: Vec<i64>,
}

/// A micro-batch on one device.
pub struct LayerPass<'a> {
    model: &'a Decoder,
    rows: Vec<Vec<u32>>,
    length: usize,
    scored: Scored,
    angles: DecoderAngles,
    block: usize,
    device: Device,
    dropout_key: Option<u64>,
}

impl<'a> LayerPass<'a> {
    /// A pass of `samples` through `model`, with dropout drawn by its key; `None` when nothing is scored.
    pub fn new(model: &'a Decoder, samples: &[&Sample], dropout_key: Option<u64>) -> Option<Self> {
        let length = samples.iter().map(|sample| sample.input_ids.len()).max()?;
        let scored = scored(samples, length);
        if scored.targets.is_empty() {
            return None;
        }
        let device = model.layers.first()?.attention_norm.scale.device();
        Some(Self {
            rows: samples.iter().map(|sample| sample.input_ids.clone()).collect(),
            length,
            scored,
            angles: model.rotary.angles(&[(0..length).collect()], &device),
            block: queries_per_block(samples.len(), model.config.num_attention_heads, length),
            device,
            dropout_key,
            model,
        })
    }

    /// Sum of the cross-entropies of the scored tokens, without a graph.
    pub fn summed_loss(&self) -> Tensor<1> {
        let first = self.model.embed(self.tokens()).inner();
        let layers = self.model.layers.iter().enumerate();
        let last = layers.fold(first, |x, (number, layer)| self.forward(number, layer, x));
        let hidden = select_positions(self.model.final_norm.forward(last), &self.scored.positions);
        cross_entropy::summed(self.model, &hidden, &self.scored.targets)
    }

    /// As [`LayerPass::summed_loss`], adding the gradients of `scale` times the sum to `gradients`.
    pub fn summed_loss_backward(
        &self,
        layout: &ParameterLayout,
        scale: f64,
        gradients: &mut DeviceGradients<'_>,
    ) -> Tensor<1> {
        let embedded = self.model.embed(self.tokens());
        let mut inputs = vec![embedded.clone().inner()];
        for (number, layer) in self.model.layers.iter().enumerate() {
            let next = self.forward(number, layer, inputs[number].clone());
            inputs.push(next);
        }
        let (loss, mut gradient) = self.head_backward(inputs.pop(), layout, scale, gradients);
        for (number, layer) in self.model.layers.iter().enumerate().rev() {
            let (Some(input), Some(above)) = (inputs.pop(), gradient) else {
                return loss;
            };
            gradient = self.backward(number, layer, input, above, gradients);
        }
        if let (Some(_), Some(gradient)) = (layout.embedding(), gradient) {
            let graph = weighted_sum(embedded, gradient).backward();
            gradients.add_table(layout.embedding(), &self.model.embedding.table.val(), &graph);
        }
        loss
    }

    fn tokens(&self) -> Tensor<2, burn::tensor::Int> {
        token_tensor(&self.rows, self.length, &self.device)
    }

    fn forward(&self, number: usize, layer: &DecoderLayer, x: Tensor<3>) -> Tensor<3> {
        // Dropout is active on devices with autodiff alone.
        let x = x.autodiff();
        self.seed(number, 0);
        let inputs = layer
            .attention_inputs(x.clone(), self.angles.of(number))
            .map(Tensor::inner);
        let context = attend(inputs, layer.attention.rule, self.block);
        self.seed(number, 1);
        layer.finish(x, context.autodiff()).inner()
    }

    /// Loss, and the gradient of what the last layer gave.
    fn head_backward(
        &self,
        last: Option<Tensor<3>>,
        layout: &ParameterLayout,
        scale: f64,
        gradients: &mut DeviceGradients<'_>,
    ) -> (Tensor<1>, Option<Tensor<3>>) {
        let Some(last) = last else {
            return (Tensor::zeros([1], &self.device), None);
        };
        let last = last.autodiff().require_grad();
        let hidden = select_positions(self.model.final_norm.forward(last.clone()), &self.scored.positions);
        let (loss, gradient) = cross_entropy::summed_backward(
            self.model,
            &hidden.clone().inner(),
            &self.scored.targets,
            scale,
            |graph| {
                if let nl2sql_model::OutputHead::Trained(table) = &self.model.head {
                    gradients.add_table(layout.head(), &table.val(), graph);
                }
            },
        );
        let mut graph = weighted_sum(hidden, gradient).backward();
        (loss, last.grad_remove(&mut graph))
    }

    /// The gradient of a layer's input, given that of its output.
    fn backward(
        &self,
        number: usize,
        layer: &DecoderLayer,
        input: Tensor<3>,
        gradient: Tensor<3>,
        gradients: &mut DeviceGradients<'_>,
    ) -> Option<Tensor<3>> {
        let layer = tracked_layer(layer);
        let mut take = |graph: &Gradients| gradients.add_layer(number, &layer, graph);

        let before = input.clone().autodiff().require_grad();
        self.seed(number, 0);
        let projected = layer.attention_inputs(before.clone(), self.angles.of(number));
        let attended = projected.clone().map(Tensor::inner);

        let rule = layer.attention.rule;
        let context = attend(attended.clone(), rule, self.block).autodiff().require_grad();
        let residual = input.autodiff().require_grad();
        self.seed(number, 1);
        let output = layer.finish(residual.clone(), context.clone());
        let mut graph = weighted_sum(output, gradient).backward();
        take(&graph);
        let through_residual = residual.grad_remove(&mut graph)?;
        let context_gradient = context.grad_remove(&mut graph)?;

        let shares = attend_backward(attended, rule, context_gradient, self.block);
        let [queries, keys, values] = projected;
        let [for_queries, for_keys, for_values] = shares;
        let sum = weighted_sum(queries, for_queries) + weighted_sum(keys, for_keys) + weighted_sum(values, for_values);
        let mut graph = sum.backward();
        take(&graph);
        Some(through_residual + before.grad_remove(&mut graph)?)
    }

    /// Dropout draws the same masks when a part of a layer runs again.
    fn seed(&self, layer: usize, part: u64) {
        let Some(key) = self.dropout_key else { return };
        // Steps of the golden ratio keep the seeds of neighbouring parts far apart (Steele et al. 2014, SplitMix).
        let step = (2 * layer as u64 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.device.seed(key.wrapping_add(step));
    }
}

fn scored(samples: &[&Sample], length: usize) -> Scored {
    let (mut positions, mut targets) = (Vec::new(), Vec::new());
    for (row, sample) in samples.iter().enumerate() {
        let labels = sample.labels.iter().enumerate().skip(1);
        for (column, &label) in labels.filter(|(_, label)| **label != IGNORED) {
            positions.push(row * length + column - 1);
            targets.push(label);
        }
    }
    Scored { positions, targets }
}
