//! Load and faults at full size: many streams for minutes on a model of real size, and requests made up from the API's description.

use anyhow::Result;
use clap::Args;

use crate::demo::{Profile, build_program};
use crate::process::{announce, command, run};
use crate::{checkout, python, small_model};

/// How much to ask.
#[derive(Args)]
pub struct LoadArguments {
    /// Streams at once
    #[arg(long, default_value_t = 200)]
    streams: u32,
    /// For how long
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Requests made up for each route
    #[arg(long, default_value_t = 200)]
    examples: u32,
}

/// Runs both; the figures are printed.
pub fn run_load(arguments: &LoadArguments) -> Result<()> {
    let model = small_model::smollm2(&build_program(Profile::Development)?)?;
    announce(&format!(
        "{} streams for {} seconds",
        arguments.streams, arguments.seconds
    ));
    let mut streams = end_to_end("many_streams_lose_and_mix_nothing_and_memory_stays_bounded");
    streams
        .env("NL2SQL_LOAD_MODEL", model)
        .env("NL2SQL_LOAD_STREAMS", arguments.streams.to_string())
        .env("NL2SQL_LOAD_SECONDS", arguments.seconds.to_string());
    run(&mut streams)?;
    announce("requests made up from /openapi.json");
    let python = python::with_packages(&checkout::target().join("schemathesis"), &["schemathesis"])?;
    let mut made_up = end_to_end("made_up_requests_are_answered_as_described");
    made_up
        .env("NL2SQL_TEST_SCHEMATHESIS", python)
        .env("NL2SQL_LOAD_EXAMPLES", arguments.examples.to_string());
    run(&mut made_up)
}

/// A test of the whole program, whose output is shown.
fn end_to_end(test: &str) -> std::process::Command {
    let mut tests = command("cargo");
    tests
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .args([
            "test",
            "--quiet",
            // Of the whole workspace, so that what its tests have built is used.
            "--workspace",
            "--test",
            "end_to_end",
            test,
            "--",
            "--nocapture",
        ]);
    tests
}
