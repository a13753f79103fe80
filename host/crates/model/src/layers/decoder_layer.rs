//! One decoder layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Attend, Attention, GatedFeedForward, Projection, RmsNorm, RotaryAngles};

/// Attention and feed-forward, each added to the residual stream.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Norm before attention.
    pub attention_norm: RmsNorm,
    /// Self-attention.
    pub attention: Attention,
    /// Norm after attention, before it is added.
    pub attended_norm: Option<RmsNorm>,
    /// Norm before the feed-forward layer.
    pub feed_forward_norm: RmsNorm,
    /// Feed-forward layer.
    pub feed_forward: GatedFeedForward,
    /// Norm after the feed-forward layer, before it is added.
    pub fed_norm: Option<RmsNorm>,
}

impl DecoderLayer {
    /// Names of the projections as Hugging Face and PEFT spell them, relative to the layer.
    pub const PROJECTIONS: [&'static str; 7] = [
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "mlp.gate_proj",
        "mlp.up_proj",
        "mlp.down_proj",
    ];

    /// Runs layer number `layer` over `[rows, length, hidden]`.
    pub fn forward(&self, layer: usize, x: Tensor<3>, angles: &RotaryAngles, attend: &mut dyn Attend) -> Tensor<3> {
        let [queries, keys, values] = self.attention_inputs(x.clone(), angles);
        self.finish(x, attend.attend(layer, self.attention.rule, queries, keys, values))
    }

    /// The part before attention: queries, keys and values of `[rows, length, hidden]`, as [`Attend`] takes them.
    pub fn attention_inputs(&self, x: Tensor<3>, angles: &RotaryAngles) -> [Tensor<4>; 3] {
        self.attention
            .queries_keys_values(self.attention_norm.forward(x), angles)
    }

    /// The part after attention: what it gave, `[rows, heads, length, head_dim]`, is added to the layer's input `x`, and
    /// the feed-forward layer runs.
    pub fn finish(&self, x: Tensor<3>, context: Tensor<4>) -> Tensor<3> {
        let x = x + normed(self.attended_norm.as_ref(), self.attention.project_output(context));
        let fed = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + normed(self.fed_norm.as_ref(), fed)
    }

    /// The projections in the order of [`Self::PROJECTIONS`].
    pub fn projections(&self) -> [&Projection; 7] {
        let (attention, mlp) = (&self.attention, &self.feed_forward);
        [
            &attention.query,
            &attention.key,
            &attention.value,
            &attention.output,
            &mlp.gate,
            &mlp.up,
            &mlp.down,
        ]
    }

    /// The projections, to be changed, in the order of [`Self::PROJECTIONS`].
    pub fn projections_mut(&mut self) -> [&mut Projection; 7] {
        let (attention, mlp) = (&mut self.attention, &mut self.feed_forward);
        [
            &mut attention.query,
            &mut attention.key,
            &mut attention.value,
            &mut attention.output,
            &mut mlp.gate,
            &mut mlp.up,
            &mut mlp.down,
        ]
    }
}

fn normed(norm: Option<&RmsNorm>, x: Tensor<3>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}
