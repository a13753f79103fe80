//! Trainings that come before the one on the run's own pairs: `[[train.stages]]`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use nl2sql_profile::{TrainSettings as Section, TrainStage};
use nl2sql_training::dataset::Description;
use nl2sql_training::settings::TrainSettings;

use super::training::TrainRequest;
use super::training_settings::{DataSets, complete, settings, with_data};
use super::{JobContext, custom_dataset};
use crate::{AppError, prompt_layout};

/// A training before the last.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) settings: TrainSettings,
}

/// Trainings in order; each begins with the adapter of the one before.
pub(super) struct Stages {
    pub(super) first: Vec<Stage>,
    /// The one on the run's own pairs.
    pub(super) last: TrainSettings,
}

/// The trainings that the profile asks for. A recipe is one alone.
pub(super) fn stages(job: &JobContext, request: &TrainRequest) -> Result<Stages, AppError> {
    let mut last = settings(job, request)?;
    let mut first: Vec<Stage> = Vec::new();
    if request.recipe.is_some() {
        return Ok(Stages { first, last });
    }
    let train = &job.session.profile().train;
    check_names(&train.stages)?;
    let mut earlier = Earlier::default();
    for stage in &train.stages {
        let mut settings = with_data(job, request, &section(train, stage), data(job, stage)?)?;
        complete(job, request, &mut settings)?;
        settings.output = last.output.join("stages").join(&stage.name);
        earlier.precede(&mut settings);
        first.push(Stage {
            name: stage.name.clone(),
            settings,
        });
    }
    refuse_other_layout(&last, &first)?;
    earlier.precede(&mut last);
    Ok(Stages { first, last })
}

/// What has been trained before a stage.
#[derive(Default)]
struct Earlier {
    adapter: Option<PathBuf>,
    data: Vec<Description>,
}

impl Earlier {
    /// Lets a stage go on from here.
    fn precede(&mut self, settings: &mut TrainSettings) {
        settings.start_adapter = self.adapter.replace(settings.output.clone());
        settings.data.replay.clone_from(&self.data);
        self.data.extend(settings.data.train.iter().cloned());
    }
}

/// Names are folders, one for each.
fn check_names(stages: &[TrainStage]) -> Result<(), AppError> {
    let mut seen = BTreeSet::new();
    for TrainStage { name, .. } in stages {
        let parts: Vec<Component<'_>> = Path::new(name).components().collect();
        if !matches!(parts[..], [Component::Normal(_)]) {
            return Err(AppError::Usage(format!(
                "train.stages: {name:?} is no name of a folder; give each stage a name such as \"people\""
            )));
        }
        if !seen.insert(name) {
            return Err(AppError::Usage(format!(
                "train.stages: two stages are called {name:?}; give each a name of its own"
            )));
        }
    }
    Ok(())
}

/// `[train]` with what the stage says instead. The length of a stage is its own: `max_steps` of the whole does not cut it.
fn section(train: &Section, stage: &TrainStage) -> Section {
    let mut section = train.clone();
    section.max_steps = stage.max_steps;
    section.num_train_epochs = stage.num_train_epochs.unwrap_or(train.num_train_epochs);
    section.learning_rate = stage.learning_rate.unwrap_or(train.learning_rate);
    if let Some(kind) = &stage.lr_scheduler_type {
        section.lr_scheduler_type.clone_from(kind);
    }
    section
}

fn data(job: &JobContext, stage: &TrainStage) -> Result<DataSets, AppError> {
    if !stage.dataset.is_file() {
        return Err(AppError::Usage(format!(
            "train.stages: {} of the stage {:?} is not there; name the file that it trains on",
            stage.dataset.display(),
            stage.name
        )));
    }
    let (file, prompt) = match &stage.databases {
        Some(databases) => {
            let prompted = custom_dataset::write_prompted(job, &stage.name, &stage.dataset, databases)?;
            (prompted, Some(prompt_layout(&job.session.profile().export)))
        }
        None => (stage.dataset.clone(), None),
    };
    Ok(DataSets {
        training: vec![Description::file(file)],
        evaluation: Vec::new(),
        prompt,
    })
}

/// A model is asked in one layout, so all stages must train that one.
fn refuse_other_layout(last: &TrainSettings, stages: &[Stage]) -> Result<(), AppError> {
    for stage in stages {
        if let (Some(own), Some(of_stage)) = (&last.data.prompt, &stage.settings.data.prompt)
            && own != of_stage
        {
            return Err(AppError::Usage(format!(
                "the stage {:?} would be asked as [export] says now, and the run's pairs were exported in another layout: run `nl2sql export` \
                 again",
                stage.name
            )));
        }
    }
    Ok(())
}
