//! Reads a model folder into the CPU engine's layout.

use std::path::Path;

use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::architecture::LayerDesign;
use nl2sql_model::layers::{DecoderLayer, RotaryFrequencies};
use nl2sql_model::weights::ShardedTensors;
use nl2sql_model::{ModelConfig, ModelError};

use super::attention::HeadShape;
use super::decoder::CpuDecoder;
use super::frozen::{FrozenMatrix, Precision};
use super::layer::Layer;
use super::projection::{LowRankAdapter, ProjectionGroup};
use crate::error::TrainError;
use crate::parameters::{INPUT_GROUPS, ParameterLayout, projection_shape};

/// Loads the frozen weights of `folder` at `precision`, with trained tensors placed by `layout`.
pub fn load(
    folder: &Path,
    config: &ModelConfig,
    adapter: &AdapterConfig,
    layout: &ParameterLayout,
    precision: Precision,
) -> Result<CpuDecoder, TrainError> {
    let tensors = ShardedTensors::open_folder(folder)?;
    let design = config.architecture.layer_design(config);
    let loader = Loader {
        tensors: &tensors,
        config,
        adapter,
        layout,
        precision,
        design,
    };
    let table = [config.vocab_size, config.hidden_size];
    let rotary = RotaryFrequencies::of(config);
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
        final_norm: loader.values("model.norm.weight", &[config.hidden_size])?,
        heads: HeadShape {
            heads: config.num_attention_heads,
            kv_heads: config.num_key_value_heads,
            head_dim: config.head_dim,
        },
        frequencies: rotary.frequencies,
        rotary_factor: rotary.factor,
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
    design: LayerDesign,
}

impl Loader<'_> {
    fn layer(&self, layer: usize) -> Result<Layer, TrainError> {
        let (hidden, head_dim) = (self.config.hidden_size, self.config.head_dim);
        let at = |part: &str| format!("model.layers.{layer}.{part}.weight");
        let head_norms = match self.design.query_key_norm {
            true => Some((
                self.values(&at("self_attn.q_norm"), &[head_dim])?,
                self.values(&at("self_attn.k_norm"), &[head_dim])?,
            )),
            false => None,
        };
        let [qkv, output, gate_up, down] = INPUT_GROUPS.map(|group| self.group(layer, group));
        Ok(Layer {
            attention_norm: self.values(&at("input_layernorm"), &[hidden])?,
            qkv: qkv?,
            head_norms,
            output: output?,
            feed_forward_norm: self.values(&at("post_attention_layernorm"), &[hidden])?,
            gate_up: gate_up?,
            down: down?,
        })
    }

    fn group(&self, layer: usize, members: &[usize]) -> Result<ProjectionGroup, TrainError> {
        let inputs = projection_shape(self.config, members[0]).1;
        let (mut weight, mut bias, mut adapters, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for &member in members {
            let outputs = projection_shape(self.config, member).0;
            let name = format!("model.layers.{layer}.{}", DecoderLayer::PROJECTIONS[member]);
            weight.extend(self.values(&format!("{name}.weight"), &[outputs, inputs])?);
            if self.has_bias(member) {
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
        let outputs = projection_shape(self.config, member).0;
        Some(LowRankAdapter {
            outputs: first_row..first_row + outputs,
            down: place(slots.down),
            up: place(slots.up),
            magnitude: slots.magnitude.map(place),
            rank: self.adapter.rank,
            salt: (layer * DecoderLayer::PROJECTIONS.len() + member) as u32 + 1,
        })
    }

    fn has_bias(&self, member: usize) -> bool {
        match member {
            0..=2 => self.design.query_key_value_bias,
            3 => self.design.output_bias,
            _ => self.design.feed_forward_bias,
        }
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
