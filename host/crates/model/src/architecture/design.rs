//! What a family's layers compute: the one description that every engine reads.

use crate::config::RopeScaling;

/// Everything that sets one decoder apart from another over the shared layers.
#[derive(Debug, Clone, PartialEq)]
pub struct DecoderDesign {
    /// The layers, first to last.
    pub layers: Vec<LayerDesign>,
    /// Rotary positions that layers choose from by [`LayerDesign::rotary`].
    pub rotary: Vec<RotarySettings>,
    /// Added to the scale of every norm as files hold it.
    pub norm_offset: f32,
    /// Factor on token vectors as they enter the first layer.
    pub embedding_scale: f64,
}

/// What one layer computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerDesign {
    /// Query, key and value projections carry a bias.
    pub query_key_value_bias: bool,
    /// The attention output projection carries a bias.
    pub output_bias: bool,
    /// Feed-forward projections carry a bias.
    pub feed_forward_bias: bool,
    /// Queries and keys are RMS-normalised per head before the rotation.
    pub query_key_norm: bool,
    /// The norms around attention and feed-forward.
    pub norms: LayerNorms,
    /// Activation of the feed-forward gate.
    pub activation: Activation,
    /// How queries meet keys.
    pub attention: AttentionRule,
    /// Rotary positions, an index into [`DecoderDesign::rotary`].
    pub rotary: usize,
}

/// The norms of a layer over the width of the residual stream, by their names in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerNorms {
    /// Of attention's input.
    pub before_attention: &'static str,
    /// Of attention's output, before it is added to the residual stream.
    pub after_attention: Option<&'static str>,
    /// Of the feed-forward layer's input.
    pub before_feed_forward: &'static str,
    /// Of the feed-forward layer's output, before it is added to the residual stream.
    pub after_feed_forward: Option<&'static str>,
}

/// Activation of a gated feed-forward layer (Shazeer 2020, arXiv:2002.05202).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x * sigmoid(x)`: SwiGLU.
    Silu,
    /// GELU with the hyperbolic tangent in place of the error function: GeGLU.
    GeluTanh,
}

/// How queries meet keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionRule {
    /// Factor on products of queries and keys.
    pub scale: f64,
    /// A query sees this many positions, its own included; `None`: every earlier one.
    pub window: Option<usize>,
}

/// Rotary base and scaling.
#[derive(Debug, Clone, PartialEq)]
pub struct RotarySettings {
    /// Base of the frequencies.
    pub theta: f64,
    /// How frequencies are stretched beyond the original context.
    pub scaling: RopeScaling,
}

impl DecoderDesign {
    /// Equal layers with norms and token vectors as files hold them.
    pub fn uniform(layer: LayerDesign, layers: usize, rotary: RotarySettings) -> Self {
        Self {
            layers: vec![layer; layers],
            rotary: vec![rotary],
            norm_offset: 0.0,
            embedding_scale: 1.0,
        }
    }
}

impl LayerDesign {
    /// A pre-norm layer without biases that attends to everything before, with scores over the root of the head's width.
    pub fn plain(activation: Activation, head_dim: usize) -> Self {
        Self {
            query_key_value_bias: false,
            output_bias: false,
            feed_forward_bias: false,
            query_key_norm: false,
            norms: LayerNorms::BEFORE,
            activation,
            attention: AttentionRule {
                scale: (head_dim as f64).powf(-0.5),
                window: None,
            },
            rotary: 0,
        }
    }

    /// Whether a projection carries a bias, by its place in [`DecoderLayer::PROJECTIONS`](crate::layers::DecoderLayer::PROJECTIONS).
    pub fn has_bias(&self, projection: usize) -> bool {
        match projection {
            0..=2 => self.query_key_value_bias,
            3 => self.output_bias,
            _ => self.feed_forward_bias,
        }
    }

    /// Norms over the width of the residual stream.
    pub fn norm_count(&self) -> usize {
        let after = [self.norms.after_attention, self.norms.after_feed_forward];
        2 + after.iter().flatten().count()
    }
}

impl LayerNorms {
    /// Norms of the inputs alone.
    pub const BEFORE: Self = Self {
        before_attention: "input_layernorm",
        after_attention: None,
        before_feed_forward: "post_attention_layernorm",
        after_feed_forward: None,
    };

    /// Norms of inputs and outputs.
    pub const AROUND: Self = Self {
        before_attention: "input_layernorm",
        after_attention: Some("post_attention_layernorm"),
        before_feed_forward: "pre_feedforward_layernorm",
        after_feed_forward: Some("post_feedforward_layernorm"),
    };
}

impl AttentionRule {
    /// The first position that the query at `position` sees.
    #[inline]
    pub fn first_seen(self, position: usize) -> usize {
        match self.window {
            Some(window) => (position + 1).saturating_sub(window),
            None => 0,
        }
    }

    /// Pairs of a query and a key it sees, of the queries at `positions`.
    pub fn pairs(self, positions: std::ops::Range<usize>) -> usize {
        // Sum of `p + 1` for every position below `end`, of at most `window` where there is one.
        let below = |end: usize| {
            let growing = self.window.map_or(end, |window| window.min(end));
            growing * (growing + 1) / 2 + (end - growing) * growing
        };
        below(positions.end) - below(positions.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_the_querys_own_position() {
        let rule = |window| AttentionRule { scale: 1.0, window };
        assert_eq!([0, 2, 3, 9].map(|q| rule(Some(3)).first_seen(q)), [0, 0, 1, 7]);
        assert_eq!([0, 9].map(|q| rule(None).first_seen(q)), [0, 0]);
        for window in [None, Some(1), Some(3), Some(50)] {
            let seen = |q: usize| q + 1 - rule(window).first_seen(q);
            for (start, end) in [(0, 0), (0, 7), (2, 3), (2, 12)] {
                let counted: usize = (start..end).map(seen).sum();
                assert_eq!(rule(window).pairs(start..end), counted, "{window:?} {start}..{end}");
            }
        }
    }
}
