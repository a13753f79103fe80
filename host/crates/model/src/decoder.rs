//! The whole decoder: embedding, layers, final norm, output head.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use half::{bf16, f16};

use crate::config::ModelConfig;
use crate::layers::{
    Attend, CausalAttention, DecoderAngles, DecoderLayer, DecoderRotary, Projection, RmsNorm, TokenEmbedding,
};

/// Where logits come from.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a model holds one; modules cannot be boxed")]
pub enum OutputHead {
    /// The embedding table, transposed.
    Tied(TiedHead),
    /// A projection of its own.
    Untied(Projection),
    /// A projection of its own that is trained in full (`modules_to_save`), `[vocab, hidden]`.
    Trained(Param<Tensor<2>>),
}

/// Marks a head that has no weights of its own.
#[derive(Module, Debug, Default)]
pub struct TiedHead {}

/// A decoder language model.
#[derive(Module, Debug)]
pub struct Decoder {
    /// Token vectors.
    pub embedding: TokenEmbedding,
    /// The layers, first to last.
    pub layers: Vec<DecoderLayer>,
    /// Norm before the output head.
    pub final_norm: RmsNorm,
    /// Output head.
    pub head: OutputHead,
    /// Shape of the model.
    #[module(skip)]
    pub config: ModelConfig,
    /// Rotary frequencies of the configuration.
    #[module(skip)]
    pub rotary: DecoderRotary,
}

impl Decoder {
    /// Hidden states after the final norm, `[rows, length, hidden]`, of right-padded rows of tokens.
    pub fn hidden_states(&self, rows: &[Vec<u32>]) -> Tensor<3> {
        let length = rows.iter().map(Vec::len).max().unwrap_or(0);
        let device = self.device();
        let tokens = token_tensor(rows, length, &device);
        let angles = self.rotary.angles(&[(0..length).collect()], &device);
        self.hidden_states_with(tokens, &angles, &mut CausalAttention::default())
    }

    /// Hidden states after the final norm with positions and attention of the caller's choice.
    pub fn hidden_states_with(
        &self,
        tokens: Tensor<2, Int>,
        angles: &DecoderAngles,
        attend: &mut dyn Attend,
    ) -> Tensor<3> {
        let embedded = self.embed(tokens);
        let layers = self.layers.iter().enumerate();
        let last = layers.fold(embedded, |x, (number, layer)| {
            layer.forward(number, x, angles.of(number), attend)
        });
        self.final_norm.forward(last)
    }

    /// Scaled token vectors `[rows, length, hidden]` in the dtype of the model; a trained table may be kept in a wider one.
    pub fn embed(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let dtype = self.final_norm.scale.dtype();
        let vectors = self.embedding.forward(tokens).cast(dtype);
        match self.config.design.embedding_scale {
            1.0 => vectors,
            scale => vectors * rounded(scale, dtype),
        }
    }

    /// Logits `[positions, vocab]` at the given positions of hidden states `[rows, length, hidden]`;
    /// a position is `row * length + column`.
    pub fn logits_at(&self, hidden: Tensor<3>, positions: &[usize]) -> Tensor<2> {
        self.head_logits(select_positions(hidden, positions))
    }

    /// Logits `[positions, vocab]` of hidden states `[positions, hidden]`.
    pub fn head_logits(&self, hidden: Tensor<2>) -> Tensor<2> {
        match &self.head {
            OutputHead::Tied(_) => self.embedding.logits(hidden),
            OutputHead::Untied(projection) => projection.forward(hidden.unsqueeze_dim(0)).squeeze_dim(0),
            OutputHead::Trained(weight) => {
                let weight = weight.val().cast(hidden.dtype());
                hidden.matmul(weight.transpose())
            }
        }
    }

    /// Logits of every position, `[rows, length, vocab]`; for checks, training asks for fewer.
    pub fn logits(&self, rows: &[Vec<u32>]) -> Tensor<3> {
        let hidden = self.hidden_states(rows);
        let [count, length, width] = hidden.dims();
        let logits = self.head_logits(hidden.reshape([count * length, width]));
        let vocab = logits.dims()[1];
        logits.reshape([count, length, vocab])
    }

    /// The device the model lives on.
    pub fn device(&self) -> Device {
        self.embedding.table.val().device()
    }

    /// Every projection that can carry an adapter, with its name in Hugging Face's spelling
    /// (`model.layers.0.self_attn.q_proj`).
    pub fn projections(&self) -> Vec<(String, &Projection)> {
        self.layers
            .iter()
            .enumerate()
            .flat_map(|(number, layer)| {
                DecoderLayer::PROJECTIONS
                    .iter()
                    .zip(layer.projections())
                    .map(move |(name, projection)| (format!("model.layers.{number}.{name}"), projection))
            })
            .collect()
    }

    /// As [`Decoder::projections`], to be changed.
    pub fn projections_mut(&mut self) -> Vec<(String, &mut Projection)> {
        self.layers
            .iter_mut()
            .enumerate()
            .flat_map(|(number, layer)| {
                DecoderLayer::PROJECTIONS
                    .iter()
                    .zip(layer.projections_mut())
                    .map(move |(name, projection)| (format!("model.layers.{number}.{name}"), projection))
            })
            .collect()
    }
}

/// The given positions of `[rows, length, width]`, `[positions, width]`; a position is `row * length + column`.
pub fn select_positions(hidden: Tensor<3>, positions: &[usize]) -> Tensor<2> {
    let [rows, length, width] = hidden.dims();
    let indices: Vec<i64> = positions.iter().map(|position| *position as i64).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [positions.len()]), &hidden.device());
    hidden.reshape([rows * length, width]).select(0, indices)
}

/// Right-pads rows of tokens with zeros to `length`.
pub fn token_tensor(rows: &[Vec<u32>], length: usize, device: &Device) -> Tensor<2, Int> {
    let mut ids = vec![0i64; rows.len() * length];
    for (row, slots) in rows.iter().zip(ids.chunks_mut(length.max(1))) {
        for (token, slot) in row.iter().zip(slots) {
            *slot = i64::from(*token);
        }
    }
    Tensor::from_data(TensorData::new(ids, [rows.len(), length]), device)
}

/// A factor as the dtype holds it, which is what models in that dtype were trained with.
fn rounded(factor: f64, dtype: DType) -> f64 {
    match dtype {
        DType::BF16 => bf16::from_f64(factor).to_f64(),
        DType::F16 => f16::from_f64(factor).to_f64(),
        _ => factor,
    }
}
