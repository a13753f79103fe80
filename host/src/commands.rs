//! One file per verb.

mod completions;
mod connect;
mod doctor;
mod dry_run;
mod eval;
mod init;
mod model;
mod own_pairs;
mod plugin;
mod predict;
mod profile;
mod reference;
mod run;
mod stage;
mod train;
mod usage_file;

pub use eval::EvalArguments;
pub use model::ModelCommand;
pub use predict::PredictArguments;
pub use reference::Page;
pub use train::TrainArguments;
pub use usage_file::as_json as usage_as_json;

use std::sync::Arc;

use nl2sql_app::Session;
use nl2sql_pipeline::Stage;
use nl2sql_profile::{Layers, Resolved};

use crate::arguments::{Arguments, Command, Global};
use crate::failure::{CommandError, Exit};

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CommandError> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Init { database, output } => init::run(global, database.as_deref(), output),
        Command::Doctor => doctor::run(global),
        Command::Connect => connect::run(global),
        Command::Extract(rerun) => stage::run(global, Stage::Extract, *rerun),
        Command::Cards(rerun) => stage::run(global, Stage::Cards, *rerun),
        Command::Plan(flags) => stage::run_paid(global, Stage::Plan, *flags),
        Command::Generate(flags) => stage::run_paid(global, Stage::Generate, *flags),
        Command::Validate(rerun) => stage::run(global, Stage::Validate, *rerun),
        Command::Export(rerun) => stage::run(global, Stage::Export, *rerun),
        Command::Run(flags) => run::run(global, *flags),
        Command::Model(command) => model::run(global, command),
        Command::Train(arguments) => train::run(global, arguments),
        Command::Predict(arguments) => predict::run(global, arguments),
        Command::Eval(arguments) => eval::run(global, arguments),
        Command::Plugin(command) => plugin::run(global, command),
        Command::Profile(command) => profile::run(global, command),
        Command::Reference { page } => reference::run(*page),
        Command::Completions { shell } => completions::run(global, *shell),
    }
}

/// The profile the global flags ask for.
pub fn resolve(global: &Global) -> Result<Resolved, CommandError> {
    let mut flags = global.set.clone();
    if global.offline {
        flags.push("llm.offline=true".into());
    }
    let layers = Layers {
        profile: global.profile.clone(),
        flags,
        ..Layers::default()
    };
    Ok(layers.resolve()?)
}

/// A session of the profile the global flags ask for.
pub fn open_session(global: &Global) -> Result<Arc<Session>, CommandError> {
    session_of(&resolve(global)?, global)
}

/// A session of a resolved profile.
pub fn session_of(resolved: &Resolved, global: &Global) -> Result<Arc<Session>, CommandError> {
    Session::new(resolved.profile.clone(), global.run_dir.clone()).map_err(no_threads)
}

fn no_threads(error: std::io::Error) -> CommandError {
    CommandError::Failed(format!("no threads can be started: {error}"))
}
