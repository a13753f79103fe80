//! `nl2sql predict`: a data set through a model into `generated_predictions.jsonl`.

use std::path::PathBuf;

use clap::Args;
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::{ExampleSource, Job, PredictRequest};

use super::work;
use super::worker::QueueFlag;
use crate::arguments::Global;

/// What to predict, of which databases.
#[derive(Clone, Debug, Default, Args)]
pub struct ExampleArguments {
    /// Dataset: Alpaca, ShareGPT or Spider layout; the run's test pairs by default
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,
    /// Folder of SQLite files named after the dataset's databases; the run's own database by default
    #[arg(long, value_name = "FOLDER")]
    pub databases: Option<PathBuf>,
    /// Take only the first examples
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// `nl2sql predict`
#[derive(Clone, Debug, Args)]
pub struct PredictArguments {
    #[command(flatten)]
    pub examples: ExampleArguments,
    #[command(flatten)]
    pub queue: QueueFlag,
    /// Hugging Face folder of the model; model.path of the profile by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// PEFT folder of an adapter
    #[arg(long, value_name = "FOLDER")]
    pub adapter: Option<PathBuf>,
    /// Ask the profile's language model provider instead of a model on this machine
    #[arg(long, conflicts_with_all = ["model", "adapter"])]
    pub endpoint: bool,
    /// Folder to write; predictions/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &PredictArguments) -> Result<Exit, AppError> {
    let request = PredictRequest {
        examples: arguments.examples.source(),
        model: arguments.model.clone(),
        adapter: arguments.adapter.clone(),
        endpoint: arguments.endpoint,
        output: arguments.output.clone(),
    };
    work(global, Job::Predict(request))
}

impl ExampleArguments {
    /// The examples they name.
    pub fn source(&self) -> ExampleSource {
        ExampleSource {
            dataset: self.dataset.clone(),
            databases: self.databases.clone(),
            limit: self.limit,
        }
    }
}
