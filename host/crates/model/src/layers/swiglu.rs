//! The gated feed-forward layer (Shazeer 2020, arXiv:2002.05202).

use burn::module::Module;
use burn::tensor::{Tensor, activation::silu};

use super::Projection;

/// `down(silu(gate(x)) * up(x))`.
#[derive(Module, Debug)]
pub struct SwiGlu {
    /// Gate, `[hidden, intermediate]`.
    pub gate: Projection,
    /// Values that are gated, `[hidden, intermediate]`.
    pub up: Projection,
    /// Back to the residual stream, `[intermediate, hidden]`.
    pub down: Projection,
}

impl SwiGlu {
    /// Feed-forward over `[rows, length, hidden]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let gated = silu(self.gate.forward(x.clone())) * self.up.forward(x);
        self.down.forward(gated)
    }
}
