//! `nl2sql eval`: scores predictions, compares before with after, and writes the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use nl2sql_app::BoundMetric;
use nl2sql_evaluation::definition::Definition;
use nl2sql_evaluation::manifest::{Manifest, digest};
use nl2sql_evaluation::predictions_file::PredictionsFile;
use nl2sql_evaluation::report::{self, Material, Report};
use nl2sql_evaluation::report::{ResultPreview, Results, preview};
use nl2sql_evaluation::scoring::{MetricPlugin, ScoredRun, score};
use serde_json::json;

use super::predict::{Bench, ExampleArguments, PREDICTIONS};
use crate::arguments::Global;
use crate::failure::{CommandError, Exit};
use crate::terminal::{note, say, say_json, table};

/// Examples whose result sets are shown side by side in the report.
const PREVIEWED: usize = 200;

/// `nl2sql eval`
#[derive(Clone, Debug, Args)]
pub struct EvalArguments {
    #[command(flatten)]
    pub examples: ExampleArguments,
    /// What is compared with: predictions, a model folder, or an adapter folder
    #[arg(long, value_name = "FILE|FOLDER")]
    pub before: Option<PathBuf>,
    /// What is judged: predictions, a model folder, or an adapter folder
    #[arg(long, value_name = "FILE|FOLDER", required_unless_present_any = ["before", "verify"])]
    pub after: Option<PathBuf>,
    /// Base model of adapters; model.path of the profile by default
    #[arg(long, value_name = "FOLDER")]
    pub model: Option<PathBuf>,
    /// Definition of execution match: nl2sql, test-suite, bird or spider
    #[arg(long, value_name = "NAME")]
    pub definition: Option<String>,
    /// Folder of the report; eval/ of the run by default
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Makes the report of this manifest again and compares
    #[arg(long, value_name = "FILE", conflicts_with_all = ["before", "after"])]
    pub verify: Option<PathBuf>,
}

pub fn run(global: &Global, arguments: &EvalArguments) -> Result<Exit, CommandError> {
    if let Some(path) = &arguments.verify {
        return verify(global, arguments, path);
    }
    let bench = Bench::open(global, &arguments.examples)?;
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| bench.session.place().folder.join("eval"));
    let report = Evaluation {
        global,
        bench: &bench,
        arguments,
        output: &output,
    }
    .report()?;
    report::write(&report, &output).map_err(|error| CommandError::Unwritable {
        path: output.clone(),
        reason: error.to_string(),
    })?;
    for line in &report.notes {
        note(global, line);
    }
    if global.json {
        say_json(
            &json!({ "report": output.join("report.html"), "metrics": report.metrics, "outcomes": report.outcomes }),
        );
    } else if !global.quiet {
        say(metric_table(&report));
        say(format!(
            "{} examples; report: {}",
            report.examples,
            output.join("report.html").display()
        ));
    }
    Ok(Exit::Done)
}

/// One evaluation under way.
struct Evaluation<'a> {
    global: &'a Global,
    bench: &'a Bench,
    arguments: &'a EvalArguments,
    output: &'a Path,
}

impl Evaluation<'_> {
    fn report(&self) -> Result<Report, CommandError> {
        let mut manifest = self.manifest()?;
        let metrics = self.metrics(&mut manifest)?;
        let mut row_errors = self.bench.dataset.errors.clone();
        let mut runs = [None, None];
        let sides = [("before", &self.arguments.before), ("after", &self.arguments.after)];
        for (slot, (side, source)) in runs.iter_mut().zip(sides) {
            let Some(source) = source else { continue };
            let mut file = self.predictions(side, source, &mut manifest)?;
            row_errors.append(&mut file.errors);
            *slot = Some(
                self.bench
                    .session
                    .runtime()
                    .block_on(|| score(file.predictions, &metrics)),
            );
        }
        let [before, after] = runs;
        let facts = self
            .bench
            .examples()
            .iter()
            .map(|example| (example.id.clone(), example.facts.clone()))
            .collect();
        let material = Material {
            title: format!("nl2sql evaluation of {}", self.bench.dataset_path.display()),
            before: before.as_ref(),
            after: after.as_ref(),
            facts: &facts,
            reader: Some(self.bench.databases.as_ref()),
            loss: self.training_loss(),
            schemas: self.schemas(),
            results: self.results([before.as_ref(), after.as_ref()]),
            row_errors,
            manifest,
        };
        Ok(Report::new(material))
    }

    fn manifest(&self) -> Result<Manifest, CommandError> {
        let definition = self
            .arguments
            .definition
            .clone()
            .unwrap_or_else(|| self.bench.session.profile().evaluate.definition.clone());
        // Said before a model predicts for an hour.
        definition
            .parse::<Definition>()
            .map_err(|error| CommandError::Usage(error.to_string()))?;
        let mut manifest = Manifest {
            version: env!("CARGO_PKG_VERSION").into(),
            definition,
            seed: self.bench.session.profile().run.seed,
            ..Manifest::default()
        };
        manifest
            .digests
            .insert("data".into(), self.bench.dataset.digest.clone());
        manifest
            .paths
            .insert("data".into(), self.bench.dataset_path.display().to_string());
        if let Some(folder) = &self.arguments.examples.databases {
            manifest.paths.insert("databases".into(), folder.display().to_string());
        }
        let template = format!(
            "{}\n{}\n{}",
            self.bench.session.profile().model.template,
            self.bench.session.profile().export.instruction,
            self.bench.session.profile().export.prompt
        );
        manifest.digests.insert("template".into(), digest(template.as_bytes()));
        let decoding = &self.bench.session.profile().evaluate;
        let mut settings = vec![
            json!(decoding.max_new_tokens),
            json!(decoding.temperature),
            json!(decoding.top_p),
            json!(decoding.top_k),
            json!(decoding.repetition_penalty),
            json!(decoding.candidates),
            json!(decoding.candidate_temperature),
        ];
        // Said only where it is on, so that manifests from before there was such a key stay as they are.
        settings.extend(decoding.held_to_schema.then(|| json!("held_to_schema")));
        let decoding = json!(settings);
        manifest
            .digests
            .insert("decoding".into(), digest(decoding.to_string().as_bytes()));
        manifest
            .digests
            .insert("schema".into(), digest(format!("{:?}", self.schemas()).as_bytes()));
        Ok(manifest)
    }

    fn metrics(&self, manifest: &mut Manifest) -> Result<Vec<Box<dyn MetricPlugin>>, CommandError> {
        let settings = &self.bench.session.profile().evaluate;
        let database = self
            .bench
            .examples()
            .first()
            .map_or("", |example| example.database.as_str());
        let mut metrics: Vec<Box<dyn MetricPlugin>> = Vec::new();
        for name in &settings.metrics {
            let mut options = settings
                .options
                .get(name)
                .map_or_else(|| json!({}), |options| json!(options));
            if name == "metric-execution" && options.get("definition").is_none() {
                options["definition"] = json!(manifest.definition);
            }
            let metric = BoundMetric::load(name, options.to_string(), self.bench.databases.clone(), database)?;
            manifest
                .digests
                .insert(format!("plugin:{name}"), metric.digest().to_owned());
            metrics.push(Box::new(metric));
        }
        Ok(metrics)
    }

    /// Predictions of one side: read from a file, or made by the model or adapter of a folder.
    fn predictions(&self, side: &str, source: &Path, manifest: &mut Manifest) -> Result<PredictionsFile, CommandError> {
        let mut path = source.to_owned();
        if source.is_dir() && !source.join(PREDICTIONS).is_file() {
            let folder = self.output.join(side);
            let is_adapter = source.join("adapter_config.json").is_file();
            let (model, adapter) = if is_adapter {
                (self.base_model(), Some(source))
            } else {
                (Some(source.to_owned()), None)
            };
            let answerer = self.bench.local_model(model.as_deref(), adapter)?;
            manifest
                .digests
                .insert(format!("weights-{side}"), weights_digest(source)?);
            note(self.global, format!("{side}: predicting with {}", source.display()));
            self.bench.predict(self.global, &answerer, &folder)?;
            path = folder.join(PREDICTIONS);
        } else if source.is_dir() {
            path = source.join(PREDICTIONS);
        }
        let mut file = PredictionsFile::read(&path).map_err(|error| {
            CommandError::Usage(format!("the predictions {} cannot be read: {error}", path.display()))
        })?;
        file.pair_with(self.bench.examples(), self.arguments.examples.limit.is_some())
            .map_err(|error| CommandError::Usage(format!("{}: {error}", path.display())))?;
        file.extract(Some(self.bench.databases.as_ref()));
        manifest
            .digests
            .insert(format!("predictions-{side}"), file.digest.clone());
        manifest
            .paths
            .insert(format!("predictions-{side}"), path.display().to_string());
        Ok(file)
    }

    /// The base model of an adapter: as given, else what is compared with when that is a model, else the profile's.
    fn base_model(&self) -> Option<PathBuf> {
        let before = self
            .arguments
            .before
            .as_ref()
            .filter(|before| before.join("config.json").is_file());
        self.arguments.model.as_ref().or(before).cloned()
    }

    /// The loss curve of the adapter that is judged.
    fn training_loss(&self) -> Vec<(u64, f64)> {
        let log = self
            .arguments
            .after
            .as_ref()
            .map(|folder| folder.join("trainer_log.jsonl"));
        let text = log
            .and_then(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines
            .filter_map(|line| Some((line["current_steps"].as_u64()?, line["loss"].as_f64()?)))
            .collect()
    }

    fn schemas(&self) -> BTreeMap<String, String> {
        let names: std::collections::BTreeSet<&str> = self
            .bench
            .examples()
            .iter()
            .map(|example| example.database.as_str())
            .collect();
        let schema = |name: &str| {
            self.bench
                .databases
                .get(name)
                .and_then(|asked| asked.schema())
                .unwrap_or_default()
        };
        names.into_iter().map(|name| (name.to_owned(), schema(name))).collect()
    }

    fn results(&self, runs: [Option<&ScoredRun>; 2]) -> BTreeMap<String, Results> {
        let runner = self.bench.databases.runner();
        let shown = |database: &str, sql: &str| -> ResultPreview {
            self.bench
                .session
                .runtime()
                .block_on(|| preview(runner.as_ref(), database, sql))
        };
        let predicted = |run: Option<&ScoredRun>, id: &str| {
            let row = run?.rows.iter().find(|row| row.prediction.id == id)?;
            Some(shown(&row.prediction.db_id, &row.prediction.predicted_sql))
        };
        let golds = self
            .bench
            .examples()
            .iter()
            .take(PREVIEWED)
            .filter_map(|example| Some((example, example.gold.as_deref()?)));
        golds
            .map(|(example, gold)| {
                let results = Results {
                    gold: shown(&example.database, gold),
                    runs: runs.map(|run| predicted(run, &example.id)),
                };
                (example.id.clone(), results)
            })
            .collect()
    }
}

/// Digest over the weight files of a model or adapter folder.
fn weights_digest(folder: &Path) -> Result<String, CommandError> {
    let fail = |error: std::io::Error| CommandError::Usage(format!("{} cannot be read: {error}", folder.display()));
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

fn metric_table(report: &Report) -> impl std::fmt::Display {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let rows = report.metrics.iter().map(|metric| {
        let figure = |figure: Option<&nl2sql_evaluation::report::Figure>| {
            figure.map_or_else(
                || "-".to_owned(),
                |figure| {
                    let interval = figure.interval.map_or_else(String::new, |interval| {
                        format!(" [{:.2}, {:.2}]", interval.low, interval.high)
                    });
                    format!("{}{interval}", number(figure.value))
                },
            )
        };
        let p = metric
            .test
            .as_ref()
            .map_or_else(|| "-".to_owned(), |test| format!("{:.4}", test.p_value));
        vec![
            metric.name.clone(),
            figure(metric.before.as_ref()),
            figure(metric.after.as_ref()),
            number(metric.change),
            p,
        ]
    });
    table(
        &["metric", "before [95%]", "after [95%]", "change", "p"],
        rows.collect(),
    )
}

/// Makes the report of a manifest again and says in what it differs.
fn verify(global: &Global, arguments: &EvalArguments, path: &Path) -> Result<Exit, CommandError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CommandError::Usage(format!("{} cannot be read: {error}", path.display())))?;
    let recorded: Manifest = serde_json::from_str(&text)
        .map_err(|error| CommandError::Usage(format!("{} is not a manifest: {error}", path.display())))?;
    let recorded_path = |role: &str| recorded.paths.get(role).map(PathBuf::from);
    let mut again = arguments.clone();
    again.examples.dataset = again.examples.dataset.or_else(|| recorded_path("data"));
    again.examples.databases = again.examples.databases.or_else(|| recorded_path("databases"));
    again.definition = Some(recorded.definition.clone());
    again.before = recorded_path("predictions-before");
    again.after = recorded_path("predictions-after");
    let mut seeded = global.clone();
    seeded.set.push(format!("run.seed={}", recorded.seed));
    let bench = Bench::open(&seeded, &again.examples)?;
    let output = again
        .output
        .clone()
        .unwrap_or_else(|| bench.session.place().folder.join("eval"));
    let report = Evaluation {
        global,
        bench: &bench,
        arguments: &again,
        output: &output,
    }
    .report()?;
    let mut recorded = recorded;
    // Weights were digested when they predicted; the predictions themselves are what is scored again.
    recorded.digests.retain(|role, _| !role.starts_with("weights-"));
    let differences = recorded.differences(&report.manifest);
    if global.json {
        let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        say_json(&json!({ "reproduced": lines.is_empty(), "differences": lines }));
    } else if differences.is_empty() {
        say(format!("reproduced: every digest and figure of {}", path.display()));
    } else {
        differences.iter().for_each(say);
    }
    Ok(if differences.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}
