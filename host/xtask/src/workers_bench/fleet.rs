//! A queue and its workers on this machine, and what they cost.

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::on_core;
use crate::cpu_time;
use crate::process::command;
use crate::services::{find_program, free_port};

/// A queue and its workers, which end with this.
pub struct Fleet {
    nats: Child,
    port: u16,
    monitor: u16,
    workers: Vec<Child>,
}

/// What went through the queue.
pub struct Traffic {
    pub messages: f64,
    pub bytes: f64,
}

/// How large a fleet is.
#[derive(Clone, Copy)]
pub enum Size {
    /// One worker, and the queue on the same core: all that a machine of one core can do.
    OneCore,
    /// So many workers, each on one core, and the queue wherever there is room.
    Workers(usize),
}

impl Size {
    fn workers(self) -> usize {
        match self {
            Self::OneCore => 1,
            Self::Workers(count) => count,
        }
    }

    fn queue(self, program: &Path) -> Result<Command> {
        match self {
            Self::OneCore => on_core(0, program),
            Self::Workers(_) => Ok(command(program)),
        }
    }
}

impl Fleet {
    /// Starts both, the queue's files below `folder`.
    pub fn start(nl2sql: &Path, size: Size, folder: &Path, secrets: &[(&str, &str)]) -> Result<Self> {
        let program = find_program("nats-server").context("nats-server is missing; run `cargo xtask bootstrap`")?;
        let (port, monitor) = (free_port()?, free_port()?);
        let nats = size
            .queue(&program)?
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--http_port",
                &monitor.to_string(),
            ])
            .args(["--jetstream", "--store_dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut fleet = Self {
            nats,
            port,
            monitor,
            workers: Vec::new(),
        };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > Duration::from_secs(30) {
                bail!("nats-server does not answer");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        for number in 0..size.workers() {
            let mut worker = on_core(number, nl2sql)?;
            worker.args(["worker", "--quiet", "--slots", "1", "--queue", &fleet.url()]);
            worker.envs(secrets.iter().copied());
            fleet.workers.push(worker.stdout(Stdio::null()).spawn()?);
        }
        Ok(fleet)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// CPU seconds of the queue so far.
    pub fn queue_cpu(&self) -> Result<f64> {
        cpu_time::of_process(self.nats.id())
    }

    /// CPU seconds of all workers so far.
    pub fn workers_cpu(&self) -> Result<f64> {
        self.workers
            .iter()
            .map(|worker| cpu_time::of_process(worker.id()))
            .sum()
    }

    /// What the server counts of itself.
    pub fn traffic(&self) -> Result<Traffic> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.monitor))?;
        stream.write_all(b"GET /varz HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let body = answer
            .split_once("\r\n\r\n")
            .context("the monitor of nats-server gave no body")?
            .1;
        let figures: Value = serde_json::from_str(body)?;
        let sum = |names: [&str; 2]| names.iter().filter_map(|name| figures[*name].as_f64()).sum();
        Ok(Traffic {
            messages: sum(["in_msgs", "out_msgs"]),
            bytes: sum(["in_bytes", "out_bytes"]),
        })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for process in self.workers.iter_mut().chain([&mut self.nats]) {
            // One that has ended is as good.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
