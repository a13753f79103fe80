//! Scores predictions, compares before with after, and writes the report.

mod scoring_places;
mod verification;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, stream};
use nl2sql_catalog::Reading;
use nl2sql_evaluation::dataset::RowError;
use nl2sql_evaluation::definition::Definition;
use nl2sql_evaluation::manifest::{Manifest, digest};
use nl2sql_evaluation::predictions_file::PredictionsFile;
use nl2sql_evaluation::report::{self, Material, Report};
use nl2sql_evaluation::report::{OtherRun, Results, SettingGroup, TrainingRun, preview};
use nl2sql_evaluation::scoring::{MetricPlugin, ScoredRun, score};
use serde_json::{Value, json};

use super::JobContext;
use super::answerer::Answerer;
use super::evaluation_context::{EvaluationContext, ExampleSource};
use super::prediction::{PREDICTIONS, predict_into};
use super::recorded_settings::recorded_settings;
use crate::fleet::OfferedJob;
use crate::plugin_probe::refuse_options_of_nobody;
use crate::{AppError, BoundMetric, PromptSettings, Session};
use scoring_places::{offered_to_workers, scoring_places};

pub use verification::Verification;
pub(super) use verification::verify;

/// Examples whose result sets are shown side by side in the report.
const PREVIEWED: usize = 200;

/// Examples of which the database is asked at once for that.
const PREVIEWED_AT_ONCE: usize = 8;

/// Runs shown beside the one that is judged.
const MAX_BESIDE: usize = 5;

/// What to score.
#[derive(Clone, Debug, Default)]
pub struct EvaluateRequest {
    /// The examples.
    pub examples: ExampleSource,
    /// What is compared with: predictions, a model folder, or an adapter folder.
    pub before: Option<PathBuf>,
    /// What is judged: predictions, a model folder, or an adapter folder.
    pub after: Option<PathBuf>,
    /// Base model of adapters.
    pub model: Option<PathBuf>,
    /// Definition of execution match; the profile's by default.
    pub definition: Option<String>,
    /// Folder of the report; `eval/` of the run by default.
    pub output: Option<PathBuf>,
    /// Folders of evaluations or adapters that are shown beside it.
    pub beside: Vec<PathBuf>,
}

impl EvaluateRequest {
    fn output(&self, session: &Session) -> PathBuf {
        self.output
            .clone()
            .unwrap_or_else(|| session.place().folder.join("eval"))
    }
}

/// What came of an evaluation.
#[derive(Debug)]
pub struct EvaluationOutcome {
    /// The folder it was written to.
    pub folder: PathBuf,
    /// The report.
    pub report: Report,
}

impl EvaluationOutcome {
    /// The report as a page.
    pub fn page(&self) -> PathBuf {
        self.folder.join("report.html")
    }

    /// The outcome as data.
    pub fn as_json(&self) -> Value {
        json!({ "report": self.page(), "metrics": self.report.metrics, "outcomes": self.report.outcomes })
    }
}

/// Scores, and writes the report.
pub(super) fn evaluate(job: &JobContext, request: &EvaluateRequest) -> Result<EvaluationOutcome, AppError> {
    let context = EvaluationContext::open(job, &request.examples)?;
    let folder = request.output(&job.session);
    let report = Evaluation {
        context: &context,
        request,
        output: &folder,
    }
    .report()?;
    report::write(&report, &folder).map_err(|error| AppError::unwritable(&folder, &error))?;
    for line in &report.notes {
        job.note(line);
    }
    Ok(EvaluationOutcome { folder, report })
}

/// What came of both sides.
struct ScoredSides {
    /// Before and after.
    runs: [Option<ScoredRun>; 2],
    /// Rows that could not be read.
    row_errors: Vec<RowError>,
}

/// One evaluation under way.
struct Evaluation<'a> {
    context: &'a EvaluationContext<'a>,
    request: &'a EvaluateRequest,
    output: &'a Path,
}

impl Evaluation<'_> {
    fn report(&self) -> Result<Report, AppError> {
        let mut manifest = self.manifest()?;
        // A damaged record is reported before a model predicts for an hour.
        let training = self.training()?;
        let beside = self.beside()?;
        let metrics = self.metrics(&mut manifest)?;
        let workers = offered_to_workers(self.context.fleet.as_ref(), &metrics)?;
        let scored = self.scored(&metrics, workers.as_ref(), &mut manifest);
        if let Some(workers) = workers {
            let broken = workers.broken();
            workers.end("eval", scored.is_ok() && broken.is_none())?;
            if let Some(failure) = broken {
                return Err(failure.into());
            }
        }
        let ScoredSides { runs, row_errors } = scored?;
        let [before, after] = runs;
        let facts = self
            .context
            .examples()
            .iter()
            .map(|example| (example.id.clone(), example.facts.clone()))
            .collect();
        let material = Material {
            title: self.title(),
            before: before.as_ref(),
            after: after.as_ref(),
            facts: &facts,
            identity: self.identity(&manifest),
            configuration: self.configuration(&manifest),
            training,
            beside,
            schemas: self.schemas(),
            results: self.results([before.as_ref(), after.as_ref()]),
            row_errors,
            manifest,
        };
        Ok(Report::new(material))
    }

    /// Both sides, predicted where there are no predictions yet, and scored.
    fn scored(
        &self,
        metrics: &[Arc<BoundMetric>],
        workers: Option<&Arc<OfferedJob>>,
        manifest: &mut Manifest,
    ) -> Result<ScoredSides, AppError> {
        let mut row_errors = self.context.dataset.errors.clone();
        let mut runs = [None, None];
        let sides = [("before", &self.request.before), ("after", &self.request.after)];
        for (slot, (side, source)) in runs.iter_mut().zip(sides) {
            let Some(source) = source else { continue };
            let mut file = self.predictions(side, source, manifest)?;
            row_errors.append(&mut file.errors);
            let reading = Reading {
                following_statements: manifest.definition != Definition::Nl2sql.name(),
                // References of both sides are the same.
                reference: side == "after" || self.request.after.is_none(),
            };
            let places = scoring_places(&self.context.databases, metrics, workers, reading);
            let plugins: Vec<Arc<dyn MetricPlugin>> = metrics.iter().map(|metric| metric.clone() as _).collect();
            let runtime = self.context.session().runtime();
            *slot = Some(runtime.block_on(|| score(file.predictions, &plugins, &places)));
        }
        Ok(ScoredSides { runs, row_errors })
    }

    fn manifest(&self) -> Result<Manifest, AppError> {
        let definition = self
            .request
            .definition
            .clone()
            .unwrap_or_else(|| self.context.session().profile().evaluate.definition.clone());
        // Said before a model predicts for an hour.
        definition
            .parse::<Definition>()
            .map_err(|error| AppError::Usage(error.to_string()))?;
        let mut manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").into(),
            definition,
            seed: self.context.session().profile().run.seed,
            limit: self.request.examples.limit,
            settings: recorded_settings(self.context.session().profile()),
            ..Manifest::default()
        };
        manifest
            .digests
            .insert("data".into(), self.context.dataset.digest.clone());
        manifest
            .paths
            .insert("data".into(), self.context.dataset_path.display().to_string());
        if let Some(folder) = &self.request.examples.databases {
            manifest.paths.insert("databases".into(), folder.display().to_string());
        }
        manifest
            .digests
            .insert("schema".into(), digest(format!("{:?}", self.schemas()).as_bytes()));
        Ok(manifest)
    }

    fn metrics(&self, manifest: &mut Manifest) -> Result<Vec<Arc<BoundMetric>>, AppError> {
        refuse_options_of_nobody(self.context.session())?;
        let settings = &self.context.session().profile().evaluate;
        let database = self
            .context
            .examples()
            .first()
            .map_or("", |example| example.database.as_str());
        let mut metrics = Vec::new();
        for name in &settings.metrics {
            let mut options = settings
                .options
                .get(name)
                .map_or_else(|| json!({}), |options| json!(options));
            if name == "metric-execution" && options.get("definition").is_none() {
                options["definition"] = json!(manifest.definition);
            }
            let metric = BoundMetric::load(name, options.to_string(), self.context.databases.clone(), database)?;
            manifest
                .digests
                .insert(format!("plugin:{name}"), metric.digest().to_owned());
            metrics.push(Arc::new(metric));
        }
        Ok(metrics)
    }

    /// Predictions of one side: read from a file, or made by the model or adapter of a folder.
    fn predictions(&self, side: &str, source: &Path, manifest: &mut Manifest) -> Result<PredictionsFile, AppError> {
        let mut path = source.to_owned();
        if source.is_dir() && !source.join(PREDICTIONS).is_file() {
            let folder = self.output.join(side);
            let answerer = self.answerer(source)?;
            manifest
                .digests
                .insert(format!("weights-{side}"), weights_digest(source)?);
            self.context
                .job
                .note(format!("{side}: predicting with {}", source.display()));
            predict_into(self.context, answerer, &folder)?;
            path = folder.join(PREDICTIONS);
        } else if source.is_dir() {
            path = source.join(PREDICTIONS);
        }
        let mut file = PredictionsFile::read(&path)
            .map_err(|error| AppError::Usage(format!("the predictions {} cannot be read: {error}", path.display())))?;
        file.pair_with(self.context.examples(), self.request.examples.limit.is_some())
            .map_err(|error| AppError::Usage(format!("{}: {error}", path.display())))?;
        if let Some(settings) = file.made_with(path.parent().unwrap_or(Path::new(""))) {
            manifest.made_with.insert(side.to_owned(), settings);
        }
        manifest
            .digests
            .insert(format!("predictions-{side}"), file.digest.clone());
        manifest
            .paths
            .insert(format!("predictions-{side}"), path.display().to_string());
        Ok(file)
    }

    /// The model or adapter in a folder.
    fn answerer(&self, source: &Path) -> Result<Answerer, AppError> {
        let adapter = Some(source).filter(|folder| folder.join("adapter_config.json").is_file());
        let model = match adapter {
            Some(_) => self.base_model(),
            None => Some(source.to_owned()),
        };
        let model = self.context.model_folder(model.as_deref(), adapter)?;
        let prompts = self.prompts(&model, adapter)?;
        Answerer::local(model, adapter, prompts)
    }

    /// How a model is asked. One without a record is asked in the layout of the one it is compared with: what was learned shows only when
    /// both get the same prompts.
    fn prompts(&self, model: &Path, adapter: Option<&Path>) -> Result<PromptSettings, AppError> {
        let profile = self.context.session().profile();
        let mut prompts = PromptSettings::of_model(profile, Some(model), adapter)?;
        if prompts.recorded_in.is_none() {
            let sides = [&self.request.before, &self.request.after];
            for other in sides.into_iter().flatten().filter(|folder| folder.is_dir()) {
                let recorded = PromptSettings::of_model(profile, Some(other), None)?;
                if recorded.recorded_in.is_some() {
                    (prompts.layout, prompts.recorded_in) = (recorded.layout, recorded.recorded_in);
                }
            }
        }
        Ok(prompts)
    }

    /// The base model of an adapter: as given, else what is compared with when that is a model, else the profile's.
    fn base_model(&self) -> Option<PathBuf> {
        let before = self
            .request
            .before
            .as_ref()
            .filter(|before| before.join("config.json").is_file());
        self.request.model.as_ref().or(before).cloned()
    }

    /// The run and the databases it is about.
    fn title(&self) -> String {
        let databases: Vec<String> = self.schemas().into_keys().filter(|name| !name.is_empty()).collect();
        let about = match databases.len() {
            0 => String::new(),
            1..=3 => format!(" on {}", databases.join(", ")),
            many => format!(" on {many} databases"),
        };
        format!("Evaluation of {}{about}", self.context.session().place().name)
    }

    /// What is judged, for the header of the report.
    fn identity(&self, manifest: &Manifest) -> Vec<(String, String)> {
        let shown = |path: &Path| path.display().to_string();
        let profile = self.context.session().profile();
        let model = self.base_model().or_else(|| profile.model.path.clone());
        let adapter = [&self.request.after, &self.request.before]
            .into_iter()
            .flatten()
            .find(|folder| folder.join("adapter_config.json").is_file());
        let templates: BTreeSet<&str> = manifest
            .made_with
            .values()
            .filter_map(|settings| settings.0.get("model.template").map(String::as_str))
            .collect();
        let templates = templates.into_iter().collect::<Vec<_>>().join(", ");
        let facts = [
            ("model", model.map(|path| shown(&path))),
            ("adapter", adapter.map(|path| shown(path))),
            ("before", self.request.before.as_ref().map(|path| shown(path))),
            ("after", self.request.after.as_ref().map(|path| shown(path))),
            ("template", Some(templates)),
            ("dataset", Some(shown(&self.context.dataset_path))),
        ];
        facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.is_empty())?)))
            .collect()
    }

    /// Settings of the evaluation, for the configuration panel of the report.
    fn configuration(&self, manifest: &Manifest) -> Vec<SettingGroup> {
        let profile = self.context.session().profile();
        let scoring = SettingGroup::new(
            "Scoring",
            [
                ("definition", Some(manifest.definition.clone())),
                ("metrics", Some(profile.evaluate.metrics.join(", "))),
                ("seed", Some(manifest.seed.to_string())),
            ],
        );
        let made_with = manifest.made_with.iter().filter_map(|(side, settings)| {
            let settings = settings.0.iter();
            SettingGroup::new(
                &format!("Predictions {side}"),
                settings.map(|(name, value)| (name.as_str(), Some(value.clone()))),
            )
        });
        scoring.into_iter().chain(made_with).collect()
    }

    /// The training run of the adapter that is judged.
    fn training(&self) -> Result<Option<TrainingRun>, AppError> {
        match &self.request.after {
            Some(folder) if folder.is_dir() => {
                TrainingRun::read(folder).map_err(|error| AppError::Usage(error.to_string()))
            }
            _ => Ok(None),
        }
    }

    /// The runs to show beside it.
    fn beside(&self) -> Result<Vec<OtherRun>, AppError> {
        let folders = &self.request.beside;
        if folders.len() > MAX_BESIDE {
            return Err(AppError::Usage(format!(
                "{} runs are more than can be told apart in one plot: name at most {MAX_BESIDE} with --beside",
                folders.len()
            )));
        }
        let runs = folders.iter().map(|folder| OtherRun::read(folder));
        runs.collect::<Result<_, _>>()
            .map_err(|error| AppError::Usage(error.to_string()))
    }

    fn schemas(&self) -> BTreeMap<String, String> {
        let names: BTreeSet<&str> = self
            .context
            .examples()
            .iter()
            .map(|example| example.database.as_str())
            .collect();
        let schema = |name: &str| {
            self.context
                .databases
                .get(name)
                .and_then(|asked| asked.schema())
                .unwrap_or_default()
        };
        names.into_iter().map(|name| (name.to_owned(), schema(name))).collect()
    }

    fn results(&self, runs: [Option<&ScoredRun>; 2]) -> BTreeMap<String, Results> {
        let runner = self.context.databases.runner();
        let shown = async |database: &str, sql: &str| preview(runner.as_ref(), database, sql).await;
        let predicted = async |run: Option<&ScoredRun>, id: &str| {
            let row = run?.rows.iter().find(|row| row.prediction.id == id)?;
            Some(shown(&row.prediction.db_id, &row.prediction.predicted_sql).await)
        };
        let golds = self
            .context
            .examples()
            .iter()
            .take(PREVIEWED)
            .filter_map(|example| Some((example, example.gold.as_deref()?)));
        let [before, after] = runs;
        let asked = golds.map(|(example, gold)| async {
            let results = Results {
                gold: shown(&example.database, gold).await,
                runs: [
                    predicted(before, &example.id).await,
                    predicted(after, &example.id).await,
                ],
            };
            (example.id.clone(), results)
        });
        let runtime = self.context.session().runtime();
        runtime.block_on(|| stream::iter(asked).buffer_unordered(PREVIEWED_AT_ONCE).collect())
    }
}

/// Digest over the weight files of a model or adapter folder.
fn weights_digest(folder: &Path) -> Result<String, AppError> {
    let fail = |error: std::io::Error| AppError::Usage(format!("{} cannot be read: {error}", folder.display()));
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(fail)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .collect();
    files.sort();
    let digests: Result<Vec<String>, _> = files
        .iter()
        .map(|file| std::fs::read(file).map(|bytes| digest(&bytes)))
        .collect();
    Ok(digest(digests.map_err(fail)?.join("\n").as_bytes()))
}
