//! Validators, dialects and metrics: the samples of the run, judged, read or scored by both.

use std::collections::BTreeSet;
use std::sync::Arc;

use nl2sql_catalog::{Database, MetricRow, Sample, Severity, Verdict};
use nl2sql_pipeline::{Dependencies, Failure, Reviews, RunFolder, artifact, judge_samples};
use nl2sql_plugin_host::{Kind, Services};
use tokio_util::sync::CancellationToken;

use super::{Behaviour, BehaviourChange, Compared, of_plugin};
use crate::plugins::{call_failure, load_failure};
use crate::{RunDependencies, Session};

/// Most samples that are judged.
const MAX_SAMPLES: usize = 300;

/// What a plugin makes of a sample.
#[derive(PartialEq, Eq)]
struct Judgement {
    shown: String,
    /// All of it.
    exact: String,
}

/// Samples of the run, judged by both.
pub(super) fn samples(
    folder: &RunFolder,
    kind: Kind,
    name: &str,
    before: &Arc<Session>,
    after: &Arc<Session>,
) -> Result<Behaviour, String> {
    let samples = golden(folder).map_err(|error| error.to_string())?;
    if samples.is_empty() {
        return Err(format!("{} holds no samples to judge", folder.root().display()));
    }
    let catalog: Database = folder
        .read_json(artifact::METADATA)
        .map_err(|error| error.to_string())?;
    let catalog = Arc::new(catalog);
    let first = of_plugin("locked", judge(before, kind, name, &catalog, &samples))?;
    let second = of_plugin("new", judge(after, kind, name, &catalog, &samples))?;
    let pairs = samples.iter().zip(first.into_iter().zip(second));
    let changes = pairs.filter(|(_, (before, after))| before != after);
    Ok(Behaviour {
        of: Compared::Samples,
        compared: samples.len(),
        changes: changes
            .map(|(sample, (before, after))| BehaviourChange {
                subject: sample.id.clone(),
                question: sample.question.clone(),
                sql: sample.sql.clone(),
                before: before.shown,
                after: after.shown,
            })
            .collect(),
        not_compared: None,
    })
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
