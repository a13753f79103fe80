//! One file per verb with arguments of its own; the others are here.

mod adbc_probe;
mod ask;
mod completions;
mod eval;
mod glossary;
mod init;
mod mcp;
mod model;
mod plugin;
mod plugin_audit;
mod plugin_supply;
mod predict;
mod profile;
mod reference;
mod serve;
mod train;
mod worker;

pub use ask::AskArguments;
pub use eval::EvalArguments;
pub use glossary::GlossaryArguments;
pub use mcp::McpArguments;
pub use model::ModelCommand;
pub use plugin_supply::{AddArguments, SearchArguments, UpdateArguments};
pub use predict::{ExampleArguments, PredictArguments};
pub use reference::Page;
pub use serve::ServeArguments;
pub use train::TrainArguments;
pub use worker::{QueueFlag, WorkerArguments};

use std::sync::Arc;

use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::Job;
use nl2sql_app::{AppError, Session};
use nl2sql_database::{DriverRegistry, ProbeCommand};
use nl2sql_pipeline::{Rerun, Stage};
use nl2sql_profile::{Layers, Profile, Resolved};

use crate::arguments::{Arguments, Command, Global, PaidFlags, RerunFlags};
use crate::terminal::{show_notes, show_outcome};
use crate::work::perform;

/// What a command logs where `NL2SQL_LOG` says nothing. Servers tell strangers little, and say the rest in their log.
pub fn usual_log(command: &Command) -> &'static str {
    match command {
        Command::Serve(_) | Command::Mcp(_) => "error,nl2sql=warn,async_nats=off",
        _ => "error,async_nats=off",
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, AppError> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init {
            source,
            database,
            ddl,
            dialect,
            output,
        } => {
            let database = source.as_deref().or(database.as_deref());
            init::run(global, database, ddl.as_deref(), dialect.as_deref(), output)
        }
        Command::AdbcProbe { library, entrypoint } => Ok(adbc_probe::run(library, entrypoint)),
        Command::Doctor => check_setup(global),
        Command::Connect => work_on_database(global, Job::CheckConnection),
        Command::Extract(rerun) => stage(global, Stage::Extract, *rerun),
        Command::Cards(rerun) => stage(global, Stage::Cards, *rerun),
        Command::Plan(flags) => paid_stage(global, Stage::Plan, *flags),
        Command::Glossary(arguments) => glossary::run(global, arguments),
        Command::Generate(flags) => paid_stage(&flags.queue.over(global), Stage::Generate, flags.paid),
        Command::Validate(flags) => stage(&flags.queue.over(global), Stage::Validate, flags.rerun),
        Command::Export(rerun) => stage(global, Stage::Export, *rerun),
        Command::Run(flags) if flags.paid.dry_run => {
            work_on_database(global, Job::EstimateCost(vec![Stage::Plan, Stage::Generate]))
        }
        Command::Run(flags) => work_on_database(&flags.queue.over(global), Job::Run(rerun(flags.paid.rerun))),
        Command::Model(command) => model::run(global, command),
        Command::Train(arguments) => train::run(global, arguments),
        Command::Predict(arguments) => predict::run(&arguments.queue.over(global), arguments),
        Command::Eval(arguments) => eval::run(&arguments.queue.over(global), arguments),
        Command::Ask(arguments) => ask::run(global, arguments),
        Command::Serve(arguments) => serve::run(global, arguments),
        Command::Mcp(arguments) => mcp::run(global, arguments),
        Command::Worker(arguments) => worker::run(global, arguments),
        Command::Plugin(command) => plugin::run(global, command),
        Command::Profile(command) => profile::run(global, command),
        Command::Reference { page } => reference::run(*page),
        Command::Completions { shell } => completions::run(global, *shell),
    }
}

fn stage(global: &Global, stage: Stage, flags: RerunFlags) -> Result<Exit, AppError> {
    work_on_database(global, Job::Stage(stage, rerun(flags)))
}

/// A stage that may ask a language model.
fn paid_stage(global: &Global, stage: Stage, flags: PaidFlags) -> Result<Exit, AppError> {
    if flags.dry_run {
        return work_on_database(global, Job::EstimateCost(vec![stage]));
    }
    work_on_database(global, Job::Stage(stage, rerun(flags.rerun)))
}

fn rerun(flags: RerunFlags) -> Rerun {
    Rerun {
        accept_edits: flags.accept_edits,
        redo: flags.redo,
    }
}

fn check_setup(global: &Global) -> Result<Exit, AppError> {
    let resolved = resolve(global)?;
    let profile = resolved
        .file
        .as_ref()
        .map_or_else(|| "no file, defaults".into(), |path| path.display().to_string());
    let session = session(resolved.profile, global)?;
    let outcome = perform(global, &session, Job::CheckSetup { profile })?;
    Ok(show_outcome(global, &outcome))
}

/// Does a job of the profile's session, and shows what came of it.
pub fn work(global: &Global, job: Job) -> Result<Exit, AppError> {
    let outcome = perform(global, &open_session(global)?, job)?;
    Ok(show_outcome(global, &outcome))
}

/// A job that needs the database of a profile.
fn work_on_database(global: &Global, job: Job) -> Result<Exit, AppError> {
    let resolved = resolve(global)?;
    if resolved.file.is_none() && !resolved.profile.database.is_named() {
        return Err(AppError::Usage(
            "no nl2sql.toml here; run `nl2sql init <file or URL>`, or name a profile with --profile or a database with \
             --set database.path=<file>"
                .into(),
        ));
    }
    let session = session(resolved.profile, global)?;
    Ok(show_outcome(global, &perform(global, &session, job)?))
}

/// The profile the global flags ask for.
pub fn resolve(global: &Global) -> Result<Resolved, AppError> {
    let mut flags = global.set.clone();
    if global.offline {
        flags.push("llm.offline=true".into());
    }
    let layers = Layers {
        profile: global.profile.clone(),
        flags,
        ..Layers::default()
    };
    let resolved = layers.resolve()?;
    show_notes(global, &resolved.notes);
    Ok(resolved)
}

fn open_session(global: &Global) -> Result<Arc<Session>, AppError> {
    session(resolve(global)?.profile, global)
}

/// A session of a profile.
fn session(profile: Profile, global: &Global) -> Result<Arc<Session>, AppError> {
    Session::with_drivers(profile, global.run_dir.clone(), drivers())
}

/// The drivers that databases are reached by. Driver libraries are tried by this program, started again for that.
fn drivers() -> DriverRegistry {
    let probe = std::env::current_exe().ok().map(|program| ProbeCommand {
        program: program.into(),
        arguments: vec![adbc_probe::NAME.into()],
    });
    DriverRegistry::built_in(probe)
}
