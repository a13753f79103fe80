//! How long the program takes to start, and a whole run when everything it needs is warm.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::checkout;
use crate::demo::{DATABASES, Profile, build_program, demo_command, make_database, profiles};
use crate::process::command;

/// How often the help is asked for.
const HELPS: usize = 41;

/// How often the six stages are run on each database.
const RUNS: usize = 7;

/// Measures the real program and prints medians, with the fastest and the slowest of each.
pub fn measure() -> Result<()> {
    let nl2sql = build_program(Profile::Release)?;
    let folder = checkout::target().join("startup");
    fs::create_dir_all(&folder)?;
    print(
        "nl2sql --help",
        &timed(HELPS, || {
            let mut help = command(&nl2sql);
            help.arg("--help");
            help
        })?,
    );
    for name in DATABASES {
        make_database(
            &profiles().join(format!("{name}.sql")),
            &folder.join(format!("{name}.sqlite")),
        )?;
        let run_folder = folder.join("runs").join(name);
        let whole_run = || {
            // Whether there is an earlier run shows when the new one makes its folder.
            let _ = fs::remove_dir_all(&run_folder);
            let mut run = demo_command(&nl2sql, "run", name, &profiles(), &folder);
            run.arg("--quiet");
            run
        };
        // The first run fills the cache of compiled plugins.
        timed(1, whole_run)?;
        print(&format!("six stages on {name}, warm"), &timed(RUNS, whole_run)?);
    }
    Ok(())
}

/// Times of `count` runs, in rising order.
fn timed(count: usize, make: impl Fn() -> Command) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let mut command = make();
        command.stdout(Stdio::null());
        let began = Instant::now();
        let status = command.status()?;
        times.push(began.elapsed());
        if !status.success() {
            bail!("{} ended with {status}", Path::new(command.get_program()).display());
        }
    }
    times.sort();
    Ok(times)
}

fn print(what: &str, times: &[Duration]) {
    let milliseconds = |time: &Duration| time.as_secs_f64() * 1e3;
    if let (Some(least), Some(median), Some(most)) = (times.first(), times.get(times.len() / 2), times.last()) {
        println!(
            "{what:36} {:8.1} ms (median of {}; {:.1} to {:.1})",
            milliseconds(median),
            times.len(),
            milliseconds(least),
            milliseconds(most)
        );
    }
}
