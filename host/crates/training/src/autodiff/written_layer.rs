//! A decoder layer with low-rank factors, forward and backward without a graph.
//!
//! The backward pass computes the layer again from its input (Chen et al. 2016, arXiv:1604.06174).

use burn::tensor::Tensor;
use nl2sql_model::kernels::{HeadLayout, gated, gated_backward, heads, heads_backward, rms_norm_backward};
use nl2sql_model::layers::{DecoderLayer, RmsNorm, RotaryAngles};

use super::arrangement::Arrangement;
use super::frozen_weights::LayerWeights;
use super::input_group::{FlatState, InputGroup, Projected};
use crate::parameters::ParameterLayout;

/// How a micro-batch lies in tensors of tokens.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// Whose tokens they are.
    pub arrangement: &'a Arrangement<'a>,
    /// Rows of the batch.
    pub rows: usize,
    /// Queries that meet their keys at the same time.
    pub block: usize,
}

/// One layer of a step.
pub struct WrittenLayer<'a> {
    layer: &'a DecoderLayer,
    angles: &'a RotaryAngles,
    batch: Batch<'a>,
    attention_inputs: InputGroup<'a>,
    attention_output: InputGroup<'a>,
    feed_forward_inputs: InputGroup<'a>,
    feed_forward_output: InputGroup<'a>,
}

/// What comes before attention.
struct BeforeAttention {
    normed: Tensor<2>,
    projected: Projected,
    heads: [Tensor<4>; 3],
}

impl<'a> WrittenLayer<'a> {
    /// Layer `number`, its weights opened.
    pub fn open(
        number: usize,
        layer: &'a DecoderLayer,
        angles: &'a RotaryAngles,
        layout: &ParameterLayout,
        batch: Batch<'a>,
    ) -> Self {
        let weights = LayerWeights::open(layer, layer.attention_norm.scale.dtype());
        let group = |group| InputGroup::of(group, number, layer, &weights, layout);
        Self {
            layer,
            angles,
            batch,
            attention_inputs: group(0),
            attention_output: group(1),
            feed_forward_inputs: group(2),
            feed_forward_output: group(3),
        }
    }

    /// The layer's output `[tokens, hidden]`.
    pub fn forward(&self, x: &Tensor<2>, state: &FlatState) -> Tensor<2> {
        let context = self.context(self.before_attention(x, state).heads);
        let (attended, _) = self.add_projected(
            &self.attention_output,
            &context,
            self.layer.attended_norm.as_ref(),
            x,
            state,
        );
        let normed = self.layer.feed_forward_norm.forward(attended.clone());
        let [gate, up] = self.gate_and_up(&normed, state).0;
        let product = gated(self.layer.feed_forward.activation, &gate, &up);
        drop((gate, up));
        self.add_projected(
            &self.feed_forward_output,
            &product,
            self.layer.fed_norm.as_ref(),
            &attended,
            state,
        )
        .0
    }

    /// The gradient of the layer's input `x`, given that of its output; the factors' are added to the sums.
    pub fn backward(&self, x: &Tensor<2>, gradient: &Tensor<2>, state: &mut FlatState) -> Tensor<2> {
        let layer = self.layer;
        let before = self.before_attention(x, state);
        let context = self.context(before.heads.clone());
        let (attended, attention_output) =
            self.add_projected(&self.attention_output, &context, layer.attended_norm.as_ref(), x, state);
        let for_attended = self.feed_forward_backward(&attended, gradient, state);
        let for_output = match (&layer.attended_norm, &attention_output.outputs[..]) {
            (Some(norm), [output]) => rms_norm_backward(norm, output, &for_attended, None),
            _ => for_attended.clone(),
        };
        let for_context = self.attention_output.backward(
            &context,
            attention_output.low.as_ref(),
            std::slice::from_ref(&for_output),
            state,
        );
        let for_projected = self.attention_backward(&before, for_context);
        let for_normed =
            self.attention_inputs
                .backward(&before.normed, before.projected.low.as_ref(), &for_projected, state);
        rms_norm_backward(&layer.attention_norm, x, &for_normed, Some(&for_attended))
    }

    fn before_attention(&self, x: &Tensor<2>, state: &FlatState) -> BeforeAttention {
        let normed = self.layer.attention_norm.forward(x.clone());
        let projected = self.attention_inputs.forward(&normed, state, None);
        let of = |place: usize| heads(self.head_layout(place), &projected.outputs[place]);
        BeforeAttention {
            heads: [of(0), of(1), of(2)],
            normed,
            projected,
        }
    }

    /// What becomes of queries, keys and values, by their place among projections.
    fn head_layout(&self, place: usize) -> HeadLayout<'_> {
        let attention = &self.layer.attention;
        let norms = [attention.query_norm.as_ref(), attention.key_norm.as_ref(), None];
        HeadLayout {
            rows: self.batch.rows,
            head_dim: attention.head_dim,
            norm: norms[place],
            angles: (place < 2).then_some(self.angles),
        }
    }

    /// `[tokens, heads * head_dim]`.
    fn context(&self, inputs: [Tensor<4>; 3]) -> Tensor<2> {
        let rule = self.layer.attention.rule;
        let context = self.batch.arrangement.attend(inputs, rule, self.batch.block);
        let [rows, heads, length, width] = context.dims();
        context.swap_dims(1, 2).reshape([rows * length, heads * width])
    }

    /// Gradients of the projected queries, keys and values, given that of the context.
    fn attention_backward(&self, before: &BeforeAttention, gradient: Tensor<2>) -> Vec<Tensor<2>> {
        let [rows, heads, length, width] = before.heads[0].dims();
        let gradient = gradient.reshape([rows, length, heads, width]).swap_dims(1, 2);
        let rule = self.layer.attention.rule;
        let gradients = self
            .batch
            .arrangement
            .attend_backward(before.heads.clone(), rule, gradient, self.batch.block);
        let outputs = before.projected.outputs.iter().zip(gradients).enumerate();
        outputs
            .map(|(place, (output, gradient))| heads_backward(self.head_layout(place), output, &gradient))
            .collect()
    }

    /// `base` and what a group of one projection gives, normalised where there is a norm.
    fn add_projected(
        &self,
        group: &InputGroup<'_>,
        input: &Tensor<2>,
        norm: Option<&RmsNorm>,
        base: &Tensor<2>,
        state: &FlatState,
    ) -> (Tensor<2>, Projected) {
        let projected = group.forward(input, state, norm.is_none().then_some(base));
        let output = &projected.outputs[0];
        let sum = match norm {
            Some(norm) => base.clone() + norm.forward(output.clone()),
            None => output.clone(),
        };
        (sum, projected)
    }

    /// Gate and values, and the group's input times its `lora_A`.
    fn gate_and_up(&self, normed: &Tensor<2>, state: &FlatState) -> ([Tensor<2>; 2], Option<Tensor<2>>) {
        let Projected { mut outputs, low } = self.feed_forward_inputs.forward(normed, state, None);
        let up = outputs.swap_remove(1);
        let gate = outputs.swap_remove(0);
        ([gate, up], low)
    }

    /// The gradient of what attention added up to, `attended`, given that of the layer's output.
    fn feed_forward_backward(&self, attended: &Tensor<2>, gradient: &Tensor<2>, state: &mut FlatState) -> Tensor<2> {
        let layer = self.layer;
        let activation = layer.feed_forward.activation;
        let normed = layer.feed_forward_norm.forward(attended.clone());
        let ([gate, up], low) = self.gate_and_up(&normed, state);
        let product = gated(activation, &gate, &up);
        let (for_fed, fed_low) = match &layer.fed_norm {
            Some(norm) => {
                let Projected { outputs, low } = self.feed_forward_output.forward(&product, state, None);
                (rms_norm_backward(norm, &outputs[0], gradient, None), low)
            }
            None => (gradient.clone(), self.feed_forward_output.low(&product, state)),
        };
        let for_product =
            self.feed_forward_output
                .backward(&product, fed_low.as_ref(), std::slice::from_ref(&for_fed), state);
        let for_inputs = gated_backward(activation, &gate, &up, &for_product);
        let for_normed = self
            .feed_forward_inputs
            .backward(&normed, low.as_ref(), &for_inputs, state);
        rms_norm_backward(&layer.feed_forward_norm, attended, &for_normed, Some(gradient))
    }
}
