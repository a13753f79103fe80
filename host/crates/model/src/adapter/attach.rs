//! Puts adapters onto a decoder, takes them off and folds them in.

use std::collections::BTreeSet;
use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{AdapterConfig, PREFIX};
use crate::decoder::{Decoder, OutputHead};
use crate::error::{ModelError, Result};
use crate::layers::{LowRank, Projection, ProjectionWeight, TokenEmbedding};
use crate::weights::ShardedTensors;

/// Attaches fresh factors, initialised as PEFT does; the model still computes what the base computes.
///
/// # Errors
/// When the configuration is invalid or its targets match nothing.
pub fn attach_initial(decoder: &mut Decoder, config: &AdapterConfig, seed: u64) -> Result<()> {
    let nowhere = Path::new("(new)");
    config.validate(nowhere)?;
    let device = decoder.device();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for projection in targets(decoder, config, nowhere)? {
        let shape = projection.1.shape();
        let factors = LowRank::initial(shape, config.rank, config.scale(), config.dropout, &mut rng, &device);
        let projection = projection.1;
        projection.adapter = Some(factors);
        if config.weight_decomposed {
            let magnitude = projection.initial_magnitude();
            if let Some(adapter) = &mut projection.adapter {
                adapter.magnitude = Some(Param::from_tensor(magnitude));
            }
        }
    }
    let table = decoder.embedding.table.val();
    let head = match &decoder.head {
        OutputHead::Untied(head) => head.merged_weight().transpose(),
        OutputHead::Trained(weight) => weight.val(),
        OutputHead::Tied(_) => table.clone(),
    };
    train_tables(decoder, config, table, head);
    Ok(())
}

/// Attaches an adapter from a PEFT folder and gives its configuration.
///
/// # Errors
/// When the folder is incomplete or the adapter was made for another base model.
pub fn attach_adapter(decoder: &mut Decoder, folder: &Path) -> Result<AdapterConfig> {
    let config = AdapterConfig::read(folder)?;
    let path = folder.join("adapter_model.safetensors");
    if !path.exists() {
        return Err(ModelError::adapter(
            folder,
            "there is no adapter_model.safetensors",
            "Give the folder that training wrote, or one of its checkpoints.",
        ));
    }
    let tensors = ShardedTensors::open_files(vec![path])?;
    let device = decoder.device();
    let mut reader = FactorReader {
        tensors: &tensors,
        folder,
        device: &device,
        unused: tensors.names().map(str::to_owned).collect(),
    };
    for (name, projection) in targets(decoder, &config, folder)? {
        projection.adapter = Some(reader.factors(&name, projection.shape(), &config)?);
    }
    let shape = [decoder.config.vocab_size, decoder.config.hidden_size];
    let mut saved = |module: &str, name: &str| match config.modules_to_save.contains(module) {
        true => reader.matrix(name, shape).map(Some),
        false => Ok(None),
    };
    let table = saved("embed_tokens", "model.embed_tokens.weight")?;
    let head = saved("lm_head", "lm_head.weight")?;
    reader.refuse_unused()?;
    let base = decoder.embedding.table.val();
    train_tables(
        decoder,
        &config,
        table.unwrap_or_else(|| base.clone()),
        head.unwrap_or(base),
    );
    Ok(config)
}

/// Removes low-rank factors; the base computes again what it did before.
///
/// # Errors
/// When tables were replaced by trained ones (`modules_to_save`): the base must then be loaded again.
pub fn detach_adapter(decoder: &mut Decoder, config: &AdapterConfig) -> Result<()> {
    if !config.modules_to_save.is_empty() {
        return Err(ModelError::adapter(
            Path::new(&config.base_model),
            "the adapter replaced whole tables (modules_to_save)",
            "Load the base model again instead of detaching.",
        ));
    }
    for (_, projection) in decoder.projections_mut() {
        projection.adapter = None;
    }
    Ok(())
}

/// Folds low-rank factors into the weights they belong to, in memory; quantised weights become f32.
pub fn merge_adapter(decoder: &mut Decoder) {
    for (_, projection) in decoder.projections_mut() {
        if projection.adapter.is_some() {
            let merged = projection.merged_weight().inner();
            projection.weight = ProjectionWeight::Dense(merged.transpose());
            projection.adapter = None;
        }
    }
}

/// The projections the configuration aims at.
fn targets<'d>(
    decoder: &'d mut Decoder,
    config: &AdapterConfig,
    folder: &Path,
) -> Result<Vec<(String, &'d mut Projection)>> {
    let all = decoder.projections_mut();
    let names: BTreeSet<String> = all
        .iter()
        .filter_map(|(name, _)| name.rsplit('.').next().map(str::to_owned))
        .collect();
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|(name, _)| config.targets.matches(name))
        .collect();
    if chosen.is_empty() {
        return Err(ModelError::adapter(
            folder,
            format!("the targets {:?} match no projection of the model", config.targets),
            format!(
                "Projections of this model: {}.",
                names.into_iter().collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    Ok(chosen)
}

/// Makes the tables of `modules_to_save` trainable; a tied head comes apart, as it does in PEFT.
fn train_tables(decoder: &mut Decoder, config: &AdapterConfig, table: Tensor<2>, head: Tensor<2>) {
    let base_table = decoder.embedding.table.val();
    if config.modules_to_save.contains("embed_tokens") {
        if matches!(decoder.head, OutputHead::Tied(_)) {
            decoder.head = OutputHead::Untied(Projection::new(ProjectionWeight::Dense(base_table.inner()), None));
        }
        decoder.embedding = TokenEmbedding::new(table).unfreeze();
    }
    if config.modules_to_save.contains("lm_head") {
        decoder.head = OutputHead::Trained(Param::from_tensor(head));
    }
}

struct FactorReader<'a> {
    tensors: &'a ShardedTensors,
    folder: &'a Path,
    device: &'a Device,
    unused: BTreeSet<String>,
}

const OTHER_BASE: &str =
    "The adapter was made for another base model; check base_model_name_or_path in adapter_config.json.";

impl FactorReader<'_> {
    fn factors(&mut self, projection: &str, [d_in, d_out]: [usize; 2], config: &AdapterConfig) -> Result<LowRank> {
        let down = self.matrix(&format!("{projection}.lora_A.weight"), [config.rank, d_in])?;
        let up = self.matrix(&format!("{projection}.lora_B.weight"), [d_out, config.rank])?;
        let mut factors = LowRank::new(down.transpose(), up.transpose(), config.scale(), config.dropout);
        if config.weight_decomposed {
            let name = format!("{projection}.lora_magnitude_vector");
            let values = self.values(&name, &[d_out])?;
            let magnitude = Tensor::from_data(TensorData::new(values, [d_out]), self.device);
            factors.magnitude = Some(Param::from_tensor(magnitude));
        }
        Ok(factors)
    }

    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>> {
        let values = self.values(name, &shape)?;
        Ok(Tensor::from_data(TensorData::new(values, shape), self.device))
    }

    fn values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let name = format!("{PREFIX}{name}");
        let view = self
            .tensors
            .get(&name)
            .ok_or_else(|| ModelError::adapter(self.folder, format!("tensor `{name}` is missing"), OTHER_BASE))?;
        if view.shape != shape {
            return Err(ModelError::adapter(
                self.folder,
                format!(
                    "tensor `{name}` has shape {:?}, this base model needs {shape:?}",
                    view.shape
                ),
                OTHER_BASE,
            ));
        }
        self.unused.remove(&name);
        view.to_f32().ok_or_else(|| {
            ModelError::adapter(
                self.folder,
                format!("tensor `{name}` is stored as {:?}", view.dtype),
                "Adapters in f32, f16 or bf16 are needed.",
            )
        })
    }

    /// A tensor nobody asked for means the adapter has parts this base model has not.
    fn refuse_unused(&self) -> Result<()> {
        match self.unused.first() {
            None => Ok(()),
            Some(name) => Err(ModelError::adapter(
                self.folder,
                format!("tensor `{name}` belongs to no target of this base model"),
                OTHER_BASE,
            )),
        }
    }
}
