//! What predictions and their scores need: the examples, and the databases they are asked of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_evaluation::dataset::{Dataset, Example};
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_profile::{DecodingConstraint, ExportSettings};

use super::JobContext;
use crate::fleet::EvaluationFleet;
use crate::{
    AppError, DatabaseRegistry, DecodingSettings, Endpoint, EventKind, LocalModel, LocalModelSettings, PromptSettings,
    PromptWriter, Session,
};

/// What to predict, of which databases.
#[derive(Clone, Debug, Default)]
pub struct ExampleSource {
    /// Data set: Alpaca, ShareGPT or Spider layout; the run's test pairs by default.
    pub dataset: Option<PathBuf>,
    /// Folder of SQLite files named after the data set's databases; the run's own database by default.
    pub databases: Option<PathBuf>,
    /// Takes the first examples only.
    pub limit: Option<usize>,
}

/// Examples, and the databases they are asked of.
pub(super) struct EvaluationContext<'a> {
    pub(super) job: &'a JobContext,
    /// Predicts and scores, where the profile names a queue.
    pub(super) fleet: Option<EvaluationFleet>,
    pub(super) databases: Arc<DatabaseRegistry>,
    pub(super) dataset: Dataset,
    /// The file the data set was read from.
    pub(super) dataset_path: PathBuf,
}

impl<'a> EvaluationContext<'a> {
    /// Reads the examples, and opens the databases that questions without a schema are asked of.
    pub(super) fn open(job: &'a JobContext, source: &ExampleSource) -> Result<Self, AppError> {
        let session = &job.session;
        let named = Some(&session.profile().evaluate.dataset).filter(|named| !named.is_empty());
        let named = source.dataset.clone().or_else(|| named.map(PathBuf::from));
        let dataset_path = named.clone().unwrap_or_else(|| test_pairs(session));
        if named.is_none() && !dataset_path.is_file() {
            return Err(AppError::Usage(format!(
                "{} is not there: run `nl2sql run` first, or name a data set with --dataset",
                dataset_path.display()
            )));
        }
        let databases = match &source.databases {
            Some(folder) => DatabaseRegistry::of_folder(session.clone(), folder),
            None => DatabaseRegistry::of_run(session.clone())?,
        };
        let mut dataset = Dataset::read(&dataset_path, None).map_err(|error| AppError::Usage(error.to_string()))?;
        dataset.examples.truncate(source.limit.unwrap_or(usize::MAX));
        for error in &dataset.errors {
            job.note(format!("{}: {error}", dataset_path.display()));
        }
        if dataset.examples.is_empty() {
            return Err(AppError::Usage(format!(
                "{} holds no examples, so there is nothing to predict or to score",
                dataset_path.display()
            )));
        }
        // A server's databases are told by a mapping, whose gaps show before a model predicts for an hour.
        let on_server = source.databases.is_none();
        let asked = dataset.examples.iter().filter(|example| example.bare || on_server);
        for database in asked.map(|example| example.database.as_str()).collect::<BTreeSet<_>>() {
            databases.get(database)?;
        }
        Ok(Self {
            job,
            fleet: EvaluationFleet::of(session, &job.cancel, source.databases.as_deref())?,
            databases: Arc::new(databases),
            dataset,
            dataset_path,
        })
    }

    /// The session.
    pub(super) fn session(&self) -> &'a Session {
        &self.job.session
    }

    /// The examples with finished prompts: a bare question gets the layout around it.
    pub(super) fn prompted(&self, layout: &ExportSettings) -> Result<Vec<Example>, AppError> {
        let mut examples = self.dataset.examples.clone();
        let mut writer = PromptWriter::new(&self.databases, layout);
        for example in examples.iter_mut().filter(|example| example.bare) {
            writer.write(example)?;
        }
        if writer.without_evidence > 0 {
            self.job.note(format!(
                "questions that come with evidence which no prompt shows: {}; put {{evidence}} into export.prompt",
                writer.without_evidence
            ));
        }
        if writer.without_topic > 0 {
            self.job.note(format!(
                "questions that belong to no topic of the run, so that their prompts show every table instead of a topic's: {}",
                writer.without_topic
            ));
        }
        Ok(examples)
    }

    /// The examples.
    pub(super) fn examples(&self) -> &[Example] {
        &self.dataset.examples
    }

    /// The folder of a model: the one given, else the profile's, else what the adapter's configuration names.
    pub(super) fn model_folder(&self, model: Option<&Path>, adapter: Option<&Path>) -> Result<PathBuf, AppError> {
        let profile = self.session().profile();
        let folder = match model.map(Path::to_owned).or_else(|| profile.model.path.clone()) {
            Some(folder) => folder,
            None => self.base_of_adapter(adapter)?,
        };
        refuse_gguf(&folder)?;
        Ok(folder)
    }

    /// A model on this machine, with or without an adapter, asked by these settings.
    pub(super) fn local_model(
        &self,
        model: &Path,
        adapter: Option<&Path>,
        prompts: &PromptSettings,
    ) -> Result<Arc<LocalModel>, AppError> {
        let profile = self.session().profile();
        let settings = &profile.evaluate;
        self.job.tell(EventKind::LoadingModel {
            model: model.display().to_string(),
        });
        Ok(self.session().local_models().get(&LocalModelSettings {
            model: model.to_owned(),
            adapter: adapter.map(Path::to_owned),
            device: profile.model.device.clone(),
            template: prompts.template.clone(),
            default_system: prompts.default_system.clone(),
            thinking: prompts.thinking,
            rows_at_once: settings.batch as usize,
        })?)
    }

    /// How answers are written, as the profile says.
    pub(super) fn decoding(&self) -> Result<DecodingSettings, AppError> {
        let profile = self.session().profile();
        let constraints = match self.constrained_databases() {
            asked if asked.is_empty() => BTreeMap::new(),
            asked => {
                let asked = asked.iter().map(String::as_str);
                self.databases.schema_constraints(asked, profile.evaluate.constrain)?
            }
        };
        Ok(DecodingSettings::of_evaluation(profile, constraints))
    }

    /// Databases whose names answers are held to, where the profile asks for that.
    pub(super) fn constrained_databases(&self) -> Vec<String> {
        match self.session().profile().evaluate.constrain {
            DecodingConstraint::None => Vec::new(),
            DecodingConstraint::Schema | DecodingConstraint::Keys => {
                let asked: BTreeSet<_> = self.examples().iter().map(|example| example.database.clone()).collect();
                asked.into_iter().collect()
            }
        }
    }

    /// The base model that an adapter's configuration names, where that is a folder here.
    fn base_of_adapter(&self, adapter: Option<&Path>) -> Result<PathBuf, AppError> {
        let missing = "give the folder of the base model with --model, or set model.path in the profile";
        let Some(adapter) = adapter else {
            return Err(AppError::Usage(format!("no model is named: {missing}")));
        };
        let named = AdapterConfig::read(adapter)?.base_model;
        let folder = PathBuf::from(&named);
        if folder.join("config.json").is_file() {
            self.job.note(format!("base model of {}: {named}", adapter.display()));
            return Ok(folder);
        }
        Err(AppError::Usage(format!(
            "the adapter {} was trained on `{named}`, which is not a model folder here: {missing}",
            adapter.display()
        )))
    }

    /// The profile's language model, as an answerer of chats.
    pub(super) fn endpoint(&self) -> Result<Endpoint, AppError> {
        let session = self.session();
        let settings = &session.profile().evaluate;
        if settings.constrain != DecodingConstraint::None {
            return Err(AppError::Usage(
                "evaluate.constrain masks tokens while a model on this machine writes, and the answers of an endpoint cannot be constrained so: \
                 leave --endpoint out, or set evaluate.constrain to \"none\""
                    .into(),
            ));
        }
        let folder = &session.place().folder;
        std::fs::create_dir_all(folder).map_err(|error| AppError::unwritable(folder, &error))?;
        Ok(Endpoint {
            client: session.language_model(self.job.cancel.clone())?,
            temperature: settings.temperature,
            candidate_temperature: settings.candidate_temperature,
            max_new_tokens: settings.max_new_tokens,
            cancel: self.job.cancel.clone(),
        })
    }
}

/// A GGUF file is no model folder, but can be made into one.
pub(super) fn refuse_gguf(model: &Path) -> Result<(), AppError> {
    let is_gguf = model.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("gguf"));
    if is_gguf && !model.is_dir() {
        let folder = model.with_extension("");
        return Err(AppError::Usage(format!(
            "{0} is a GGUF file, and a model folder is needed: import it with `nl2sql model import {0} {1}`, then name {1}",
            model.display(),
            folder.display()
        )));
    }
    Ok(())
}

/// The test pairs of the run, in the first form that it has exported them in.
fn test_pairs(session: &Session) -> PathBuf {
    let (profile, place) = (session.profile(), session.place());
    let name = if profile.export.name.is_empty() {
        &place.name
    } else {
        &profile.export.name
    };
    let export = place.folder.join("export");
    let forms = ["_test.jsonl", "_test.json", "_test_sharegpt.json"].map(|form| export.join(format!("{name}{form}")));
    let exported = forms.iter().find(|file| file.is_file());
    exported.unwrap_or(&forms[0]).clone()
}
