//! `nl2sql eval`: scores predictions, compares before with after, and writes the report.

use std::path::PathBuf;

use clap::Args;
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::{EvaluateRequest, Job};

use super::{ExampleArguments, QueueFlag, work};
use crate::arguments::Global;

/// `nl2sql eval`
#[derive(Clone, Debug, Args)]
pub struct EvalArguments {
    #[command(flatten)]
    pub examples: ExampleArguments,
    #[command(flatten)]
    pub queue: QueueFlag,
    /// Baseline: predictions, a model folder, or an adapter folder
    #[arg(long, value_name = "FILE|FOLDER")]
    pub before: Option<PathBuf>,
    /// What to score: predictions, a model folder, or an adapter folder
    #[arg(long, value_name = "FILE|FOLDER", required_unless_present_any = ["before", "verify"])]
    pub after: Option<PathBuf>,
    /// Base model of adapters; model.path of the profile, or the model the adapter names, by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// Definition of execution match: nl2sql, test-suite, bird or spider
    #[arg(long, value_name = "NAME")]
    pub definition: Option<String>,
    /// Folder of the report; eval/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Other runs to show beside this one: folders of evaluations or adapters, at most five
    #[arg(long, value_name = "FOLDER", num_args = 1.., conflicts_with = "verify")]
    pub beside: Vec<PathBuf>,
    /// Recreate the report of this manifest and compare
    #[arg(long, value_name = "FILE", conflicts_with_all = ["before", "after"])]
    pub verify: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &EvalArguments) -> Result<Exit, AppError> {
    let request = EvaluateRequest {
        examples: arguments.examples.source(),
        before: arguments.before.clone(),
        after: arguments.after.clone(),
        model: arguments.model.clone(),
        definition: arguments.definition.clone(),
        output: arguments.output.clone(),
        beside: arguments.beside.clone(),
    };
    let job = match arguments.verify.clone() {
        Some(manifest) => Job::VerifyEvaluation { manifest, request },
        None => Job::Evaluate(request),
    };
    work(global, job)
}
