//! What workers bring: stages of many tables and rows by one process, and by 1 to 8 workers over a queue.
//!
//! No peer does the same; the plain command is what workers are compared with. On a machine with few cores they cannot help beyond these: what is
//! measured then is what coordinator and queue cost. A worker has one core, and a database server as many as there are workers: what a single worker
//! gained by a server on other cores, a second one would seem to lose.

mod arguments;
mod fleet;
mod judging;
mod pair_generation;
mod postgres_server;

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread::{self, available_parallelism};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use clap::Parser;

use self::arguments::{MeasuredStage, WorkersArguments};
use self::fleet::{Fleet, Size};
use self::judging::Judging;
use self::pair_generation::PairGeneration;
use self::postgres_server::PostgresServer;
use crate::demo::{Profile, build_program};
use crate::process::{command, run};
use crate::{checkout, cpu_time, services};

/// Name of the measure without a queue.
const PLAIN: &str = "plain";

/// What is done with and without workers.
trait Stage: Sync {
    /// What is measured.
    fn title(&self) -> String;

    /// What is counted.
    fn unit(&self) -> &'static str;

    /// Variables with the secrets that its profile names, for the command and for workers.
    fn secrets(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Holds the server that it asks, if there is one, to so many cores.
    fn hold_server_to(&self, cores: usize) -> Result<()> {
        let _ = cores;
        Ok(())
    }

    /// CPU seconds of that server so far.
    fn server_cpu(&self) -> Result<f64> {
        Ok(0.0)
    }

    /// Does it once by `place`. `name` is of this measure alone.
    fn run(&self, name: &str, place: Place<'_>) -> Result<Took>;

    /// Fails where the measure `name` came to other bytes than the plain one.
    fn same_bytes(&self, name: &str) -> Result<()>;
}

/// Where a command has its work done.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// In its own process, on every core.
    Here,
    /// In its own process, on this core.
    OnCore(usize),
    /// By the workers of a queue.
    Queue(&'a str),
    /// By the workers of a queue, the command itself on this core.
    QueueOnCore(usize, &'a str),
}

impl Place<'_> {
    /// A command that begins so.
    fn command(self, program: &Path) -> Result<Command> {
        match self {
            Self::OnCore(core) | Self::QueueOnCore(core, _) => on_core(core, program),
            Self::Here | Self::Queue(_) => Ok(command(program)),
        }
    }

    /// What the command is told of it.
    fn arguments(self) -> Vec<String> {
        match self {
            Self::Queue(url) | Self::QueueOnCore(_, url) => vec!["--queue".to_owned(), url.to_owned()],
            Self::Here | Self::OnCore(_) => Vec::new(),
        }
    }
}

/// A program that has one core, as if it ran on a machine of one: a single worker would take all there are, and a second one bring nothing.
fn on_core(core: usize, program: &Path) -> Result<Command> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let taskset = services::find_program("taskset").context("taskset of util-linux is missing")?;
    let mut held = command(taskset);
    held.args(["--cpu-list", &(core % cores).to_string()]).arg(program);
    Ok(held)
}

/// What one command took.
struct Took {
    /// Seconds.
    wall: f64,
    /// CPU seconds of the process itself.
    cpu: f64,
    /// Pairs or rows done.
    items: f64,
}

impl Took {
    /// Runs a command to its end.
    fn by(command: &mut Command) -> Result<Self> {
        let (cpu, start) = (cpu_time::of_children()?, Instant::now());
        run(command)?;
        Ok(Self {
            wall: start.elapsed().as_secs_f64(),
            cpu: cpu_time::of_children()? - cpu,
            items: 0.0,
        })
    }
}

/// Measures and prints.
pub fn run_workers(more: &[String]) -> Result<()> {
    let name = "cargo xtask bench workers --".to_owned();
    let arguments = WorkersArguments::parse_from(std::iter::once(&name).chain(more));
    let nl2sql = match &arguments.program {
        Some(program) => fs::canonicalize(program)?,
        None => build_program(Profile::Release)?,
    };
    let folder = checkout::target().join("bench").join("workers");
    for stage in &arguments.stages {
        let folder = folder.join(stage.name());
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let measured: Box<dyn Stage> = match stage {
            MeasuredStage::Pairs => Box::new(PairGeneration::prepare(&nl2sql, &folder)?),
            MeasuredStage::Sqlite => Box::new(Judging::on_sqlite(&nl2sql, &folder)?),
            MeasuredStage::Postgres => Box::new(Judging::on_postgres(&nl2sql, &folder, PostgresServer::start()?)?),
        };
        measure(&nl2sql, &folder, &*measured, &arguments.workers)?;
    }
    Ok(())
}

/// One command on a core, and the slower of two at once: what a second core of this machine brings where nothing is shared.
fn side_by_side(stage: &dyn Stage) -> Result<(Took, Took)> {
    stage.hold_server_to(1)?;
    let alone = stage.run("alone", Place::OnCore(0))?;
    stage.hold_server_to(2)?;
    let (left, right) = thread::scope(|scope| {
        let left = scope.spawn(|| stage.run("left", Place::OnCore(0)));
        let right = stage.run("right", Place::OnCore(1));
        (left.join(), right)
    });
    let left = left.map_err(|_| anyhow!("the bench failed"))??;
    let right = right?;
    Ok((alone, if left.wall > right.wall { left } else { right }))
}

fn measure(nl2sql: &Path, folder: &Path, stage: &dyn Stage, workers: &[usize]) -> Result<()> {
    let unit = stage.unit();
    println!("{}", stage.title());
    let plain = stage.run(PLAIN, Place::Here)?;
    let rate = |took: &Took| took.items / took.wall;
    println!(
        "  without a queue   {:7.1} s  {:7.0} {unit}s/s",
        plain.wall,
        rate(&plain)
    );
    let (alone, beside) = side_by_side(stage)?;
    println!(
        "  on one core       {:7.1} s  {:7.0} {unit}s/s  two such commands at once, a core each: {:.2}x one",
        alone.wall,
        rate(&alone),
        2.0 * alone.wall / beside.wall,
    );
    stage.hold_server_to(1)?;
    let all_on_one = Fleet::start(nl2sql, Size::OneCore, &folder.join("nats"), stage.secrets())?;
    let one_core = stage.run("core", Place::QueueOnCore(0, &all_on_one.url()))?;
    drop(all_on_one);
    stage.same_bytes("core")?;
    println!(
        "  all on one core   {:7.1} s  {:7.0} {unit}s/s  1 worker, coordinator and queue",
        one_core.wall,
        rate(&one_core)
    );
    let mut one = None;
    for &count in workers {
        let name = format!("by{count}");
        let folder = folder.join(format!("nats{count}"));
        stage.hold_server_to(count)?;
        let fleet = Fleet::start(nl2sql, Size::Workers(count), &folder, stage.secrets())?;
        let before = stage.server_cpu()?;
        let took = stage.run(&name, Place::Queue(&fleet.url()))?;
        let (traffic, queue, workers) = (fleet.traffic()?, fleet.queue_cpu()?, fleet.workers_cpu()?);
        let all = took.cpu + queue + workers + stage.server_cpu()? - before;
        println!(
            "  {count} worker{}          {:7.1} s  {:7.0} {unit}s/s  {:4.2}x one, {:4.2}x all on one core  coordinator {:4.1}%, queue {:4.1}% of {all:.1} s CPU  {:.0} messages/s  {:.0} bytes a {unit}",
            if count == 1 { " " } else { "s" },
            took.wall,
            rate(&took),
            *one.get_or_insert(took.wall) / took.wall,
            one_core.wall / took.wall,
            100.0 * took.cpu / all,
            100.0 * queue / all,
            traffic.messages / took.wall,
            traffic.bytes / took.items,
        );
        stage.same_bytes(&name)?;
    }
    Ok(())
}
