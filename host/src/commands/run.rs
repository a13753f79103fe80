//! `nl2sql run`: all six stages, continuing where a stopped run left off.

use std::path::PathBuf;

use nl2sql_catalog::{Sample, Verdict};
use nl2sql_llm::UsageReport;
use nl2sql_pipeline::{Pipeline, PipelineError, Rerun, Stage, artifact};
use nl2sql_profile::Profile;
use tokio::runtime::Runtime;

use super::{dry_run, resolve, usage_file};
use crate::arguments::{Global, PaidFlags, RerunFlags};
use crate::failure::{CommandError, Exit};
use crate::interrupt;
use crate::terminal::{RunReport, StageRow, Watcher, note, say_json, spent_in_words};
use crate::wiring::RunParts;

/// Pairs shown at the end.
const EXAMPLES: usize = 3;

pub fn run(global: &Global, flags: PaidFlags) -> Result<Exit, CommandError> {
    if flags.dry_run {
        return dry_run::run(global, &[Stage::Plan, Stage::Generate]);
    }
    with_pipeline(global, flags.rerun, |pipeline, rerun| pipeline.run(rerun))
}

/// Name and folder of a run.
pub struct RunPlace {
    pub name: String,
    pub folder: PathBuf,
}

impl RunPlace {
    /// As the flags say, else the profile, else after the database.
    pub fn of(profile: &Profile, global: &Global) -> Self {
        let database = &profile.database;
        let from_path = database.path.as_ref().and_then(|path| path.file_stem());
        let from_url = database
            .url
            .as_deref()
            .and_then(|url| url.rsplit('/').next()?.split('?').next());
        let after = from_path
            .map(|stem| stem.to_string_lossy().into_owned())
            .or_else(|| database.database.clone())
            .or_else(|| from_url.map(|name| name.trim_end_matches(".sqlite").to_owned()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "run".into());
        let chosen = Some(profile.run.name.clone()).filter(|name| !name.is_empty());
        let folder_name = global.run_dir.as_ref().and_then(|folder| folder.file_name());
        let name = chosen
            .or_else(|| folder_name.map(|name| name.to_string_lossy().into_owned()))
            .unwrap_or(after);
        let folder = global.run_dir.clone().unwrap_or_else(|| profile.run.dir.join(&name));
        Self { name, folder }
    }
}

/// The runtime drivers and providers work on.
pub fn runtime() -> Result<Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::Usage(format!("the runtime cannot start: {error}")))
}

/// Opens the run, does `work`, and reports.
pub fn with_pipeline(
    global: &Global,
    flags: RerunFlags,
    work: impl FnOnce(&Pipeline<'_>, Rerun) -> Result<(), PipelineError>,
) -> Result<Exit, CommandError> {
    let profile = resolve(global)?.profile;
    let place = RunPlace::of(&profile, global);
    let runtime = runtime()?;
    let cancellation = interrupt::on_ctrl_c(&runtime);
    let parts = RunParts::new(
        &profile,
        &place.name,
        place.folder.clone(),
        &runtime,
        cancellation.clone(),
    );
    let watcher = Watcher::new(cancellation, global.quiet || global.json);
    let rerun = Rerun {
        accept_edits: flags.accept_edits,
        redo: flags.redo,
    };
    let pipeline = Pipeline::open(&place.folder, &place.name, &profile, &parts, &watcher, rerun)?;
    let outcome = work(&pipeline, rerun);
    let usage = parts.usage()?;
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
