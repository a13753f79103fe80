//! One pre-norm decoder layer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Attend, Attention, Projection, RmsNorm, RotaryAngles, SwiGlu};

/// Attention and feed-forward, each added to the residual stream.
#[derive(Module, Debug)]
pub struct DecoderLayer {
    /// Norm before attention.
    pub attention_norm: RmsNorm,
    /// Self-attention.
    pub attention: Attention,
    /// Norm before the feed-forward layer.
    pub feed_forward_norm: RmsNorm,
    /// Feed-forward layer.
    pub feed_forward: SwiGlu,
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
        let attended = self
            .attention
            .forward(layer, self.attention_norm.forward(x.clone()), angles, attend);
        let x = x + attended;
        let fed = self.feed_forward.forward(self.feed_forward_norm.forward(x.clone()));
        x + fed
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
