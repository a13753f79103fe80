//! `nl2sql predict`: a dataset through a model into `generated_predictions.jsonl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use nl2sql_app::{DatabaseRegistry, Endpoint, LocalModel, LocalModelSettings, Session, connect_providers};
use nl2sql_evaluation::candidates::CandidateSettings;
use nl2sql_evaluation::dataset::{Dataset, Example};
use nl2sql_evaluation::prediction::{TextGenerator, Throughput, predict};
use nl2sql_evaluation::schema_names::SchemaNames;
use nl2sql_inference::Sampling;
use nl2sql_model::device::DeviceChoice;
use serde_json::json;

use super::open_session;
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::interrupt;
use crate::terminal::{Counter, note, say, say_json};

/// Name of the file predictions go to, as LLaMA-Factory calls it.
pub const PREDICTIONS: &str = "generated_predictions.jsonl";

/// What to predict, of which databases.
#[derive(Clone, Debug, Default, Args)]
pub struct ExampleArguments {
    /// Dataset: Alpaca, ShareGPT or Spider layout; the run's test pairs by default
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,
    /// Folder of SQLite files named after the dataset's databases; the run's own database by default
    #[arg(long, value_name = "FOLDER")]
    pub databases: Option<PathBuf>,
    /// Takes the first examples only
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// `nl2sql predict`
#[derive(Clone, Debug, Args)]
pub struct PredictArguments {
    #[command(flatten)]
    pub examples: ExampleArguments,
    /// Hugging Face folder of the model; model.path of the profile by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// PEFT folder of an adapter
    #[arg(long, value_name = "FOLDER")]
    pub adapter: Option<PathBuf>,
    /// Asks the profile's language model provider instead of a model on this machine
    #[arg(long, conflicts_with_all = ["model", "adapter"])]
    pub endpoint: bool,
    /// Folder to write; predictions/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &PredictArguments) -> Result<Exit, CommandError> {
    let bench = Bench::open(global, &arguments.examples)?;
    let answerer: Box<dyn TextGenerator> = if arguments.endpoint {
        Box::new(bench.endpoint()?)
    } else {
        Box::new(bench.local_model(arguments.model.as_deref(), arguments.adapter.as_deref())?)
    };
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| bench.session.place().folder.join("predictions"));
    let throughput = bench.predict(global, answerer.as_ref(), &folder)?;
    let path = folder.join(PREDICTIONS);
    if global.json {
        say_json(&json!({
            "predictions": path, "rows": throughput.rows, "resumed": throughput.resumed, "predicted": throughput.predicted,
            "failed": throughput.failed, "tokens": throughput.tokens, "seconds": throughput.elapsed.as_secs_f64(),
        }));
    } else if !global.quiet {
        say(format!(
            "{} of {} rows predicted ({} were there), {} failed, {:.2} rows/s, {:.0} tokens/s: {}",
            throughput.predicted,
            throughput.rows,
            throughput.resumed,
            throughput.failed,
            throughput.rows_per_second(),
            throughput.tokens_per_second(),
            path.display(),
        ));
    }
    Ok(Exit::Done)
}

/// Everything predictions and their scores need: the profile, the examples, and the databases they are asked of.
pub struct Bench {
    pub session: Arc<Session>,
    pub databases: Arc<DatabaseRegistry>,
    pub dataset: Dataset,
    /// The file the dataset was read from.
    pub dataset_path: PathBuf,
}

impl Bench {
    /// Reads the examples and finishes their prompts: a bare question gets the profile's layout around it.
    pub fn open(global: &Global, arguments: &ExampleArguments) -> Result<Self, CommandError> {
        let session = open_session(global)?;
        interrupt::on_ctrl_c(session.runtime());
        let databases = match &arguments.databases {
            Some(folder) => DatabaseRegistry::of_folder(session.clone(), folder),
            None => DatabaseRegistry::of_run(session.clone())?,
        };
        let dataset_path = arguments.dataset.clone().unwrap_or_else(|| test_pairs(&session));
        let mut dataset = Dataset::read(&dataset_path, None).map_err(|error| CommandError::Usage(error.to_string()))?;
        dataset.examples.truncate(arguments.limit.unwrap_or(usize::MAX));
        for error in &dataset.errors {
            note(global, format!("{}: {error}", dataset_path.display()));
        }
        let mut bench = Self {
            session,
            databases: Arc::new(databases),
            dataset,
            dataset_path,
        };
        bench.finish_prompts()?;
        Ok(bench)
    }

    fn finish_prompts(&mut self) -> Result<(), CommandError> {
        let export = &self.session.profile().export;
        for example in self.dataset.examples.iter_mut().filter(|example| example.bare) {
            example.prompt = self
                .databases
                .user_message(export, &example.database, &example.question)?;
            if !export.system.is_empty() {
                example.system = Some(export.system.clone());
            }
        }
        Ok(())
    }

    /// The examples.
    pub fn examples(&self) -> &[Example] {
        &self.dataset.examples
    }

    /// A model on this machine, with or without an adapter.
    pub fn local_model(&self, model: Option<&Path>, adapter: Option<&Path>) -> Result<LocalModel, CommandError> {
        let settings = &self.session.profile().evaluate;
        let model = model
            .map(Path::to_owned)
            .or_else(|| self.session.profile().model.path.clone())
            .ok_or_else(|| {
                CommandError::Usage(
                    "there is no model: give its folder with --model, or set model.path in the profile".into(),
                )
            })?;
        Ok(LocalModel::load(LocalModelSettings {
            model,
            adapter: adapter.map(Path::to_owned),
            device: DeviceChoice::parse_first(&self.session.profile().model.device)?,
            template: self.session.profile().model.template.clone(),
            rows_at_once: settings.batch as usize,
            max_new_tokens: settings.max_new_tokens as usize,
            sampling: Sampling {
                temperature: settings.temperature,
                top_k: settings.top_k as usize,
                top_p: settings.top_p,
                repetition_penalty: settings.repetition_penalty,
                seed: self.session.profile().run.seed,
            },
            candidate_temperature: settings.candidate_temperature,
            names: self.names()?,
        })?)
    }

    /// The names that answers are held to, where the profile asks for that.
    fn names(&self) -> Result<BTreeMap<String, Arc<SchemaNames>>, CommandError> {
        if !self.session.profile().evaluate.held_to_schema {
            return Ok(BTreeMap::new());
        }
        let asked = self.examples().iter().map(|example| example.database.as_str());
        Ok(self.databases.names(asked)?)
    }

    fn endpoint(&self) -> Result<Endpoint, CommandError> {
        if self.session.profile().evaluate.held_to_schema {
            return Err(CommandError::Usage(
                "evaluate.held_to_schema forbids tokens while a model on this machine writes, and an endpoint cannot be held so: \
                 leave --endpoint out, or set evaluate.held_to_schema to false"
                    .into(),
            ));
        }
        let folder = &self.session.place().folder;
        std::fs::create_dir_all(folder).map_err(|error| CommandError::Unwritable {
            path: folder.clone(),
            reason: error.to_string(),
        })?;
        let cancellation = interrupt::on_ctrl_c(self.session.runtime());
        let client = connect_providers(self.session.profile(), self.session.place(), cancellation)?;
        let settings = &self.session.profile().evaluate;
        Ok(Endpoint {
            client,
            temperature: settings.temperature,
            candidate_temperature: settings.candidate_temperature,
            max_new_tokens: settings.max_new_tokens,
        })
    }

    /// Predicts every example that has no line in the folder yet.
    pub fn predict(
        &self,
        global: &Global,
        answerer: &dyn TextGenerator,
        folder: &Path,
    ) -> Result<Throughput, CommandError> {
        let counter = Counter::new("predict", global.quiet || global.json);
        let told = |throughput: &Throughput| {
            let done = (throughput.resumed + throughput.predicted) as u64;
            counter.set(done, throughput.rows as u64);
        };
        let settings = &self.session.profile().evaluate;
        let candidates = (settings.candidates > 0).then(|| CandidateSettings {
            runner: self.databases.runner(),
            count: settings.candidates,
        });
        let output = folder.join(PREDICTIONS);
        let throughput = self.session.runtime().block_on(|| {
            predict(
                answerer,
                self.examples(),
                candidates.as_ref(),
                Some(self.databases.as_ref()),
                &output,
                &told,
            )
        });
        throughput.map_err(|error| CommandError::Failed(error.to_string()))
    }
}

/// The test pairs of the run.
fn test_pairs(session: &Session) -> PathBuf {
    let (profile, place) = (session.profile(), session.place());
    let name = if profile.export.name.is_empty() {
        &place.name
    } else {
        &profile.export.name
    };
    place.folder.join("export").join(format!("{name}_test.jsonl"))
}
