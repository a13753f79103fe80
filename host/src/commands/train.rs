//! `nl2sql train`: fine-tunes an adapter on what the run exported.

use std::path::{Path, PathBuf};

use clap::Args;
use nl2sql_app::{RunPlace, ServiceRuntime};
use nl2sql_model::TargetModules;
use nl2sql_model::device::DeviceChoice;
use nl2sql_profile::{Profile, TrainSettings as Settings};
use nl2sql_training::cpu::Precision;
use nl2sql_training::dataset::{Description, find};
use nl2sql_training::encoding::OnTruncation;
use nl2sql_training::events::TrainEvent;
use nl2sql_training::plan::TrainPlan;
use nl2sql_training::schedule::{ScheduleKind, WarmUp};
use nl2sql_training::settings::{
    AdapterSettings, ComputeSettings, DataSettings, Every, OptimizationSettings, Resume, TrainSettings, WatchSettings,
};
use nl2sql_training::{TrainError, train};
use serde_json::json;

use super::{no_threads, own_pairs, resolve};
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::interrupt;
use crate::terminal::{TrainingView, note, say, say_json};

/// `nl2sql train`
#[derive(Clone, Debug, Args)]
pub struct TrainArguments {
    /// LLaMA-Factory recipe (YAML); its settings take the place of the profile's
    #[arg(long, value_name = "FILE", conflicts_with = "dataset")]
    pub recipe: Option<PathBuf>,
    /// Hugging Face folder of the base model; model.path of the profile by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// Data set to train on: a file, or a name of dataset_info.json; the run's training split by default
    #[arg(long, value_name = "FILE|NAME")]
    pub dataset: Option<String>,
    /// Folder of SQLite files that the questions of --dataset, a file in Spider's layout, are asked of
    #[arg(long, value_name = "FOLDER", requires = "dataset")]
    pub databases: Option<PathBuf>,
    /// Folder of the adapter; train/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// auto, cpu, wgpu, cuda:0, or several cards as cuda:0,cuda:1; model.device of the profile by default
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Shows steps, batch, parameters and memory, and trains nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Begins anew; refused where the output folder holds checkpoints
    #[arg(long)]
    pub no_resume: bool,
}

pub fn run(global: &Global, arguments: &TrainArguments) -> Result<Exit, CommandError> {
    let settings = settings(global, arguments)?;
    let mut view = TrainingView::new(global.quiet || global.json);
    let mut events = |event: &TrainEvent| view.event(event);
    if arguments.dry_run {
        let figures = TrainPlan::prepare(&settings, &mut events)?.figures(&settings)?;
        if global.json {
            say_json(&json!(figures));
        } else {
            say(figures);
        }
        return Ok(Exit::Done);
    }
    let runtime = ServiceRuntime::start().map_err(no_threads)?;
    let (pressed, cancellation) = (interrupt::on_ctrl_c(&runtime), settings.cancellation.clone());
    runtime.spawn(async move {
        pressed.cancelled().await;
        cancellation.cancel();
    });
    let summary = train(&settings, &mut events)?;
    if global.json {
        say_json(&json!(summary));
    } else if !global.quiet {
        say(format!(
            "{} steps, mean loss {:.4}, {:.0} s, {:.0} tokens/s: {}",
            summary.steps,
            summary.train_loss,
            summary.seconds,
            summary.tokens as f64 / summary.seconds.max(1e-9),
            summary.output.display()
        ));
    }
    Ok(if summary.cancelled {
        Exit::Interrupted
    } else {
        Exit::Done
    })
}

fn settings(global: &Global, arguments: &TrainArguments) -> Result<TrainSettings, CommandError> {
    let profile = resolve(global)?.profile;
    let mut settings = match &arguments.recipe {
        Some(recipe) => of_recipe(global, recipe)?,
        None => of_profile(
            global,
            &profile,
            &RunPlace::of(&profile, global.run_dir.clone()),
            arguments,
        )?,
    };
    if let Some(model) = &arguments.model {
        settings.model.clone_from(model);
    }
    if let Some(output) = &arguments.output {
        settings.output.clone_from(output);
    }
    settings.compute.devices = DeviceChoice::parse_list(arguments.device.as_ref().unwrap_or(&profile.model.device))?;
    if arguments.no_resume {
        settings.resume = Resume::Never;
    }
    Ok(settings)
}

/// The settings of a recipe; what it means differently here is said.
fn of_recipe(global: &Global, path: &Path) -> Result<TrainSettings, CommandError> {
    let recipe = nl2sql_training::recipe::read(path)?;
    for remark in &recipe.remarks {
        note(global, remark);
    }
    Ok(recipe.settings)
}

fn of_profile(
    global: &Global,
    profile: &Profile,
    place: &RunPlace,
    arguments: &TrainArguments,
) -> Result<TrainSettings, CommandError> {
    let train = &profile.train;
    let sets = data_sets(global, profile, place, arguments)?;
    let model = arguments.model.clone().or_else(|| profile.model.path.clone());
    let model = model.ok_or_else(|| {
        CommandError::Usage("there is no model: give its folder with --model, or set model.path in the profile".into())
    })?;
    let has_evaluation = !sets.evaluation.is_empty();
    Ok(TrainSettings {
        model,
        output: train.output_dir.clone().unwrap_or_else(|| place.folder.join("train")),
        adapter: adapter(train),
        data: DataSettings {
            train: sets.training,
            evaluation: sets.evaluation,
            max_samples: train.max_samples.map(|samples| samples as usize),
            template: profile.model.template.clone(),
            cutoff: train.cutoff_len as usize,
            on_truncation: match train.on_truncation {
                nl2sql_profile::OnTruncation::Drop => OnTruncation::Drop,
                nl2sql_profile::OnTruncation::Keep => OnTruncation::Keep,
                nl2sql_profile::OnTruncation::Error => OnTruncation::Error,
            },
            packing: train.packing,
            group_by_length: train.group_by_length,
            ..DataSettings::default()
        },
        optimization: optimization(train, profile.run.seed)?,
        watch: WatchSettings {
            log: train.logging_steps.max(1) as usize,
            save: train
                .save_steps
                .map_or(Every::Never, |steps| Every::Steps(steps as usize)),
            keep: train.save_total_limit.map(|limit| limit as usize),
            evaluate: train
                .eval_steps
                .filter(|_| has_evaluation)
                .map_or(Every::Never, |steps| Every::Steps(steps as usize)),
            load_best: has_evaluation && train.early_stopping_steps.is_some(),
            patience: train
                .early_stopping_steps
                .filter(|_| has_evaluation)
                .map(|patience| patience as usize),
            ..WatchSettings::default()
        },
        compute: ComputeSettings {
            recompute: train.gradient_checkpointing,
            precision: precision(profile)?,
            ..ComputeSettings::default()
        },
        ..TrainSettings::default()
    })
}

/// What is trained and measured on.
struct DataSets {
    training: Vec<Description>,
    evaluation: Vec<Description>,
}

fn data_sets(
    global: &Global,
    profile: &Profile,
    place: &RunPlace,
    arguments: &TrainArguments,
) -> Result<DataSets, CommandError> {
    let train = &profile.train;
    let folder = train.dataset_dir.clone().unwrap_or_else(|| place.folder.join("export"));
    let run_name = if profile.export.name.is_empty() {
        &place.name
    } else {
        &profile.export.name
    };
    let named = |names: &[String], split: &str| {
        let own = format!("{run_name}_{split}");
        let own_exists = folder.join(format!("{own}.json")).is_file();
        let names = if names.is_empty() && (own_exists || split == "train") {
            vec![own]
        } else {
            names.to_vec()
        };
        names
            .iter()
            .map(|name| described(name, &folder))
            .collect::<Result<_, _>>()
    };
    let training = match (&arguments.dataset, &arguments.databases) {
        (Some(dataset), Some(databases)) => {
            let prompted = own_pairs::prompted(global, Path::new(dataset), databases)?;
            vec![Description::file(prompted)]
        }
        (Some(dataset), None) => vec![described(dataset, &folder)?],
        (None, _) => named(&train.dataset, "train")?,
    };
    let evaluation = match train.eval_steps {
        Some(_) => named(&train.eval_dataset, "dev")?,
        None => Vec::new(),
    };
    Ok(DataSets { training, evaluation })
}

/// A data set by file or by its name in the folder's dataset_info.json.
fn described(dataset: &str, folder: &Path) -> Result<Description, TrainError> {
    if Path::new(dataset).is_file() {
        Ok(Description::file(dataset))
    } else {
        find(dataset, folder)
    }
}

fn adapter(train: &Settings) -> AdapterSettings {
    let targets = match train.lora_target.as_str() {
        "all" => TargetModules::All,
        names => TargetModules::Named(names.split(',').map(|name| name.trim().to_owned()).collect()),
    };
    AdapterSettings {
        rank: train.lora_rank as usize,
        alpha: Some(train.lora_alpha),
        dropout: train.lora_dropout,
        targets,
        rank_stabilised: train.use_rslora,
        weight_decomposed: train.use_dora,
        modules_to_save: train.additional_target.iter().cloned().collect(),
    }
}

fn optimization(train: &Settings, seed: u64) -> Result<OptimizationSettings, CommandError> {
    let schedule = match train.lr_scheduler_type.as_str() {
        "cosine" => ScheduleKind::Cosine,
        "linear" => ScheduleKind::Linear,
        "constant" => ScheduleKind::Constant,
        other => {
            let message = format!("train.lr_scheduler_type is `{other}`; there are cosine, linear and constant");
            return Err(CommandError::Usage(message));
        }
    };
    Ok(OptimizationSettings {
        batch: train.per_device_train_batch_size as usize,
        accumulation: train.gradient_accumulation_steps as usize,
        learning_rate: train.learning_rate,
        schedule,
        warm_up: match train.warmup_steps {
            Some(steps) => WarmUp::Steps(steps as usize),
            None => WarmUp::Ratio(train.warmup_ratio),
        },
        epochs: train.num_train_epochs,
        max_steps: train.max_steps.map(|steps| steps as usize),
        max_gradient_norm: train.max_grad_norm,
        seed: train.seed.unwrap_or(seed),
        ..OptimizationSettings::default()
    })
}

fn precision(profile: &Profile) -> Result<Precision, CommandError> {
    Ok(match (profile.train.quantization_bit, profile.model.dtype.as_str()) {
        (Some(8), _) => Precision::Int8,
        (Some(4), _) => Precision::Nf4,
        (Some(bits), _) => {
            return Err(CommandError::Usage(format!(
                "train.quantization_bit is {bits}; 4 and 8 are possible"
            )));
        }
        (None, "bf16") => Precision::Bf16,
        (None, _) => Precision::F32,
    })
}
