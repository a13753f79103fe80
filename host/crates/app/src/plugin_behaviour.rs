//! What an update changes in what a plugin does: the run's own samples, judged by the plugin that is locked and by the new one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_catalog::{Database, MetricRow, Sample, Severity, Verdict};
use nl2sql_pipeline::{Dependencies, Failure, Reviews, RunFolder, artifact, judge_samples};
use nl2sql_plugin_host::{Kind, Services};
use nl2sql_plugin_supply::UpdateReview;
use nl2sql_profile::{PluginSettings, Profile};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::plugins::{call_failure, load_failure};
use crate::{RunDependencies, Session};

/// Most samples that are judged.
const MAX_SAMPLES: usize = 300;

/// How the plugin that is locked and the new one judge the same samples.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Behaviour {
    /// Samples that both judged.
    pub judged: usize,
    /// Those that they judge otherwise.
    pub changes: Vec<JudgementChange>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
}

/// A sample that an update judges otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgementChange {
    /// Id of the sample.
    pub sample: String,
    /// Its question.
    pub question: String,
    /// Its statement.
    pub sql: String,
    /// What the locked plugin makes of it.
    pub before: String,
    /// What the new one does.
    pub after: String,
}

/// What a plugin makes of a sample.
#[derive(PartialEq, Eq)]
struct Judgement {
    shown: String,
    /// All of it.
    exact: String,
}

/// Judges the samples of the run by both. `file` holds the new plugin. What stands in the way is told and does not stop the review.
pub(crate) fn compare(profile: &Profile, run_folder: Option<PathBuf>, review: &UpdateReview, file: &Path) -> Behaviour {
    compared(profile, run_folder, review, file).unwrap_or_else(|reason| Behaviour {
        not_compared: Some(reason),
        ..Behaviour::default()
    })
}

fn compared(
    profile: &Profile,
    run_folder: Option<PathBuf>,
    review: &UpdateReview,
    file: &Path,
) -> Result<Behaviour, String> {
    if let Some((service, _)) = review.ungranted.first() {
        return Err(format!("it asks for `{service}`, which nobody granted"));
    }
    if review.before.imports.contains("llm") || review.after.imports.contains("llm") {
        return Err("it asks a language model, whose answers differ and cost".to_owned());
    }
    let name = &review.name;
    let before = session(profile.clone(), run_folder.clone(), name, review.before.kind)?;
    let mut updated = profile.clone();
    let settings = updated.plugins.entry(name.clone()).or_default();
    *settings = PluginSettings {
        path: Some(file.to_owned()),
        source: None,
        sha256: Some(review.after.sha256.clone()),
        grant: Some(review.after.grants.iter().cloned().collect()),
        ..settings.clone()
    };
    let after = session(updated, run_folder, name, review.after.kind)?;

    let folder = RunFolder::look_at(&before.place().folder);
    let samples = golden(&folder).map_err(|error| error.to_string())?;
    if samples.is_empty() {
        return Err(format!("{} holds no samples to judge", folder.root().display()));
    }
    let catalog: Database = folder
        .read_json(artifact::METADATA)
        .map_err(|error| error.to_string())?;
    let catalog = Arc::new(catalog);
    let judged = |which: &str, session, kind| {
        judge(session, kind, name, &catalog, &samples).map_err(|failure| format!("the {which} plugin: {failure}"))
    };
    let first = judged("locked", &before, review.before.kind)?;
    let second = judged("new", &after, review.after.kind)?;
    let pairs = samples.iter().zip(first.into_iter().zip(second));
    let changes = pairs.filter(|(_, (before, after))| before != after);
    Ok(Behaviour {
        judged: samples.len(),
        changes: changes
            .map(|(sample, (before, after))| JudgementChange {
                sample: sample.id.clone(),
                question: sample.question.clone(),
                sql: sample.sql.clone(),
                before: before.shown,
                after: after.shown,
            })
            .collect(),
        not_compared: None,
    })
}

/// A session in which the plugin has the job of its kind, alone.
fn session(mut profile: Profile, run_folder: Option<PathBuf>, name: &str, kind: Kind) -> Result<Arc<Session>, String> {
    match kind {
        Kind::Validator => profile.validate.validators = vec![name.to_owned()],
        Kind::Dialect => profile.database.dialect = name.to_owned(),
        Kind::Metric => {}
        Kind::Planner | Kind::Generator => return Err(format!("a {kind} judges no samples")),
    }
    Session::new(profile, run_folder).map_err(|error| error.to_string())
}

/// The samples of a run that show the most: those that people decided about, then the rest, spread evenly.
fn golden(folder: &RunFolder) -> Result<Vec<Sample>, nl2sql_pipeline::PipelineError> {
    let samples: Vec<Sample> = folder.lines(artifact::SAMPLES)?;
    let verdicts: Vec<Verdict> = folder.lines(artifact::VERDICTS)?;
    let reviews = Reviews::read(folder)?;
    let is_reviewed = |at: &usize| {
        let verdict = verdicts.get(*at);
        verdict.is_some_and(|verdict| reviews.of(&samples[*at], verdict).last_step().is_some())
    };
    let mut chosen: BTreeSet<usize> = (0..samples.len()).filter(is_reviewed).take(MAX_SAMPLES).collect();
    let room = MAX_SAMPLES - chosen.len();
    let rest: Vec<usize> = (0..samples.len()).filter(|at| !chosen.contains(at)).collect();
    let taken = room.min(rest.len());
    chosen.extend((0..taken).map(|number| rest[number * rest.len() / taken]));
    Ok(chosen.into_iter().map(|at| samples[at].clone()).collect())
}

fn judge(
    session: &Arc<Session>,
    kind: Kind,
    name: &str,
    catalog: &Arc<Database>,
    samples: &[Sample],
) -> Result<Vec<Judgement>, Failure> {
    let dependencies = RunDependencies::new(session.clone(), CancellationToken::new());
    match kind {
        Kind::Validator => {
            let verdicts = judge_samples(&dependencies.validators(catalog)?, samples)?;
            Ok(verdicts.iter().map(of_verdict).collect())
        }
        Kind::Dialect => {
            let dialect = dependencies.dialect(catalog)?;
            samples.iter().map(|sample| of_dialect(&*dialect, sample)).collect()
        }
        _ => metric(session, name, catalog, samples),
    }
}

fn of_verdict(verdict: &Verdict) -> Judgement {
    let codes = |severity| {
        let of_it = verdict
            .findings
            .iter()
            .filter(move |finding| finding.severity == severity);
        of_it
            .map(|finding| finding.code.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (errors, warnings) = (codes(Severity::Error), codes(Severity::Warning));
    let mut shown = match verdict.accepted {
        true => "accepted".to_owned(),
        false => format!("rejected: {errors}"),
    };
    if !warnings.is_empty() {
        shown.push_str(&format!(", with warnings: {warnings}"));
    }
    Judgement {
        shown,
        exact: format!("{:?}", verdict.findings),
    }
}

fn of_dialect(dialect: &dyn nl2sql_pipeline::Dialect, sample: &Sample) -> Result<Judgement, Failure> {
    let shown = match dialect.normalise(&sample.sql)? {
        Ok(text) => format!("reads {text}"),
        Err(error) => format!("refused: {}", error.message),
    };
    let exact = format!("{shown} {:?}", dialect.analyse(&sample.sql)?);
    Ok(Judgement { shown, exact })
}

/// Each sample's statement, scored as a prediction of the sample before it.
fn metric(
    session: &Arc<Session>,
    name: &str,
    catalog: &Arc<Database>,
    samples: &[Sample],
) -> Result<Vec<Judgement>, Failure> {
    let options = session.profile().evaluate.options.get(name).map(serde_json::to_string);
    let options = options.and_then(Result::ok).unwrap_or_else(|| "{}".to_owned());
    let dialect = Arc::new(session.dialect()?.open(catalog));
    let plugin = session.plugins()?.metric(name, Services::none().with_sql(dialect));
    let metric = plugin
        .map_err(|error| load_failure(name, &error))?
        .open(Some(catalog), &options);
    let before = samples.iter().cycle().skip(samples.len() - 1);
    let rows: Vec<MetricRow> = samples
        .iter()
        .zip(before)
        .map(|(sample, gold)| MetricRow {
            id: sample.id.clone(),
            question: gold.question.clone(),
            prediction: sample.sql.clone(),
            predicted_sql: sample.sql.clone(),
            gold: gold.sql.clone(),
            ..MetricRow::default()
        })
        .collect();
    let scores = metric.score(&rows).map_err(|error| call_failure(&error))?;
    Ok(scores
        .iter()
        .map(|score| Judgement {
            shown: format!("{:?}", score.values),
            exact: format!("{score:?}"),
        })
        .collect())
}
