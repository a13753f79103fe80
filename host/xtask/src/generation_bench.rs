//! How fast pairs are made: the stages one after the other, in CPU and wall seconds.
//!
//! Generation includes every check: each pair is parsed, resolved against the schema and executed. No peer does the same, so
//! what is printed are pairs a second, not a ratio.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::checkout;
use crate::cpu_time;
use crate::demo::{Profile, build_program, make_database};
use crate::process::{command, run};

/// Pairs asked for, of each database.
const PAIRS: u32 = 10_000;

/// Databases of the shared data, where there are any.
const SHARED: [&str; 6] = [
    "realdb/chinook/chinook.sqlite",
    "realdb/northwind/northwind.sqlite",
    "chinese/sales_zh/sales_zh.sqlite",
    "spider/database/e_learning/e_learning.sqlite",
    "spider/database/csu_1/csu_1.sqlite",
    "spider/database/music_1/music_1.sqlite",
];

/// Commands that are measured, and what each does; `run` goes on where the stages before it ended.
const STEPS: [(&str, &str); 5] = [
    ("extract", "extract"),
    ("cards", "cards"),
    ("plan", "plan"),
    ("generate", "generate and validate"),
    ("run", "coverage and export"),
];

/// CPU and wall seconds.
#[derive(Clone, Copy, Default)]
struct Spent {
    cpu: f64,
    wall: f64,
}

/// Measures the databases at `paths`; without any, the demo's and those of the shared data.
pub fn run_generation(paths: &[String], shared: Option<&Path>) -> Result<()> {
    let nl2sql = build_program(Profile::Release)?;
    let folder = checkout::target().join("bench").join("generation");
    fs::create_dir_all(&folder)?;
    let databases = match paths {
        [] => usual_databases(&folder, shared)?,
        paths => paths.iter().map(PathBuf::from).collect(),
    };
    for database in &databases {
        measure(&nl2sql, database, &folder)?;
    }
    Ok(())
}

fn usual_databases(folder: &Path, shared: Option<&Path>) -> Result<Vec<PathBuf>> {
    let demo = folder.join("concert_singer.sqlite");
    make_database(&checkout::root().join("profiles/demo/concert_singer.sql"), &demo)?;
    let of_shared = shared.into_iter().flat_map(|data| SHARED.map(|path| data.join(path)));
    Ok(std::iter::once(demo)
        .chain(of_shared.filter(|path| path.is_file()))
        .collect())
}

fn measure(nl2sql: &Path, database: &Path, folder: &Path) -> Result<()> {
    let name = database.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let run_folder = folder.join("runs").join(&name);
    if run_folder.exists() {
        fs::remove_dir_all(&run_folder)?;
    }
    let profile = folder.join(format!("{name}.toml"));
    let path = toml::Value::from(database.canonicalize()?.display().to_string());
    fs::write(
        &profile,
        format!(
            "[database]\npath = {path}\n[privacy]\nsample_values = true\npersonal = \"allow\"\n[plan]\ntotal = {PAIRS}\n"
        ),
    )?;
    println!("{name}");
    let mut all = Spent::default();
    let mut generation = Spent::default();
    for (verb, what) in STEPS {
        let mut step = command(nl2sql);
        step.arg(verb)
            .arg("--quiet")
            .arg("--profile")
            .arg(&profile)
            .arg("--run-dir")
            .arg(&run_folder);
        let spent = timed(&mut step)?;
        println!("  {what:<24}{:8.2} s CPU {:8.2} s", spent.cpu, spent.wall);
        all = Spent {
            cpu: all.cpu + spent.cpu,
            wall: all.wall + spent.wall,
        };
        if verb == "generate" {
            generation = spent;
        }
    }
    let accepted = accepted(&run_folder)?;
    for (what, spent) in [("generated and validated", generation), ("through all stages", all)] {
        println!(
            "  {accepted} pairs {what}: {:.0} a CPU second, {:.0} a second",
            accepted / spent.cpu,
            accepted / spent.wall
        );
    }
    Ok(())
}

fn timed(step: &mut Command) -> Result<Spent> {
    let (cpu, start) = (cpu_time::of_children()?, Instant::now());
    run(step)?;
    Ok(Spent {
        cpu: cpu_time::of_children()? - cpu,
        wall: start.elapsed().as_secs_f64(),
    })
}

/// Accepted pairs of a run.
pub fn accepted(run_folder: &Path) -> Result<f64> {
    let text = fs::read_to_string(run_folder.join("coverage.json"))?;
    let coverage: Value = serde_json::from_str(&text)?;
    coverage["samples"].as_f64().context("coverage.json counts no samples")
}
