//! Self-attention with any number of key/value heads (MHA, GQA, MQA).

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, activation::softmax};

use super::{AttentionMask, Projection, RmsNorm, RotaryAngles};
use crate::architecture::AttentionRule;
use crate::kernels::{HeadLayout, heads};

/// How queries meet keys and values: over the whole sequence when training, over a cache when generating.
pub trait Attend {
    /// Attention of one layer by its rule. Queries `[rows, heads, length, head_dim]`, keys and values
    /// `[rows, key_value_heads, length, head_dim]`, rotated already; gives `[rows, heads, length, head_dim]`.
    fn attend(
        &mut self,
        layer: usize,
        rule: AttentionRule,
        queries: Tensor<4>,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> Tensor<4>;
}

/// Causal attention within the given sequences alone; differentiable.
#[derive(Debug, Clone, Default)]
pub struct CausalAttention {
    /// The mask of each window that layers asked for.
    masks: Vec<(Option<usize>, AttentionMask)>,
}

impl CausalAttention {
    fn mask(&mut self, length: usize, window: Option<usize>, device: &Device) -> AttentionMask {
        if let Some((_, mask)) = self.masks.iter().find(|(known, _)| *known == window) {
            return mask.clone();
        }
        let mask = AttentionMask::causal(length, window, device);
        self.masks.push((window, mask.clone()));
        mask
    }
}

impl Attend for CausalAttention {
    fn attend(
        &mut self,
        _layer: usize,
        rule: AttentionRule,
        queries: Tensor<4>,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> Tensor<4> {
        let mask = self.mask(queries.dims()[2], rule.window, &queries.device());
        scaled_dot_product(queries, keys, values, rule.scale, &mask)
    }
}

/// `softmax(scale Q K^T) V`, with each key/value head serving a group of query heads.
///
/// Queries of a group are stacked along the length, so that keys and values are never repeated. The softmax is taken in
/// f32 whatever the dtype, as transformers does.
pub fn scaled_dot_product(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    scale: f64,
    mask: &AttentionMask,
) -> Tensor<4> {
    let [rows, heads, length, width] = queries.dims();
    let [_, key_value_heads, key_length, _] = keys.dims();
    let group = heads / key_value_heads;
    let stacked = queries.reshape([rows, key_value_heads, group * length, width]);
    let scores = (stacked * scale).matmul(keys.swap_dims(2, 3));
    let mask_rows = mask.hidden.dims()[0];
    let hidden = mask
        .hidden
        .clone()
        .expand([mask_rows, group, length, key_length])
        .reshape([mask_rows, 1, group * length, key_length])
        .expand([rows, key_value_heads, group * length, key_length]);
    let scores = scores.cast(DType::F32).mask_fill(hidden, f32::NEG_INFINITY);
    let weights = softmax(scores, 3).cast(values.dtype());
    weights.matmul(values).reshape([rows, heads, length, width])
}

/// One layer's attention: projections, optional query/key norms, rotation.
#[derive(Module, Debug)]
pub struct Attention {
    /// Queries, `[hidden, heads * head_dim]`.
    pub query: Projection,
    /// Keys, `[hidden, key_value_heads * head_dim]`.
    pub key: Projection,
    /// Values, `[hidden, key_value_heads * head_dim]`.
    pub value: Projection,
    /// Output, `[heads * head_dim, hidden]`.
    pub output: Projection,
    /// Norm over each query head.
    pub query_norm: Option<RmsNorm>,
    /// Norm over each key head.
    pub key_norm: Option<RmsNorm>,
    /// Width of a head.
    pub head_dim: usize,
    /// How queries meet keys.
    #[module(skip)]
    pub rule: AttentionRule,
}

impl Attention {
    /// Queries, keys and values of `[rows, length, hidden]`, as [`Attend`] takes them.
    pub fn queries_keys_values(&self, x: Tensor<3>, angles: &RotaryAngles) -> [Tensor<4>; 3] {
        [
            self.heads(&self.query, self.query_norm.as_ref(), Some(angles), x.clone()),
            self.heads(&self.key, self.key_norm.as_ref(), Some(angles), x.clone()),
            self.heads(&self.value, None, None, x),
        ]
    }

    /// Projects what attention gave, `[rows, heads, length, head_dim]`, to `[rows, length, hidden]`.
    pub fn project_output(&self, context: Tensor<4>) -> Tensor<3> {
        let [rows, heads, length, width] = context.dims();
        self.output
            .forward(context.swap_dims(1, 2).reshape([rows, length, heads * width]))
    }

    fn heads(
        &self,
        projection: &Projection,
        norm: Option<&RmsNorm>,
        angles: Option<&RotaryAngles>,
        x: Tensor<3>,
    ) -> Tensor<4> {
        let [rows, length, _] = x.dims();
        let projected = projection.forward(x);
        let width = projected.dims()[2];
        let layout = HeadLayout {
            rows,
            head_dim: self.head_dim,
            norm,
            angles,
        };
        heads(layout, &projected.reshape([rows * length, width]))
    }
}
