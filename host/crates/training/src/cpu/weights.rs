//! Reads a model folder into the CPU engine's layout.

use std::path::Path;

use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::layers::{DecoderLayer, DecoderRotary};
use nl2sql_model::weights::ShardedTensors;
use nl2sql_model::{ModelConfig, ModelError};

use super::attention::HeadShape;
use super::decoder::CpuDecoder;
use super::frozen::{FrozenMatrix, Precision};
use super::layer::Layer;
use super::projection::{LowRankAdapter, ProjectionGroup};
use crate::error::TrainError;
use crate::parameters::{INPUT_GROUPS, ParameterLayout};

/// Loads the frozen weights of `folder` at `precision`, with trained tensors placed by `layout`.
pub fn load(
    folder: &Path,
    config: &ModelConfig,
    adapter: &AdapterConfig,
    layout: &ParameterLayout,
    precision: Precision,
) -> Result<CpuDecoder, TrainError> {
    let tensors = ShardedTensors::open_folder(folder)?;
    let loader = Loader {
        tensors: &tensors,
        config,
        adapter,
        layout,
        precision,
    };
    let table = [config.vocab_size, config.hidden_size];
    let place = |slot: Option<usize>| slot.map(|slot| layout.slots()[slot].range.clone());
    Ok(CpuDecoder {
        embedding: loader.table("model.embed_tokens.weight", table)?,
        head: match config.tie_word_embeddings {
            true => None,
            false => Some(loader.table("lm_head.weight", table)?),
        },
        layers: (0..config.num_hidden_layers)
            .map(|layer| loader.layer(layer))
            .collect::<Result<_, _>>()?,
        final_norm: loader.norm("model.norm", config.hidden_size)?,
        embedding_scale: config.design.embedding_scale as f32,
        rotary: DecoderRotary::of(&config.design, config.head_dim).different,
        epsilon: config.rms_norm_eps as f32,
        trained_embedding: place(layout.embedding()),
        trained_head: place(layout.head()),
    })
}

struct Loader<'a> {
    tensors: &'a ShardedTensors,
    config: &'a ModelConfig,
    adapter: &'a AdapterConfig,
    layout: &'a ParameterLayout,
    precision: Precision,
}

impl Loader<'_> {
    fn layer(&self, number: usize) -> Result<Layer, TrainError> {
        let config = self.config;
        let (hidden, head_dim, design) = (config.hidden_size, config.head_dim, config.design.layers[number]);
        let norm = |part: &str, width| self.norm(&format!("model.layers.{number}.{part}"), width);
        let after = |part: Option<&str>| part.map(|part| norm(part, hidden)).transpose();
        let head_norms = match design.query_key_norm {
            true => Some((norm("self_attn.q_norm", head_dim)?, norm("self_attn.k_norm", head_dim)?)),
            false => None,
        };
        let [qkv, output, gate_up, down] = INPUT_GROUPS.map(|group| self.group(number, group));
        Ok(Layer {
            attention_norm: norm(design.norms.before_attention, hidden)?,
            qkv: qkv?,
            head_norms,
            heads: HeadShape {
                heads: config.num_attention_heads,
                kv_heads: config.num_key_value_heads,
                head_dim,
                rule: design.attention,
            },
            rotary: design.rotary,
            output: output?,
            attended_norm: after(design.norms.after_attention)?,
            feed_forward_norm: norm(design.norms.before_feed_forward, hidden)?,
            gate_up: gate_up?,
            activation: design.activation,
            down: down?,
            fed_norm: after(design.norms.after_feed_forward)?,
        })
    }

    /// What a norm multiplies by: its scale with the design's offset. Activations are f32 here, so that nothing is lost by adding it once.
    fn norm(&self, name: &str, width: usize) -> Result<Vec<f32>, TrainError> {
        let mut scale = self.values(&format!("{name}.weight"), &[width])?;
        scale
            .iter_mut()
            .for_each(|scale| *scale += self.config.design.norm_offset);
        Ok(scale)
    }

    fn group(&self, layer: usize, members: &[usize]) -> Result<ProjectionGroup, TrainError> {
        let [_, inputs] = self.config.projection_shape(members[0]);
        let (mut weight, mut bias, mut adapters, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for &member in members {
            let [outputs, _] = self.config.projection_shape(member);
            let name = format!("model.layers.{layer}.{}", DecoderLayer::PROJECTIONS[member]);
            weight.extend(self.values(&format!("{name}.weight"), &[outputs, inputs])?);
            if self.config.design.layers[layer].has_bias(member) {
                bias.extend(self.values(&format!("{name}.bias"), &[outputs])?);
            }
            adapters.extend(self.adapter(layer, member, rows));
            rows += outputs;
        }
        Ok(ProjectionGroup {
            weight: FrozenMatrix::new(weight, rows, inputs, self.precision),
            bias: (!bias.is_empty()).then_some(bias),
            adapters,
            scale: self.adapter.scale() as f32,
        })
    }

    fn adapter(&self, layer: usize, member: usize, first_row: usize) -> Option<LowRankAdapter> {
        let slots = self.layout.projections(layer)[member]?;
        let place = |slot: usize| self.layout.slots()[slot].range.clone();
        let [outputs, _] = self.config.projection_shape(member);
        Some(LowRankAdapter {
            outputs: first_row..first_row + outputs,
            down: place(slots.down),
            up: place(slots.up),
            magnitude: slots.magnitude.map(place),
            rank: self.adapter.rank,
            salt: (layer * DecoderLayer::PROJECTIONS.len() + member) as u32 + 1,
        })
    }

    /// Tables are never quantised: they are read by row, and errors in the head show directly in the logits.
    fn table(&self, name: &str, [rows, cols]: [usize; 2]) -> Result<FrozenMatrix, TrainError> {
        let precision = match self.precision {
            Precision::F32 => Precision::F32,
            _ => Precision::Bf16,
        };
        Ok(FrozenMatrix::new(
            self.values(name, &[rows, cols])?,
            rows,
            cols,
            precision,
        ))
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, TrainError> {
        let wrong = |reason: String| {
            ModelError::weights(
                self.tensors.path_of(name),
                reason,
                "The weights do not belong to this config.json, or a file is missing.",
            )
        };
        let view = self
            .tensors
            .get(name)
            .ok_or_else(|| wrong(format!("tensor `{name}` of shape {shape:?} is missing")))?;
        if view.shape != shape {
            return Err(wrong(format!(
                "tensor `{name}` has shape {:?}, config.json asks for {shape:?}",
                view.shape
            ))
            .into());
        }
        let values = view
            .to_f32()
            .ok_or_else(|| wrong(format!("tensor `{name}` is stored as {:?}", view.dtype)))?;
        Ok(values)
    }
}
