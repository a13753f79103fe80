//! Runs every test: guests natively, then the host with the built guests.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use crate::process::command;
use crate::test_tally::Tally;
use crate::{checkout, plugins, python, services};

/// Names the Python that has the official clients of the chat protocols, and one of TDS.
const PYTHON: &str = "NL2SQL_TEST_PYTHON";

/// What to run.
#[derive(Args)]
pub struct TestArguments {
    /// Leave the guests' own tests out
    #[arg(long)]
    host_only: bool,
    /// Passed on to `cargo test`, e.g. a part of a test's name
    #[arg(last = true)]
    filter: Vec<String>,
}

/// Builds the plugins and runs the tests.
pub fn run_all(arguments: &TestArguments) -> Result<()> {
    plugins::build()?;
    let target = checkout::target();
    let mut tally = Tally::default();
    if !arguments.host_only {
        let guests = checkout::root().join("plugins");
        tally.run(&mut tests_of(&guests, &target.join("guests-native"), arguments))?;
    }
    let mut host = tests_of(&checkout::root(), &target, arguments);
    match python_with_clients() {
        Some(python) => host.env(PYTHON, python),
        None => host.env_remove(PYTHON),
    };
    host.envs(services::up()?);
    tally.run(&mut host)?;
    if !tally.print() {
        bail!("not every test passed");
    }
    Ok(())
}

/// Every test of a workspace, to the end; their output is shown, for that is how a test says that it is skipped.
fn tests_of(workspace: &Path, target: &Path, arguments: &TestArguments) -> std::process::Command {
    let mut tests = command("cargo");
    tests
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", target)
        .args(["test", "--workspace", "--quiet", "--no-fail-fast"])
        .args(&arguments.filter)
        .args(["--", "--show-output"]);
    tests
}

/// A Python with these clients, made below the build folder. Without Python or a package index there is none, and the tests that
/// want it are skipped by name.
fn python_with_clients() -> Option<PathBuf> {
    if let Some(named) = env::var_os(PYTHON) {
        return Some(named.into());
    }
    python::with_packages(
        &checkout::target().join("python"),
        &["openai", "anthropic", "python-tds"],
    )
    .ok()
}
