//! From a profile, or a recipe, to the settings of a training.

use std::path::Path;

use nl2sql_model::adapter::PromptLayout;
use nl2sql_model::device::DeviceChoice;
use nl2sql_profile::{TrainSettings as Section, WeightType};
use nl2sql_training::TrainError;
use nl2sql_training::cpu::Unit;
use nl2sql_training::dataset::{Description, find};
use nl2sql_training::recipe::{Surroundings, of_section};
use nl2sql_training::settings::{Resume, TrainSettings};

use super::evaluation_context::refuse_gguf;
use super::training::TrainRequest;
use super::{JobContext, custom_dataset};
use crate::{AppError, prompt_layout};

/// The settings of a training.
pub(super) fn settings(job: &JobContext, request: &TrainRequest) -> Result<TrainSettings, AppError> {
    let mut settings = match &request.recipe {
        Some(recipe) => of_recipe(job, recipe)?,
        None => of_profile(job, request)?,
    };
    complete(job, request, &mut settings)?;
    Ok(settings)
}

/// What holds for every training, with stages before it or not.
pub(super) fn complete(job: &JobContext, request: &TrainRequest, settings: &mut TrainSettings) -> Result<(), AppError> {
    let profile = job.session.profile();
    if let Some(model) = &request.model {
        settings.model.clone_from(model);
    }
    refuse_gguf(&settings.model)?;
    if settings.data.prompt.is_none() {
        settings.data.prompt = layout_of_exports(&settings.data.train)?;
    }
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
    Ok(())
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
    with_data(job, request, &job.session.profile().train, data_sets(job, request)?)
}

/// The settings of a `[train]` section over these data sets.
pub(super) fn with_data(
    job: &JobContext,
    request: &TrainRequest,
    train: &Section,
    sets: DataSets,
) -> Result<TrainSettings, AppError> {
    let (profile, place) = (job.session.profile(), job.session.place());
    let model = request.model.clone().or_else(|| profile.model.path.clone());
    let model = model.ok_or_else(|| {
        AppError::Usage("no model is named: give its folder with --model, or set model.path in the profile".into())
    })?;
    let surroundings = Surroundings {
        model,
        output: place.folder.join("train"),
        template: profile.model.template.clone(),
        enable_thinking: profile.model.enable_thinking,
        bf16: holds_bf16(
            profile.model.dtype,
            request.device.as_ref().unwrap_or(&profile.model.device),
        )?,
        train: sets.training,
        evaluation: sets.evaluation,
        seed: profile.run.seed,
    };
    let mut settings = of_section(train, surroundings)?;
    settings.data.prompt = sets.prompt;
    Ok(settings)
}

/// Whether frozen weights are held in bf16.
fn holds_bf16(dtype: WeightType, device: &str) -> Result<bool, AppError> {
    Ok(match dtype {
        WeightType::F32 => false,
        WeightType::Bf16 => true,
        WeightType::Auto => !DeviceChoice::parse_first(device)?.is_cpu() || !Unit::found().is_empty(),
    })
}

/// What is trained and measured on.
pub(super) struct DataSets {
    pub(super) training: Vec<Description>,
    pub(super) evaluation: Vec<Description>,
    /// Layout of the prompts, where they are written now.
    pub(super) prompt: Option<PromptLayout>,
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
    let mut prompt = None;
    let training = match (&request.dataset, &request.databases) {
        (Some(dataset), Some(databases)) => {
            prompt = Some(prompt_layout(&profile.export));
            let dataset = Path::new(dataset);
            let stem = dataset.file_stem().unwrap_or_default().to_string_lossy();
            let prompted = custom_dataset::write_prompted(job, &stem, dataset, databases)?;
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
    Ok(DataSets {
        training,
        evaluation,
        prompt,
    })
}

/// The layout that the data cards of exported data sets record; none where a data set was not exported, or by another layout.
fn layout_of_exports(sets: &[Description]) -> Result<Option<PromptLayout>, AppError> {
    let mut layouts = sets.iter().map(layout_of_export).collect::<Result<Vec<_>, _>>()?;
    let last = layouts.pop().flatten();
    Ok(last.filter(|layout| layouts.iter().all(|other| other.as_ref() == Some(layout))))
}

fn layout_of_export(set: &Description) -> Result<Option<PromptLayout>, AppError> {
    let Some(path) = set.path.parent().map(|folder| folder.join("datacard.json")) else {
        return Ok(None);
    };
    let Ok(bytes) = std::fs::read(&path) else {
        return Ok(None);
    };
    let unusable = |error: serde_json::Error| AppError::Usage(format!("{} cannot be read: {error}", path.display()));
    let card: serde_json::Value = serde_json::from_slice(&bytes).map_err(unusable)?;
    let name = card["name"].as_str().unwrap_or_default();
    let file = set.path.file_name().unwrap_or_default().to_string_lossy();
    let exported = ["train", "dev", "test"]
        .iter()
        .flat_map(|split| [format!("{name}_{split}.json"), format!("{name}_{split}_sharegpt.json")])
        .any(|exported| exported == file);
    match card.get("prompt") {
        Some(prompt) if exported => serde_json::from_value(prompt.clone()).map(Some).map_err(unusable),
        _ => Ok(None),
    }
}

/// A data set by file or by its name in the folder's dataset_info.json.
fn described(dataset: &str, folder: &Path) -> Result<Description, TrainError> {
    if Path::new(dataset).is_file() {
        Ok(Description::file(dataset))
    } else {
        find(dataset, folder)
    }
}
