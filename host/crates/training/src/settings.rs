//! Settings of a training run, with LLaMA-Factory's and transformers' defaults.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nl2sql_model::TargetModules;
use nl2sql_model::adapter::{AdapterConfig, PromptLayout};
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::templates::Thinking;

use crate::adamw::AdamWSettings;
use crate::cpu::Precision;
use crate::dataset::Description;
use crate::encoding::OnTruncation;
use crate::error::TrainError;
use crate::schedule::{ScheduleKind, WarmUp};

/// The adapter.
#[derive(Debug, Clone)]
pub struct AdapterSettings {
    /// `lora_rank`.
    pub rank: usize,
    /// `lora_alpha`; twice the rank by default.
    pub alpha: Option<f64>,
    /// `lora_dropout`.
    pub dropout: f64,
    /// `lora_target`.
    pub targets: TargetModules,
    /// `use_rslora`.
    pub rank_stabilised: bool,
    /// `use_dora`.
    pub weight_decomposed: bool,
    /// `additional_target`.
    pub modules_to_save: BTreeSet<String>,
}

impl Default for AdapterSettings {
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: None,
            dropout: 0.0,
            targets: TargetModules::All,
            rank_stabilised: false,
            weight_decomposed: false,
            modules_to_save: BTreeSet::new(),
        }
    }
}

/// Data sets and how samples become tokens.
#[derive(Debug, Clone)]
pub struct DataSettings {
    /// `dataset`.
    pub train: Vec<Description>,
    /// Data sets of earlier stages, from which some samples are trained on again.
    pub replay: Vec<Description>,
    /// Share of the samples that is trained on again.
    pub replay_share: f64,
    /// `eval_dataset`.
    pub evaluation: Vec<Description>,
    /// `val_size`: a share of the training samples when below 1, otherwise their number; 0 for none.
    pub held_out: f64,
    /// `max_samples` of each data set.
    pub max_samples: Option<usize>,
    /// `template`.
    pub template: String,
    /// `enable_thinking`.
    pub thinking: Thinking,
    /// `cutoff_len`, in tokens.
    pub cutoff: usize,
    /// What to do with samples longer than the cutoff.
    pub on_truncation: OnTruncation,
    /// `packing`: several samples per row; they do not attend to each other.
    pub packing: bool,
    /// `group_by_length`.
    pub group_by_length: bool,
    /// Whether micro-batches are of samples whose prompts begin alike.
    pub group_by_prefix: bool,
    /// Whether each epoch has another order of samples; false for `disable_shuffling`.
    pub shuffle: bool,
    /// `default_system`: system text of samples without one, instead of the template's own.
    pub default_system: Option<String>,
    /// How the questions of the data became prompts, where that is known; it is written beside the adapter.
    pub prompt: Option<PromptLayout>,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            train: Vec::new(),
            replay: Vec::new(),
            replay_share: 0.0,
            evaluation: Vec::new(),
            held_out: 0.0,
            max_samples: None,
            template: String::from("default"),
            thinking: Thinking::default(),
            cutoff: 2048,
            on_truncation: OnTruncation::Keep,
            packing: false,
            group_by_length: false,
            group_by_prefix: false,
            shuffle: true,
            default_system: None,
            prompt: None,
        }
    }
}

/// Optimizer, schedule and length of training.
#[derive(Debug, Clone)]
pub struct OptimizationSettings {
    /// `per_device_train_batch_size`.
    pub batch: usize,
    /// `per_device_eval_batch_size`.
    pub evaluation_batch: usize,
    /// `gradient_accumulation_steps`.
    pub accumulation: usize,
    /// Peak `learning_rate`.
    pub learning_rate: f64,
    /// `lr_scheduler_type`.
    pub schedule: ScheduleKind,
    /// `warmup_ratio` or `warmup_steps`.
    pub warm_up: WarmUp,
    /// `num_train_epochs`.
    pub epochs: f64,
    /// `max_steps`; overrides the epochs.
    pub max_steps: Option<usize>,
    /// `max_grad_norm`; 0 disables clipping.
    pub max_gradient_norm: f64,
    /// Optimizer.
    pub adamw: AdamWSettings,
    /// `seed` of adapter initialisation, sample order and dropout.
    pub seed: u64,
    /// `data_seed` of the sample order; `seed` by default.
    pub data_seed: Option<u64>,
}

impl Default for OptimizationSettings {
    fn default() -> Self {
        Self {
            batch: 8,
            evaluation_batch: 8,
            accumulation: 1,
            learning_rate: 5e-5,
            schedule: ScheduleKind::Linear,
            warm_up: WarmUp::Steps(0),
            epochs: 3.0,
            max_steps: None,
            max_gradient_norm: 1.0,
            adamw: AdamWSettings::default(),
            seed: 42,
            data_seed: None,
        }
    }
}

/// How often something is logged, saved or evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Never.
    Never,
    /// Every so many steps.
    Steps(usize),
    /// At the end of each epoch.
    Epoch,
}

impl Every {
    /// Whether `step` (counted from 1) is due.
    pub fn is_due(self, step: usize, epoch_ends: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Steps(steps) => step.is_multiple_of(steps.max(1)),
            Self::Epoch => epoch_ends,
        }
    }
}

/// Logging, saving, evaluation and early stopping.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// `logging_steps`.
    pub log: usize,
    /// `save_strategy` and `save_steps`.
    pub save: Every,
    /// `save_total_limit`.
    pub keep: Option<usize>,
    /// `eval_strategy` and `eval_steps`.
    pub evaluate: Every,
    /// `do_eval`: evaluate after the last step.
    pub evaluate_at_end: bool,
    /// `load_best_model_at_end`: the final adapter is the one with the lowest evaluation loss.
    pub load_best: bool,
    /// `early_stopping_steps`: evaluations without a lower loss before training stops.
    pub patience: Option<usize>,
    /// `plot_loss`.
    pub plot: bool,
}

impl WatchSettings {
    /// Whether anything is evaluated during training.
    pub fn evaluates(&self) -> bool {
        self.evaluate != Every::Never || self.evaluate_at_end
    }

    /// Whether an evaluation follows `step` (counted from 1) of `total`.
    pub fn is_evaluation_due(&self, step: usize, total: usize, epoch_ends: bool) -> bool {
        self.evaluate.is_due(step, epoch_ends) || (self.evaluate_at_end && step == total)
    }
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            log: 10,
            save: Every::Steps(500),
            keep: None,
            evaluate: Every::Never,
            evaluate_at_end: false,
            load_best: false,
            patience: None,
            plot: true,
        }
    }
}

/// Where to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Resume {
    /// From the last checkpoint in the output folder, if any.
    #[default]
    Latest,
    /// From this checkpoint.
    From(PathBuf),
    /// Start over and remove the checkpoints in the output folder (`overwrite_output_dir`).
    Overwrite,
    /// Start over; refused when the output folder has checkpoints.
    Never,
}

/// Devices and precision.
#[derive(Debug, Clone)]
pub struct ComputeSettings {
    /// Devices; several graphics cards share each micro-batch.
    pub devices: Vec<DeviceChoice>,
    /// Data-parallel worker threads of the CPU engine.
    pub workers: usize,
    /// `gradient_checkpointing`: less memory, more time.
    pub recompute: bool,
    /// Storage of frozen weights (`quantization_bit`).
    pub precision: Precision,
}

impl Default for ComputeSettings {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            devices: vec![DeviceChoice::Auto],
            workers,
            recompute: false,
            precision: Precision::F32,
        }
    }
}

/// A flag that makes a running training write a checkpoint and stop.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Requests the stop; safe to call from a signal handler's thread.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was requested.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A whole training run.
#[derive(Debug, Clone, Default)]
pub struct TrainSettings {
    /// `model_name_or_path`: a Hugging Face folder.
    pub model: PathBuf,
    /// `output_dir`.
    pub output: PathBuf,
    /// The adapter.
    pub adapter: AdapterSettings,
    /// Data sets.
    pub data: DataSettings,
    /// Optimizer and schedule.
    pub optimization: OptimizationSettings,
    /// Logging, saving and evaluation.
    pub watch: WatchSettings,
    /// Devices and precision.
    pub compute: ComputeSettings,
    /// `resume_from_checkpoint`.
    pub resume: Resume,
    /// `adapter_name_or_path`: an adapter to continue training.
    pub start_adapter: Option<PathBuf>,
    /// Requests an orderly stop.
    pub cancellation: Cancellation,
}

impl TrainSettings {
    /// The adapter's description as PEFT writes it.
    pub fn adapter_config(&self) -> AdapterConfig {
        let adapter = &self.adapter;
        AdapterConfig {
            rank: adapter.rank,
            alpha: adapter.alpha.unwrap_or(2.0 * adapter.rank as f64),
            dropout: adapter.dropout,
            targets: adapter.targets.clone(),
            rank_stabilised: adapter.rank_stabilised,
            weight_decomposed: adapter.weight_decomposed,
            modules_to_save: adapter.modules_to_save.clone(),
            base_model: self.model.display().to_string(),
        }
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// On the first impossible setting.
    pub fn check(&self) -> Result<(), TrainError> {
        let o = &self.optimization;
        let refuse =
            |name: &str, value: String, advice: &str| Err(TrainError::setting(name, format!("is {value}"), advice));
        if o.batch == 0 || o.accumulation == 0 {
            return refuse(
                "per_device_train_batch_size or gradient_accumulation_steps",
                "0".into(),
                "1 is the least",
            );
        }
        if !o.learning_rate.is_finite() || o.learning_rate < 0.0 {
            return refuse(
                "learning_rate",
                o.learning_rate.to_string(),
                "5e-5 to 2e-4 are usual for LoRA",
            );
        }
        if o.max_steps.is_none() && !(o.epochs.is_finite() && o.epochs > 0.0) {
            return refuse("num_train_epochs", o.epochs.to_string(), "3 is usual");
        }
        if let WarmUp::Ratio(ratio) = o.warm_up
            && !(0.0..=1.0).contains(&ratio)
        {
            return refuse(
                "warmup_ratio",
                ratio.to_string(),
                "a share between 0 and 1 is needed; 0.1 is usual",
            );
        }
        if self.data.train.is_empty() {
            return Err(TrainError::setting(
                "dataset",
                "names nothing to train on",
                "give a file or a name of dataset_info.json",
            ));
        }
        if !(0.0..1.0).contains(&self.data.replay_share) {
            return refuse(
                "replay",
                self.data.replay_share.to_string(),
                "a share below 1 is needed; 0.2 is usual",
            );
        }
        let evaluates = !self.data.evaluation.is_empty() || self.data.held_out > 0.0;
        let watch = &self.watch;
        let watched = watch.load_best || watch.patience.is_some() || watch.evaluates();
        let held_out = self.data.held_out;
        if !(0.0..=f64::from(u32::MAX)).contains(&held_out) || (held_out > 1.0 && held_out.fract() != 0.0) {
            return refuse(
                "val_size",
                held_out.to_string(),
                "a share from 0 to 1, or a whole number of samples, is needed",
            );
        }
        if !self.data.evaluation.is_empty() && self.data.held_out > 0.0 {
            return Err(TrainError::setting(
                "val_size",
                "holds samples out although eval_dataset is given",
                "remove one of them",
            ));
        }
        if watched && !evaluates {
            return Err(TrainError::setting(
                "eval_dataset",
                "is missing, but evaluation, best-model tracking or early stopping is enabled",
                "give eval_dataset, or hold samples out with val_size",
            ));
        }
        if (self.watch.load_best || self.watch.patience.is_some()) && self.watch.evaluate == Every::Never {
            return Err(TrainError::setting(
                "eval_strategy",
                "is `no`, but best-model tracking or early stopping is enabled",
                "set eval_strategy to `steps` or `epoch`",
            ));
        }
        self.adapter_config().validate(&self.output)?;
        Ok(())
    }
}
