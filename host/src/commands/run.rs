//! `nl2sql run`: all six stages, continuing where a stopped run left off.

use nl2sql_app::RunDependencies;
use nl2sql_catalog::{Sample, Verdict};
use nl2sql_llm::UsageReport;
use nl2sql_pipeline::{Pipeline, PipelineError, Rerun, Stage, artifact};

use super::{dry_run, open_session, usage_file};
use crate::arguments::{Global, PaidFlags, RerunFlags};
use crate::failure::{CommandError, Exit};
use crate::interrupt;
use crate::terminal::{RunReport, StageRow, Watcher, note, say_json, spent_in_words};

/// Pairs shown at the end.
const EXAMPLES: usize = 3;

pub fn run(global: &Global, flags: PaidFlags) -> Result<Exit, CommandError> {
    if flags.dry_run {
        return dry_run::run(global, &[Stage::Plan, Stage::Generate]);
    }
    with_pipeline(global, flags.rerun, |pipeline, rerun| pipeline.run(rerun))
}

/// Opens the run, does `work`, and reports.
pub fn with_pipeline(
    global: &Global,
    flags: RerunFlags,
    work: impl FnOnce(&Pipeline<'_>, Rerun) -> Result<(), PipelineError>,
) -> Result<Exit, CommandError> {
    let session = open_session(global)?;
    let (profile, place) = (session.profile(), session.place());
    let cancellation = interrupt::on_ctrl_c(session.runtime());
    let dependencies = RunDependencies::new(session.clone(), cancellation.clone());
    let watcher = Watcher::new(cancellation, global.quiet || global.json);
    let rerun = Rerun {
        accept_edits: flags.accept_edits,
        redo: flags.redo,
    };
    let pipeline = Pipeline::open(&place.folder, &place.name, profile, &dependencies, &watcher, rerun)?;
    let outcome = work(&pipeline, rerun);
    let usage = dependencies.usage()?;
    usage_file::write(&place.folder, &usage)?;
    if outcome.is_err() {
        tell_what_was_done(global, &watcher.rows(), &usage);
    }
    outcome?;
    let report = RunReport {
        name: &place.name,
        folder: &place.folder,
        rows: watcher.rows(),
        usage,
        examples: examples(&pipeline)?,
    };
    if global.json {
        say_json(&report.as_json());
    } else if !global.quiet {
        report.print();
    }
    Ok(Exit::Done)
}

/// What the stages before a failure noted, and what has been paid, since no report follows.
fn tell_what_was_done(global: &Global, rows: &[StageRow], usage: &UsageReport) {
    for row in rows {
        for text in &row.summary.notes {
            note(global, format!("{}: {text}", row.stage.name()));
        }
    }
    if !usage.lines.is_empty() {
        note(global, format!("the language model so far: {}", spent_in_words(usage)));
    }
}

/// A few accepted pairs, spread over the run.
fn examples(pipeline: &Pipeline<'_>) -> Result<Vec<Sample>, CommandError> {
    let samples = read_lines::<Sample>(pipeline, artifact::SAMPLES);
    let verdicts = read_lines::<Verdict>(pipeline, artifact::VERDICTS);
    let accepted: Vec<_> = samples
        .into_iter()
        .zip(verdicts)
        .filter(|(sample, verdict)| verdict.accepted && verdict.sample == sample.id)
        .map(|(sample, _)| sample)
        .collect();
    let step = (accepted.len() / EXAMPLES).max(1);
    Ok(accepted.into_iter().step_by(step).take(EXAMPLES).collect())
}

fn read_lines<T: serde::de::DeserializeOwned>(pipeline: &Pipeline<'_>, name: &str) -> Vec<T> {
    let text = std::fs::read_to_string(pipeline.folder().path(name)).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}
