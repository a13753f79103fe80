//! The server that predictions are judged by, held to some cores.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::available_parallelism;

use anyhow::{Context, Result};

use super::judging::POSTGRES;
use crate::cpu_time;
use crate::process::{command, output, run};
use crate::services::{self, find_program};

/// A server on this machine.
pub struct PostgresServer {
    /// The URL of its superuser.
    pub url: String,
    /// Its first process, which starts one for each connection.
    process: u32,
}

impl PostgresServer {
    /// The server of the tests, which runs from now on.
    pub fn start() -> Result<Self> {
        let servers = services::up()?;
        let found = servers.into_iter().find(|(variable, _)| *variable == POSTGRES);
        let (_, url) = found.context("PostgreSQL is missing; run `cargo xtask bootstrap`")?;
        let query = r"SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)";
        let mut psql = command(psql()?);
        psql.args(["--no-align", "--tuples-only", "--dbname", &url, "--command", query]);
        let process = output(&mut psql).and_then(|text| text.parse().ok());
        let process = process.context("PostgreSQL does not tell its process")?;
        Ok(Self { url, process })
    }

    /// Runs a script as the user of a URL.
    pub fn execute(url: &str, script: &Path) -> Result<()> {
        let mut psql = command(psql()?);
        psql.args(["--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url, "--file"]);
        run(psql.arg(script).stdout(Stdio::null()))
    }

    /// Holds whatever the server starts from now on to the first cores.
    pub fn hold_to(&self, cores: usize) -> Result<()> {
        let cores = cores.min(all_cores());
        let taskset = find_program("taskset").context("taskset of util-linux is missing")?;
        let mut hold = command(taskset);
        hold.args([
            "--pid",
            "--cpu-list",
            &format!("0-{}", cores - 1),
            &self.process.to_string(),
        ]);
        run(hold.stdout(Stdio::null())).context("the server is not on this machine")
    }

    /// CPU seconds of the server and its connections so far.
    pub fn cpu(&self) -> Result<f64> {
        cpu_time::of_family(self.process)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // The next bench holds it as it likes.
        let _ = self.hold_to(all_cores());
    }
}

fn all_cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

fn psql() -> Result<PathBuf> {
    find_program("psql").context("psql is missing; run `cargo xtask bootstrap`")
}
