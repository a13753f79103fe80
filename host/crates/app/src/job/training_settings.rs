//! From a profile, or a recipe, to the settings of a training.

use std::path::Path;

use nl2sql_model::TargetModules;
use nl2sql_model::device::DeviceChoice;
use nl2sql_profile::{Profile, TrainSettings as Settings};
use nl2sql_training::TrainError;
use nl2sql_training::cpu::Precision;
use nl2sql_training::dataset::{Description, find};
use nl2sql_training::encoding::OnTruncation;
use nl2sql_training::schedule::{ScheduleKind, WarmUp};
use nl2sql_training::settings::{
    AdapterSettings, ComputeSettings, DataSettings, Every, OptimizationSettings, Resume, TrainSettings, WatchSettings,
};

use super::evaluation_context::refuse_gguf;
use super::training::TrainRequest;
use super::{JobContext, custom_dataset};
use crate::AppError;

/// The settings of a training.
pub(super) fn settings(job: &JobContext, request: &TrainRequest) -> Result<TrainSettings, AppError> {
    let profile = job.session.profile();
    let mut settings = match &request.recipe {
        Some(recipe) => of_recipe(job, recipe)?,
        None => of_profile(job, request)?,
    };
    if let Some(model) = &request.model {
        settings.model.clone_from(model);
    }
    refuse_gguf(&settings.model)?;
    if let Some(output) = &request.output {
        settings.output.clone_from(output);
    }
    settings.compute.devices = DeviceChoice::parse_list(request.device.as_ref().unwrap_or(&profile.model.device))?;
    if request.no_resume {
        settings.resume = Resume::Never;
    }
    let (stop, cancellation) = (job.cancel.clone(), settings.cancellation.clone());
    job.session.runtime().spawn(async move {
        stop.cancelled().await;
        cancellation.cancel();
    });
    Ok(settings)
}

/// The settings of a recipe; what it means differently here is said.
fn of_recipe(job: &JobContext, path: &Path) -> Result<TrainSettings, AppError> {
    let recipe = nl2sql_training::recipe::read(path)?;
    for remark in &recipe.remarks {
        job.note(remark);
    }
    Ok(recipe.settings)
}

fn of_profile(job: &JobContext, request: &TrainRequest) -> Result<TrainSettings, AppError> {
    let (profile, place) = (job.session.profile(), job.session.place());
    let train = &profile.train;
    let sets = data_sets(job, request)?;
    let model = request.model.clone().or_else(|| profile.model.path.clone());
    let model = model.ok_or_else(|| {
        AppError::Usage("no model is named: give its folder with --model, or set model.path in the profile".into())
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

fn data_sets(job: &JobContext, request: &TrainRequest) -> Result<DataSets, AppError> {
    let (profile, place) = (job.session.profile(), job.session.place());
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
    let training = match (&request.dataset, &request.databases) {
        (Some(dataset), Some(databases)) => {
            let prompted = custom_dataset::write_prompted(job, Path::new(dataset), databases)?;
            vec![Description::file(prompted)]
        }
        (Some(dataset), None) => vec![described(dataset, &folder)?],
        (None, _) => {
            let exported = folder.join("dataset_info.json");
            if train.dataset.is_empty() && train.dataset_dir.is_none() && !exported.is_file() {
                return Err(AppError::Usage(format!(
                    "{} is not there, so there is nothing to train on: run `nl2sql run` first, or name a data set with --dataset",
                    exported.display()
                )));
            }
            named(&train.dataset, "train")?
        }
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

fn optimization(train: &Settings, seed: u64) -> Result<OptimizationSettings, AppError> {
    let schedule = match train.lr_scheduler_type.as_str() {
        "cosine" => ScheduleKind::Cosine,
        "linear" => ScheduleKind::Linear,
        "constant" => ScheduleKind::Constant,
        other => {
            let message = format!("train.lr_scheduler_type is `{other}`; there are cosine, linear and constant");
            return Err(AppError::Usage(message));
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

fn precision(profile: &Profile) -> Result<Precision, AppError> {
    Ok(match (profile.train.quantization_bit, profile.model.dtype.as_str()) {
        (Some(8), _) => Precision::Int8,
        (Some(4), _) => Precision::Nf4,
        (Some(bits), _) => {
            return Err(AppError::Usage(format!(
                "train.quantization_bit is {bits}; 4 and 8 are possible"
            )));
        }
        (None, "bf16") => Precision::Bf16,
        (None, _) => Precision::F32,
    })
}
