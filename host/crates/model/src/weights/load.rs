//! Builds a decoder from a model folder.

use std::path::Path;

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::shards::{ShardedTensors, TensorView};
use crate::config::ModelConfig;
use crate::decoder::{Decoder, OutputHead, TiedHead};
use crate::error::{ModelError, Result};
use crate::layers::{
    Attention, BlockQuantised, DecoderLayer, DecoderRotary, GatedFeedForward, Projection, ProjectionWeight,
    QuantisedBits, RmsNorm, TokenEmbedding,
};

/// How frozen weights are held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoredDtype {
    /// 32-bit floats: the reference.
    #[default]
    F32,
    /// bfloat16, computed in bfloat16 where the device can.
    Bf16,
    /// Half precision, computed in half precision where the device can.
    F16,
    /// Packed blocks for the projections (QLoRA); everything else, and what is computed with opened blocks, in f32.
    Quantised(QuantisedBits),
    /// As [`StoredDtype::Quantised`], with bf16 for f32.
    QuantisedBf16(QuantisedBits),
}

/// What to load, and where.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Compute device; without autodiff, frozen weights stay outside of the graph.
    pub device: Device,
    /// Memory format of frozen weights.
    pub dtype: StoredDtype,
}

impl LoadOptions {
    /// f32 on the given device.
    pub fn f32(device: Device) -> Self {
        Self {
            device,
            dtype: StoredDtype::F32,
        }
    }
}

/// Loads a model folder (config.json and safetensors). One tensor at a time is copied out of the mapped files.
///
/// # Errors
/// When the folder is incomplete, or its weights do not fit its configuration.
pub fn load_decoder(folder: &Path, options: &LoadOptions) -> Result<Decoder> {
    let config = ModelConfig::read(folder)?;
    let tensors = ShardedTensors::open_folder(folder)?;
    Loader {
        tensors: &tensors,
        config: &config,
        options,
    }
    .decoder()
}

struct Loader<'a> {
    tensors: &'a ShardedTensors,
    config: &'a ModelConfig,
    options: &'a LoadOptions,
}

impl Loader<'_> {
    fn decoder(&self) -> Result<Decoder> {
        let config = self.config;
        let table = [config.vocab_size, config.hidden_size];
        let embedding = TokenEmbedding::new(self.float_tensor("model.embed_tokens.weight", table)?);
        let layers = (0..config.num_hidden_layers)
            .map(|number| self.layer(number))
            .collect::<Result<Vec<_>>>()?;
        let head = if config.tie_word_embeddings {
            OutputHead::Tied(TiedHead::default())
        } else {
            let weight = self.float_tensor("lm_head.weight", table)?;
            OutputHead::Untied(Projection::new(ProjectionWeight::Dense(weight), None))
        };
        Ok(Decoder {
            embedding,
            layers,
            final_norm: self.norm("model.norm", config.hidden_size)?,
            head,
            config: config.clone(),
            rotary: DecoderRotary::of(&config.design, config.head_dim),
        })
    }

    fn layer(&self, number: usize) -> Result<DecoderLayer> {
        let config = self.config;
        let design = config.design.layers[number];
        let hidden = config.hidden_size;
        let at = |part: &str| format!("model.layers.{number}.{part}");
        let after = |name: Option<&str>| name.map(|name| self.norm(&at(name), hidden)).transpose();
        let head_norm = |part: &str| match design.query_key_norm {
            true => self.norm(&at(part), config.head_dim).map(Some),
            false => Ok(None),
        };
        let [query, key, value, output, gate, up, down] =
            [0, 1, 2, 3, 4, 5, 6].map(|place| self.projection_at(number, place));
        Ok(DecoderLayer {
            attention_norm: self.norm(&at(design.norms.before_attention), hidden)?,
            attention: Attention {
                query: query?,
                key: key?,
                value: value?,
                output: output?,
                query_norm: head_norm("self_attn.q_norm")?,
                key_norm: head_norm("self_attn.k_norm")?,
                head_dim: config.head_dim,
                rule: design.attention,
            },
            attended_norm: after(design.norms.after_attention)?,
            feed_forward_norm: self.norm(&at(design.norms.before_feed_forward), hidden)?,
            feed_forward: GatedFeedForward {
                gate: gate?,
                up: up?,
                down: down?,
                activation: design.activation,
            },
            fed_norm: after(design.norms.after_feed_forward)?,
        })
    }

    fn norm(&self, name: &str, width: usize) -> Result<RmsNorm> {
        Ok(RmsNorm {
            scale: self.float_tensor(&format!("{name}.weight"), [width])?,
            offset: self.config.design.norm_offset,
            epsilon: self.config.rms_norm_eps,
        })
    }

    /// The projection at a place of [`DecoderLayer::PROJECTIONS`].
    fn projection_at(&self, layer: usize, place: usize) -> Result<Projection> {
        let name = format!("model.layers.{layer}.{}", DecoderLayer::PROJECTIONS[place]);
        let bias = self.config.design.layers[layer].has_bias(place);
        self.projection(&name, self.config.projection_shape(place), bias)
    }

    fn projection(&self, name: &str, shape: [usize; 2], bias: bool) -> Result<Projection> {
        let weight_name = format!("{name}.weight");
        let weight = match self.options.dtype {
            StoredDtype::Quantised(bits) | StoredDtype::QuantisedBf16(bits) => {
                let values = self.values(&weight_name, &self.view(&weight_name, &shape)?)?;
                let blocks = BlockQuantised::from_rows(&values, shape[1], bits, &self.options.device);
                ProjectionWeight::Quantised(blocks)
            }
            _ => ProjectionWeight::Dense(self.float_tensor(&weight_name, shape)?),
        };
        let bias = match bias {
            true => Some(self.float_tensor(&format!("{name}.bias"), [shape[0]])?),
            false => None,
        };
        Ok(Projection::new(weight, bias))
    }

    /// A tensor in the wanted dtype.
    fn float_tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        let view = self.view(name, &shape)?;
        let dtype = match self.options.dtype {
            StoredDtype::F32 | StoredDtype::Quantised(_) => DType::F32,
            StoredDtype::Bf16 | StoredDtype::QuantisedBf16(_) => DType::BF16,
            StoredDtype::F16 => DType::F16,
        };
        let data = TensorData::new(self.values(name, &view)?, shape).convert_dtype(dtype);
        Ok(Tensor::from_data(data, (&self.options.device, dtype)))
    }

    fn values(&self, name: &str, view: &TensorView<'_>) -> Result<Vec<f32>> {
        view.to_f32().ok_or_else(|| {
            ModelError::weights(
                self.tensors.path_of(name),
                format!("tensor `{name}` is stored as {:?}", view.dtype),
                "Weights in f32, f16 or bf16 are needed; quantised checkpoints of other tools are not read.",
            )
        })
    }

    fn view(&self, name: &str, shape: &[usize]) -> Result<TensorView<'_>> {
        let view = self.tensors.get(name).ok_or_else(|| {
            ModelError::weights(
                self.tensors.path_of(name),
                format!("tensor `{name}` of shape {shape:?} is missing"),
                "The weights do not belong to this config.json, or a shard is missing.",
            )
        })?;
        if view.shape != shape {
            return Err(ModelError::weights(
                self.tensors.path_of(name),
                format!(
                    "tensor `{name}` has shape {:?}, config.json asks for {shape:?}",
                    view.shape
                ),
                "The weights do not belong to this config.json.",
            ));
        }
        Ok(view)
    }
}
