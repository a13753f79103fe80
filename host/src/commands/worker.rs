//! `nl2sql worker`: does tasks of runs elsewhere.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread::available_parallelism;

use clap::Args;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::{AppError, FleetStatus, ServiceRuntime, WorkerSettings, fleet_status, work_at};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{drivers, resolve};
use crate::arguments::Global;
use crate::interrupt::cancel_on_ctrl_c;
use crate::terminal::{say, say_json, show_notes, table};

/// `nl2sql worker`
#[derive(Clone, Debug, Args)]
pub struct WorkerArguments {
    #[command(flatten)]
    pub queue: QueueFlag,
    /// Tasks of a run to do at once, and threads that compute; the number of cores by default
    #[arg(long, value_name = "NUMBER")]
    pub slots: Option<NonZero<usize>>,
    /// Name of this worker; machine and process by default
    #[arg(long, conflicts_with = "status")]
    pub name: Option<String>,
    /// Folder of SQLite files that examples are asked of, where it is another one than the coordinator's
    #[arg(long, value_name = "FOLDER", conflicts_with = "status")]
    pub databases: Option<PathBuf>,
    /// Show workers, runs and dead letters of the queue
    #[arg(long)]
    pub status: bool,
}

/// Where tasks are.
#[derive(Clone, Debug, Default, Args)]
pub struct QueueFlag {
    /// NATS server with JetStream that hands out tasks, e.g. nats://queue.example:4222; queue.url by default
    #[arg(long, value_name = "URL")]
    pub queue: Option<String>,
}

impl QueueFlag {
    /// The global flags with the queue as a setting.
    pub fn over(&self, global: &Global) -> Global {
        let mut global = global.clone();
        let queue = self.queue.as_ref().map(|url| format!("queue.url={url}"));
        global.set.extend(queue);
        global
    }
}

pub fn run(global: &Global, arguments: &WorkerArguments) -> Result<Exit, AppError> {
    let global = arguments.queue.over(global);
    let queue = resolve(&global)?.profile.queue;
    let runtime =
        ServiceRuntime::start().map_err(|error| AppError::Failed(format!("no threads can be started: {error}")))?;
    if arguments.status {
        show_status(&global, &fleet_status(&queue, &runtime)?);
        return Ok(Exit::Done);
    }
    let cancel = CancellationToken::new();
    let shown = global.clone();
    cancel_on_ctrl_c(&runtime, cancel.clone(), move || {
        show_notes(&shown, &["stopping after the tasks at hand; Ctrl-C again quits".into()]);
    });
    let told = global.clone();
    let settings = WorkerSettings {
        flags: global
            .set
            .iter()
            .filter(|flag| !flag.starts_with("queue."))
            .cloned()
            .collect(),
        databases: arguments.databases.clone(),
        drivers: Box::new(drivers),
        tell: Box::new(move |message| show_notes(&told, &[message])),
        cancel,
    };
    let slots = arguments
        .slots
        .or_else(|| available_parallelism().ok())
        .map_or(1, NonZero::get);
    // A slot is a core: what a task computes side by side shares these threads.
    rayon::ThreadPoolBuilder::new()
        .num_threads(slots)
        .build_global()
        .map_err(|error| AppError::Failed(format!("no threads can be started: {error}")))?;
    let name = arguments.name.clone().unwrap_or_else(own_name);
    show_notes(
        &global,
        &[format!("worker `{name}` waits for runs, {slots} tasks at once")],
    );
    work_at(&queue, &runtime, name, slots, settings)?;
    Ok(Exit::Done)
}

/// Machine and process.
fn own_name() -> String {
    let machine = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let machine: String = machine
        .trim()
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    let machine = if machine.is_empty() {
        "worker".to_owned()
    } else {
        machine
    };
    format!("{machine}-{}", std::process::id())
}

fn show_status(global: &Global, status: &FleetStatus) {
    if global.json {
        say_json(&json!(status));
        return;
    }
    let workers = status.workers.iter().map(|worker| {
        vec![
            worker.name.clone(),
            worker.program.clone(),
            format!("{} of {}", worker.busy, worker.slots),
            worker.done.to_string(),
            worker.given_back.to_string(),
            worker.refused.to_string(),
        ]
    });
    let header = ["worker", "version", "busy", "done", "given back", "refused"];
    say(table(&header, workers.collect()));
    let jobs = status.jobs.iter().map(|job| {
        vec![
            job.run.clone(),
            job.program.clone(),
            job.waiting.to_string(),
            job.leased.to_string(),
            job.handed_out_again.to_string(),
        ]
    });
    say("");
    say(table(
        &["run", "version", "waiting", "leased", "handed out again"],
        jobs.collect(),
    ));
    if !status.dead_letters.is_empty() {
        let letters = status
            .dead_letters
            .iter()
            .map(|letter| vec![letter.run.clone(), letter.task.clone(), letter.reason.clone()]);
        say("");
        say(table(&["dead letter of", "task", "reason"], letters.collect()));
    }
}
