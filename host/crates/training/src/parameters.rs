//! Layout of all trained tensors in one flat array, under PEFT's names.

use std::ops::Range;

use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::layers::DecoderLayer;
use nl2sql_model::{ModelConfig, TargetModules};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::TrainError;

/// One named tensor and its range in the flat array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// PEFT's name, such as `base_model.model.model.layers.0.mlp.up_proj.lora_A.weight`.
    pub name: String,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Range in the flat array.
    pub range: Range<usize>,
}

/// Trained tensors of one projection, as indices into [`ParameterLayout::slots`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LowRankSlots {
    /// `lora_A.weight`, `[rank, d_in]`.
    pub down: usize,
    /// `lora_B.weight`, `[d_out, rank]`.
    pub up: usize,
    /// DoRA's `lora_magnitude_vector`, `[d_out]`.
    pub magnitude: Option<usize>,
}

/// Names, shapes and ranges of all trained tensors of a model under an adapter configuration.
///
/// Within a layer, the `lora_A` of projections that read the same input (q, k, v; gate, up) are contiguous, so that they
/// form one matrix.
#[derive(Debug, Clone)]
pub struct ParameterLayout {
    slots: Vec<Slot>,
    projections: Vec<[Option<LowRankSlots>; 7]>,
    embedding: Option<usize>,
    head: Option<usize>,
    length: usize,
}

/// Projections of a layer by their shared input, as indices into [`DecoderLayer::PROJECTIONS`].
pub const INPUT_GROUPS: [&[usize]; 4] = [&[0, 1, 2], &[3], &[4, 5], &[6]];

impl ParameterLayout {
    /// The layout of what `adapter` trains in a model of shape `config`.
    ///
    /// # Errors
    /// When the adapter's settings are impossible or its targets match no projection.
    pub fn new(config: &ModelConfig, adapter: &AdapterConfig) -> Result<Self, TrainError> {
        if adapter.rank == 0 {
            return Err(TrainError::setting(
                "lora_rank",
                "is 0, which leaves nothing to train",
                "8 or 16 are usual",
            ));
        }
        let mut layout = Self {
            slots: Vec::new(),
            projections: Vec::new(),
            embedding: None,
            head: None,
            length: 0,
        };
        for layer in 0..config.num_hidden_layers {
            layout.add_layer(config, adapter, layer);
        }
        if layout.slots.is_empty() {
            return Err(no_such_targets(&adapter.targets));
        }
        let table = vec![config.vocab_size, config.hidden_size];
        for module in &adapter.modules_to_save {
            match module.as_str() {
                "embed_tokens" => {
                    layout.embedding =
                        Some(layout.add("base_model.model.model.embed_tokens.weight".into(), table.clone()));
                }
                "lm_head" => layout.head = Some(layout.add("base_model.model.lm_head.weight".into(), table.clone())),
                other => {
                    return Err(TrainError::setting(
                        "additional_target",
                        format!("names `{other}`"),
                        "only `embed_tokens` and `lm_head` can be trained in full beside an adapter",
                    ));
                }
            }
        }
        Ok(layout)
    }

    fn add_layer(&mut self, config: &ModelConfig, adapter: &AdapterConfig, layer: usize) {
        let mut placed = [None; 7];
        for group in INPUT_GROUPS {
            let targeted: Vec<usize> = group
                .iter()
                .copied()
                .filter(|&p| {
                    adapter
                        .targets
                        .matches(&format!("model.layers.{layer}.{}", DecoderLayer::PROJECTIONS[p]))
                })
                .collect();
            let name = |p: usize, part: &str| {
                format!(
                    "base_model.model.model.layers.{layer}.{}.{part}",
                    DecoderLayer::PROJECTIONS[p]
                )
            };
            let downs: Vec<usize> = targeted
                .iter()
                .map(|&p| {
                    self.add(
                        name(p, "lora_A.weight"),
                        vec![adapter.rank, config.projection_shape(p)[1]],
                    )
                })
                .collect();
            for (&p, down) in targeted.iter().zip(downs) {
                let [outputs, _] = config.projection_shape(p);
                let up = self.add(name(p, "lora_B.weight"), vec![outputs, adapter.rank]);
                let magnitude = adapter
                    .weight_decomposed
                    .then(|| self.add(name(p, "lora_magnitude_vector"), vec![outputs]));
                placed[p] = Some(LowRankSlots { down, up, magnitude });
            }
        }
        self.projections.push(placed);
    }

    fn add(&mut self, name: String, shape: Vec<usize>) -> usize {
        let start = self.length;
        self.length += shape.iter().product::<usize>();
        self.slots.push(Slot {
            name,
            shape,
            range: start..self.length,
        });
        self.slots.len() - 1
    }

    /// All trained tensors, in the order of the flat array.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Number of trained values.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing is trained; false for every layout made by [`ParameterLayout::new`].
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The trained tensors of a layer's projections, in the order of [`DecoderLayer::PROJECTIONS`].
    pub fn projections(&self, layer: usize) -> &[Option<LowRankSlots>; 7] {
        &self.projections[layer]
    }

    /// The slot of a fully trained embedding table.
    pub fn embedding(&self) -> Option<usize> {
        self.embedding
    }

    /// The slot of a fully trained output head.
    pub fn head(&self) -> Option<usize> {
        self.head
    }

    /// PEFT's initialisation: `lora_A` uniform within `1 / sqrt(d_in)` (Kaiming with `a = sqrt(5)`), `lora_B` zero. Magnitudes
    /// and fully trained tables are zero here; engines initialise them from the frozen weights.
    pub fn initial_factors(&self, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut values = vec![0.0; self.length];
        for slot in self.slots.iter().filter(|slot| slot.name.ends_with("lora_A.weight")) {
            let bound = (slot.shape[1] as f32).sqrt().recip();
            for value in &mut values[slot.range.clone()] {
                *value = rng.random_range(-bound..bound);
            }
        }
        values
    }
}

fn no_such_targets(targets: &TargetModules) -> TrainError {
    let named = match targets {
        TargetModules::All => String::from("all"),
        TargetModules::Named(names) => names.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let known: Vec<&str> = DecoderLayer::PROJECTIONS
        .iter()
        .filter_map(|name| name.rsplit('.').next())
        .collect();
    TrainError::setting(
        "lora_target",
        format!("`{named}` matches no projection of this model"),
        format!("choose `all` or some of {}", known.join(", ")),
    )
}
