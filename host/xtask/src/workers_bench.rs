//! What workers bring: generation and validation of a schema of many tables by this process, and by 1 to 8 workers over a queue.
//!
//! No peer does the same; the plain run is what workers are compared with. On a machine with few cores they cannot help beyond these: what is
//! measured then is what coordinator and queue cost.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::checkout;
use crate::cpu_time;
use crate::demo::{Profile, build_program};
use crate::generation_bench::accepted;
use crate::process::{command, run};
use crate::services::{find_program, free_port};

/// Numbers of workers.
const WORKERS: [usize; 4] = [1, 2, 4, 8];

/// Tables of the schema, and pairs asked for.
const TABLES: usize = 2_000;
const PAIRS: u32 = 40_000;

/// Measures and prints.
pub fn run_workers() -> Result<()> {
    let nl2sql = build_program(Profile::Release)?;
    let folder = checkout::target().join("bench").join("workers");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let bench = Bench::prepare(nl2sql, folder)?;
    println!("{TABLES} tables, {PAIRS} pairs asked for: generation and validation");
    let plain = bench.generate("plain", None)?;
    println!(
        "  without a queue   {:7.1} s  {:7.0} pairs/s",
        plain.wall,
        plain.pairs / plain.wall
    );
    let mut one = None;
    for count in WORKERS {
        let fleet = Fleet::start(&bench, count)?;
        let took = bench.generate(&format!("by{count}"), Some(&fleet.url()))?;
        let traffic = fleet.traffic()?;
        let queue_cpu = cpu_time::of_process(fleet.nats.id())?;
        let workers_cpu: f64 = fleet
            .workers
            .iter()
            .filter_map(|worker| cpu_time::of_process(worker.id()).ok())
            .sum();
        let all = took.cpu + queue_cpu + workers_cpu;
        let first = *one.get_or_insert(took.wall);
        println!(
            "  {count} worker{}          {:7.1} s  {:7.0} pairs/s  {:4.2}x one  coordinator {:4.1}%, queue {:4.1}% of {all:.1} s CPU  {:.0} messages/s  {:.0} bytes a pair",
            if count == 1 { " " } else { "s" },
            took.wall,
            took.pairs / took.wall,
            first / took.wall,
            100.0 * took.cpu / all,
            100.0 * queue_cpu / all,
            traffic.messages / took.wall,
            traffic.bytes / took.pairs,
        );
        bench.same_bytes(&format!("by{count}"))?;
    }
    Ok(())
}

/// What one run took.
struct Took {
    wall: f64,
    /// CPU seconds of the process with the run.
    cpu: f64,
    pairs: f64,
}

struct Bench {
    nl2sql: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// The database, and the stages before generation.
    fn prepare(nl2sql: PathBuf, folder: PathBuf) -> Result<Self> {
        let database = rusqlite::Connection::open(folder.join("many.sqlite"))?;
        database.execute_batch(&schema())?;
        let profile = format!(
            "[run]\nname = \"many\"\n[database]\npath = {}\n[plan]\ntotal = {PAIRS}\n",
            toml::Value::from(folder.join("many.sqlite").display().to_string())
        );
        fs::write(folder.join("many.toml"), profile)?;
        let bench = Self { nl2sql, folder };
        for stage in ["extract", "cards", "plan"] {
            run(&mut bench.command(stage, "planned"))?;
        }
        Ok(bench)
    }

    fn command(&self, verb: &str, run_folder: &str) -> Command {
        let mut command = command(&self.nl2sql);
        command
            .arg(verb)
            .args(["--quiet", "--profile"])
            .arg(self.folder.join("many.toml"))
            .arg("--run-dir")
            .arg(self.folder.join(run_folder))
            .stdout(Stdio::null());
        command
    }

    fn generate(&self, run_folder: &str, queue: Option<&str>) -> Result<Took> {
        let to = self.folder.join(run_folder);
        run(command("cp").arg("-r").arg(self.folder.join("planned")).arg(&to))?;
        let mut generate = self.command("generate", run_folder);
        generate.args(queue.map(|queue| ["--queue", queue]).into_iter().flatten());
        let (cpu, start) = (cpu_time::of_children()?, Instant::now());
        run(&mut generate)?;
        let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_time::of_children()? - cpu);
        run(&mut self.command("validate", run_folder))?;
        Ok(Took {
            wall,
            cpu,
            pairs: accepted(&to)?,
        })
    }

    fn same_bytes(&self, run_folder: &str) -> Result<()> {
        for journal in ["samples.jsonl", "verdicts.jsonl", "rounds.jsonl"] {
            let read = |run: &str| fs::read(self.folder.join(run).join(journal));
            if read("plain")? != read(run_folder)? {
                bail!("{journal} of {run_folder} is not that of the plain run");
            }
        }
        Ok(())
    }
}

/// Shops that belong to regions, with orders and lines: 4 tables a shop, each with a few rows.
fn schema() -> String {
    let mut sql = String::from("BEGIN;\n");
    for shop in 0..TABLES / 4 {
        let _ = write!(
            sql,
            "CREATE TABLE region_{shop} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, population INTEGER);
             CREATE TABLE customer_{shop} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, joined DATE, region_id INTEGER REFERENCES region_{shop}(id));
             CREATE TABLE purchase_{shop} (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer_{shop}(id), status TEXT, amount REAL, day DATE);
             CREATE TABLE line_{shop} (id INTEGER PRIMARY KEY, purchase_id INTEGER NOT NULL REFERENCES purchase_{shop}(id), product TEXT, quantity INTEGER);\n"
        );
        for row in 1..=8 {
            let _ = write!(
                sql,
                "INSERT INTO region_{shop} VALUES ({row}, 'region {row}', 'country {}', {});
                 INSERT INTO customer_{shop} VALUES ({row}, 'name {row}', 'city {}', '2024-0{row}-01', {row});
                 INSERT INTO purchase_{shop} VALUES ({row}, {row}, 'status {}', {row}.5, '2025-0{row}-02');
                 INSERT INTO line_{shop} VALUES ({row}, {row}, 'product {}', {row});\n",
                row % 3,
                row * 1_000,
                row % 4,
                row % 2,
                row % 5,
            );
        }
    }
    sql + "COMMIT;\n"
}

/// A queue and its workers, which end with this.
struct Fleet {
    nats: Child,
    port: u16,
    monitor: u16,
    workers: Vec<Child>,
}

/// What went through the queue.
struct Traffic {
    messages: f64,
    bytes: f64,
}

impl Fleet {
    fn start(bench: &Bench, count: usize) -> Result<Self> {
        let program = find_program("nats-server").context("nats-server is missing; run `cargo xtask bootstrap`")?;
        let (port, monitor) = (free_port()?, free_port()?);
        let store = bench.folder.join(format!("nats{count}"));
        let nats = command(program)
            .args([
                "--addr",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--http_port",
                &monitor.to_string(),
            ])
            .args(["--jetstream", "--store_dir"])
            .arg(store)
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
        for _ in 0..count {
            let mut worker = command(&bench.nl2sql);
            worker.args(["worker", "--quiet", "--slots", "1", "--queue", &fleet.url()]);
            fleet.workers.push(worker.stdout(Stdio::null()).spawn()?);
        }
        Ok(fleet)
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// What the server counts of itself.
    fn traffic(&self) -> Result<Traffic> {
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
