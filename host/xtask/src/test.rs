//! Runs every test: guests natively, then the host with the built guests.

use std::env;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Result, anyhow, bail};
use clap::Args;

use crate::bootstrap::{Need, bootstrap};
use crate::process::{announce, command, run};
use crate::test_tally::Tally;
use crate::test_tools::TestTools;
use crate::{checkout, page, plugins, services};

/// Says how many tests of a binary run at once.
const THREADS: &str = "RUST_TEST_THREADS";

/// Tests for each core: many wait for servers, clocks and programs.
const WAITING_TESTS: usize = 2;

/// How cargo builds the plugins that tests bring along: quick to build matters there, quick to run does not.
const QUICK_GUESTS: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

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
    bootstrap(
        &[
            Need::GuestToolchain,
            Need::Servers,
            Need::Page,
            Need::Browser,
            Need::WrongClock,
            Need::Networks,
        ],
        false,
    )?;
    plugins::build()?;
    page::build_if_possible();
    announce("starting private PostgreSQL, MariaDB and registry");
    let servers = services::up()?;
    let mut tally = Tally::default();
    if !arguments.host_only {
        for workspace in ["plugins", "plugins/more"] {
            let guests = Tests {
                workspace: checkout::root().join(workspace),
                target: checkout::target().join("guests-native"),
            };
            announce(&format!("building the tests of {workspace} (a minute the first time)"));
            guests.build()?;
            announce("running them");
            tally.run(guests.run(arguments).envs(servers.clone()))?;
        }
    }
    let host = Tests {
        workspace: checkout::root(),
        target: checkout::target(),
    };
    announce("building program and tests (8 to 14 minutes on two cores the first time, and some 4 GiB of memory)");
    let tools = std::thread::scope(|scope| {
        let tools = scope.spawn(TestTools::install);
        host.build()?;
        tools
            .join()
            .map_err(|_| anyhow!("the tools of the tests were not installed"))
    })?;
    announce("running the tests (4 to 9 minutes)");
    let mut run = host.run(arguments);
    tools.name_to(&mut run);
    run.envs(QUICK_GUESTS);
    if env::var_os(THREADS).is_none() {
        let cores = available_parallelism().map_or(1, NonZero::get);
        run.env(THREADS, (WAITING_TESTS * cores).to_string());
    }
    tally.run(run.envs(servers))?;
    if !tally.print() {
        bail!("not every test passed");
    }
    Ok(())
}

/// The tests of a workspace.
struct Tests {
    workspace: PathBuf,
    target: PathBuf,
}

impl Tests {
    fn cargo(&self) -> Command {
        let mut cargo = command("cargo");
        cargo
            .current_dir(&self.workspace)
            .env("CARGO_TARGET_DIR", &self.target)
            .args(["test", "--workspace"]);
        cargo
    }

    /// Compiles them, with cargo's own progress.
    fn build(&self) -> Result<()> {
        run(self.cargo().arg("--no-run"))
    }

    /// Runs them to the end; their output is shown, for that is how a test says that it is skipped.
    fn run(&self, arguments: &TestArguments) -> Command {
        let mut tests = self.cargo();
        tests
            .args(["--quiet", "--no-fail-fast"])
            .args(&arguments.filter)
            .args(["--", "--show-output"]);
        tests
    }
}
