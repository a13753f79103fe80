//! `nl2sql train`: fine-tunes an adapter on what the run exported.

use std::path::PathBuf;

use clap::Args;
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::{Job, TrainRequest};

use super::work;
use crate::arguments::Global;

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
    /// Show steps, parameters, memory, time and device without training
    #[arg(long)]
    pub dry_run: bool,
    /// Start from the beginning; refused where the output folder holds checkpoints
    #[arg(long)]
    pub no_resume: bool,
}

pub fn run(global: &Global, arguments: &TrainArguments) -> Result<Exit, AppError> {
    let request = TrainRequest {
        recipe: arguments.recipe.clone(),
        model: arguments.model.clone(),
        dataset: arguments.dataset.clone(),
        databases: arguments.databases.clone(),
        output: arguments.output.clone(),
        device: arguments.device.clone(),
        no_resume: arguments.no_resume,
    };
    work(
        global,
        if arguments.dry_run {
            Job::PlanTraining(request)
        } else {
            Job::Train(request)
        },
    )
}
