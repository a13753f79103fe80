//! The stages of a run.

use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nl2sql_catalog::Sample;
use nl2sql_llm::{UsageLine, UsageReport};
use nl2sql_pipeline::{Event, Observer, Pipeline, PipelineError, Rerun, RunFolder, Stage, StageSummary, artifact};
use serde::Deserialize;
use serde_json::{Value, json};

use super::JobContext;
use crate::{AppError, EventKind, RunDependencies};

/// Pairs shown at the end.
const EXAMPLES: usize = 3;
/// Name of the file that says what the language model has cost so far, by stage and topic.
pub(crate) const USAGE: &str = "usage.json";

/// One stage as it was done by this job.
#[derive(Clone, Debug)]
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// What it did.
    pub summary: StageSummary,
    /// `None` for a stage that was done before.
    pub seconds: Option<f64>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct RunOutcome {
    /// Name of the run.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// The stages in order.
    pub stages: Vec<StageRow>,
    /// What the language model has cost.
    pub usage: UsageReport,
    /// A few accepted pairs.
    pub examples: Vec<Sample>,
    /// Whether the profile names a base model, so that a training needs no other word.
    pub has_model: bool,
}

impl RunOutcome {
    /// The outcome as data.
    pub fn as_json(&self) -> Value {
        let stages: Vec<_> = self
            .stages
            .iter()
            .map(|row| json!({ "stage": row.stage.name(), "seconds": row.seconds, "summary": row.summary }))
            .collect();
        let mut usage = usage_as_json(&self.usage);
        usage["cached"] = json!(self.usage.cached);
        json!({ "run": self.name, "folder": self.folder, "stages": stages, "usage": usage, "examples": self.examples })
    }
}

/// All six stages.
pub(super) fn run(context: &JobContext, rerun: Rerun) -> Result<RunOutcome, AppError> {
    with_pipeline(context, "run", rerun, |pipeline| pipeline.run(rerun))
}

/// One stage alone.
pub(super) fn run_stage(context: &JobContext, stage: Stage, rerun: Rerun) -> Result<RunOutcome, AppError> {
    with_pipeline(context, stage.name(), rerun, |pipeline| {
        pipeline.run_stage(stage, rerun)
    })
}

/// Opens the run, does `work`, and gathers what came of it.
fn with_pipeline(
    context: &JobContext,
    job: &str,
    rerun: Rerun,
    work: impl FnOnce(&Pipeline<'_>) -> Result<(), PipelineError>,
) -> Result<RunOutcome, AppError> {
    let session = &context.session;
    let (profile, place) = (session.profile(), session.place());
    let dependencies = RunDependencies::new(session.clone(), context.cancel.clone());
    let watcher = Watcher {
        context,
        dependencies: &dependencies,
        rows: Mutex::default(),
    };
    let pipeline = Pipeline::open(
        RunFolder::open(&place.folder)?,
        &place.name,
        profile,
        &dependencies,
        &watcher,
        rerun,
    )?;
    let outcome = work(&pipeline);
    let ended = dependencies.end_fleet(job, outcome.is_ok());
    let usage = dependencies.usage()?;
    write_usage(pipeline.folder(), &usage)?;
    let stages = watcher.rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if outcome.is_err() {
        tell_what_was_done(context, &stages, &usage);
    }
    outcome?;
    ended?;
    Ok(RunOutcome {
        name: place.name.clone(),
        folder: place.folder.clone(),
        stages,
        usage,
        examples: examples(pipeline.folder()),
        has_model: context.session.profile().model.path.is_some(),
    })
}

/// Hands the pipeline's events on, and keeps what the outcome needs.
struct Watcher<'a> {
    context: &'a JobContext,
    dependencies: &'a RunDependencies,
    rows: Mutex<Vec<StageRow>>,
}

impl Watcher<'_> {
    fn keep(&self, stage: Stage, summary: &StageSummary, seconds: Option<f64>) {
        let row = StageRow {
            stage,
            summary: summary.clone(),
            seconds,
        };
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    /// Tells what was paid; nothing where no language model is asked.
    fn tell_spending(&self) {
        // A store that cannot be read fails the stage that asks it.
        let Ok(usage) = self.dependencies.usage() else { return };
        if !usage.lines.is_empty() {
            let total = usage.total();
            self.context.tell(EventKind::Spent {
                requests: total.requests,
                input_tokens: total.input_tokens,
                output_tokens: total.output_tokens,
                cost: total.known_cost(),
            });
        }
    }
}

impl Observer for Watcher<'_> {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::StageUpToDate { stage, summary } => self.keep(*stage, summary, None),
            Event::StageFinished {
                stage,
                summary,
                seconds,
            } => self.keep(*stage, summary, Some(*seconds)),
            _ => {}
        }
        self.context.tell(EventKind::from(event));
        if matches!(event, Event::Round { .. } | Event::StageFinished { .. }) {
            self.tell_spending();
        }
    }

    fn cancelled(&self) -> bool {
        self.context.cancel.is_cancelled()
    }
}

/// What the stages before a failure noted, and what has been paid, since no outcome follows.
fn tell_what_was_done(context: &JobContext, rows: &[StageRow], usage: &UsageReport) {
    for row in rows {
        for text in &row.summary.notes {
            context.note(format!("{}: {text}", row.stage.name()));
        }
    }
    if !usage.lines.is_empty() {
        let total = usage.total();
        let cost = total
            .known_cost()
            .map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}"));
        context.note(format!(
            "the language model so far: {} answers, {} tokens in, {} tokens out, cost {cost}",
            total.requests, total.input_tokens, total.output_tokens
        ));
        usage
            .fallbacks
            .iter()
            .for_each(|fallback| context.note(fallback.clone()));
    }
}

/// A few accepted pairs, spread over the run: the first of each part of the journals. Of a hundred thousand lines hardly more than theirs are
/// understood.
fn examples(folder: &RunFolder) -> Vec<Sample> {
    #[derive(Deserialize)]
    struct Judged {
        accepted: bool,
    }
    let is_accepted = |verdict: &[u8]| serde_json::from_slice(verdict).is_ok_and(|judged: Judged| judged.accepted);
    let part = lines(folder, artifact::VERDICTS).count().div_ceil(EXAMPLES).max(1);
    let judged = lines(folder, artifact::SAMPLES).zip(lines(folder, artifact::VERDICTS));
    let (mut examples, mut next) = (Vec::new(), 0);
    for (number, (sample, verdict)) in judged.enumerate() {
        if number >= next && is_accepted(&verdict) {
            examples.extend(serde_json::from_slice::<Sample>(&sample).ok());
            next = (number / part + 1) * part;
        }
    }
    examples
}

/// The lines of a journal. One that cannot be read has failed a stage before.
fn lines(folder: &RunFolder, journal: &str) -> impl Iterator<Item = Vec<u8>> + use<> {
    let reader = folder.reader(journal).ok().flatten();
    reader
        .into_iter()
        .flat_map(|reader| reader.split(b'\n').map_while(Result::ok))
}

/// Usage as data.
fn usage_as_json(usage: &UsageReport) -> Value {
    let amounts = |line: &UsageLine| json!({ "requests": line.requests, "input_tokens": line.input_tokens, "output_tokens": line.output_tokens, "cost": line.known_cost() });
    let with = |line: &UsageLine, names: &[(&str, &str)]| {
        let mut object = json!({});
        for (key, name) in names {
            object[*key] = json!(name);
        }
        if let (Some(object), Value::Object(amounts)) = (object.as_object_mut(), amounts(line)) {
            object.extend(amounts);
        }
        object
    };
    let stages: Vec<_> = usage
        .by_stage()
        .iter()
        .map(|line| with(line, &[("stage", &line.stage)]))
        .collect();
    let topics: Vec<_> = usage
        .lines
        .iter()
        .map(|line| {
            with(
                line,
                &[
                    ("stage", &line.stage),
                    ("topic", &line.purpose),
                    ("provider", &line.provider),
                ],
            )
        })
        .collect();
    json!({ "total": amounts(&usage.total()), "stages": stages, "topics": topics, "fallbacks": usage.fallbacks })
}

/// A run without a language model gets no such file.
fn write_usage(folder: &RunFolder, usage: &UsageReport) -> Result<(), AppError> {
    if !usage.lines.is_empty() {
        folder.write(USAGE, format!("{:#}\n", usage_as_json(usage)).as_bytes())?;
    }
    Ok(())
}
