//! `[train]`, in LLaMA-Factory's names

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do with samples that the cutoff shortens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnTruncation {
    /// Leave them out.
    Drop,
    /// Train on what is left.
    #[default]
    Keep,
    /// Refuse to start.
    Error,
}

/// Fine-tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainSettings {
    /// Folder with dataset_info.json; unset: `export/` of the run.
    pub dataset_dir: Option<PathBuf>,
    /// Data sets by name; empty: the training split of the run.
    pub dataset: Vec<String>,
    /// Data sets evaluated during training; empty: the development split of the run.
    pub eval_dataset: Vec<String>,
    /// Folder of the adapter; unset: `train/` of the run.
    pub output_dir: Option<PathBuf>,
    /// Maximum sample length in tokens.
    pub cutoff_len: u32,
    /// What to do with longer samples.
    pub on_truncation: OnTruncation,
    /// Maximum number of samples used; unset: all.
    pub max_samples: Option<u64>,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Epochs.
    pub num_train_epochs: f64,
    /// Optimizer steps; overrides epochs.
    pub max_steps: Option<u64>,
    /// Rows per device and micro-batch.
    pub per_device_train_batch_size: u32,
    /// Micro-batches per optimizer step.
    pub gradient_accumulation_steps: u32,
    /// `cosine`, `linear` or `constant`.
    pub lr_scheduler_type: String,
    /// Share of the steps that warm up.
    pub warmup_ratio: f64,
    /// Steps that warm up; overrides the share.
    pub warmup_steps: Option<u64>,
    /// Global gradient norm after clipping.
    pub max_grad_norm: f64,
    /// LoRA rank.
    pub lora_rank: u32,
    /// LoRA alpha.
    pub lora_alpha: f64,
    /// LoRA dropout.
    pub lora_dropout: f64,
    /// Names of the adapted layers, or `all`.
    pub lora_target: String,
    /// Rank-stabilised scaling.
    pub use_rslora: bool,
    /// Weight-decomposed LoRA.
    pub use_dora: bool,
    /// Layers trained whole beside the adapter.
    pub additional_target: Vec<String>,
    /// Bits of the frozen base: 4 or 8; unset: not quantised.
    pub quantization_bit: Option<u8>,
    /// Recompute layers in the backward pass.
    pub gradient_checkpointing: bool,
    /// Batches of rows of like length.
    pub group_by_length: bool,
    /// Micro-batches of rows whose prompts begin alike, so that a schema in front of them is computed once for all.
    pub group_by_prefix: bool,
    /// Trainings that come before the one on the run's own pairs, in order; each goes on with the adapter of the one before.
    pub stages: Vec<TrainStage>,
    /// Share of each later stage's rows that is drawn from the stages before, so that these are not forgotten.
    pub replay: f64,
    /// Several rows in one sequence, without attention across them.
    pub packing: bool,
    /// Steps between log lines.
    pub logging_steps: u64,
    /// Steps between evaluations; unset: none.
    pub eval_steps: Option<u64>,
    /// Steps between checkpoints; unset: at the end.
    pub save_steps: Option<u64>,
    /// Checkpoints kept.
    pub save_total_limit: Option<u32>,
    /// Evaluations without improvement before training stops.
    pub early_stopping_steps: Option<u32>,
    /// Seed; unset: the run's.
    pub seed: Option<u64>,
}

/// A training that comes before the one on the run's own pairs. What it leaves out is as `[train]` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainStage {
    /// Name of its folder below `stages/` of the adapter's.
    pub name: String,
    /// File that it trains on.
    pub dataset: PathBuf,
    /// Folder of SQLite files that the questions of `dataset`, a file in Spider's layout, are asked of.
    pub databases: Option<PathBuf>,
    /// Epochs.
    pub num_train_epochs: Option<f64>,
    /// Optimizer steps; overrides epochs.
    pub max_steps: Option<u64>,
    /// Peak learning rate.
    pub learning_rate: Option<f64>,
    /// `cosine`, `linear` or `constant`.
    pub lr_scheduler_type: Option<String>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            dataset_dir: None,
            dataset: Vec::new(),
            eval_dataset: Vec::new(),
            output_dir: None,
            cutoff_len: 2_048,
            on_truncation: OnTruncation::default(),
            max_samples: None,
            learning_rate: 5e-5,
            num_train_epochs: 3.0,
            max_steps: None,
            per_device_train_batch_size: 8,
            gradient_accumulation_steps: 8,
            lr_scheduler_type: "cosine".into(),
            warmup_ratio: 0.0,
            warmup_steps: None,
            max_grad_norm: 1.0,
            lora_rank: 8,
            lora_alpha: 16.0,
            lora_dropout: 0.0,
            lora_target: "all".into(),
            use_rslora: false,
            use_dora: false,
            additional_target: Vec::new(),
            quantization_bit: None,
            gradient_checkpointing: false,
            group_by_length: false,
            group_by_prefix: false,
            stages: Vec::new(),
            replay: 0.0,
            packing: false,
            logging_steps: 5,
            eval_steps: None,
            save_steps: None,
            save_total_limit: None,
            early_stopping_steps: None,
            seed: None,
        }
    }
}
