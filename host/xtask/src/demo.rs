//! The demo: plugins and program built, two small databases made, all six stages run on both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rusqlite::Connection;

use crate::bootstrap::{Need, bootstrap};
use crate::process::{announce, command, run};
use crate::{checkout, page, plugins, small_model};

/// Demo databases; each has a `.sql` and a `.toml` in `profiles/demo`.
pub const DATABASES: [&str; 2] = ["concert_singer", "sales_zh"];

/// The demo whose pairs train the small model.
const TRAINED: &str = "concert_singer";

/// Builds everything and runs the demo from its beginning; with `train`, goes on to an adapter and a report before and after.
pub fn run_demo(train: bool) -> Result<()> {
    bootstrap(&[Need::GuestToolchain, Need::Page], false)?;
    let nl2sql = build_program(Profile::Development)?;
    let profiles = profiles();
    let folder = checkout::target().join("demo");
    fs::create_dir_all(&folder)?;
    for name in DATABASES {
        let database = folder.join(format!("{name}.sqlite"));
        make_database(&profiles.join(format!("{name}.sql")), &database)?;
        remove(&folder.join("runs").join(name))?;
        run(&mut demo_command(&nl2sql, "run", name, &profiles, &folder))?;
    }
    if train {
        let model = small_model::smollm2(&nl2sql)?;
        let adapter = folder.join("runs").join(TRAINED).join("train");
        run(demo_command(&nl2sql, "train", TRAINED, &profiles, &folder)
            .arg("--model")
            .arg(&model))?;
        run(demo_command(&nl2sql, "eval", TRAINED, &profiles, &folder)
            .arg("--before")
            .arg(&model)
            .arg("--after")
            .arg(&adapter))?;
    }
    Ok(())
}

/// How the program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quickly, and with everything that computes optimised: for the demo and the tests, which share the build.
    Development,
    /// As it is shipped: for benches.
    Release,
}

impl Profile {
    /// Arguments of cargo.
    pub fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Development => &[],
            Self::Release => &["--release"],
        }
    }

    /// The folder of what cargo makes.
    pub fn folder(self) -> PathBuf {
        checkout::target().join(match self {
            Self::Development => "debug",
            Self::Release => "release",
        })
    }
}

/// Builds plugins and program; answers where the program is.
pub fn build_program(profile: Profile) -> Result<PathBuf> {
    plugins::build()?;
    page::build_if_possible();
    announce("building nl2sql (12 to 14 minutes on two cores the first time, and some 3 GiB of memory)");
    run(command("cargo")
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .arg("build")
        .args(profile.arguments())
        // Of the whole workspace: its features then are those of the tests, and dependencies are compiled once for both.
        .args(["--workspace", "--bin", "nl2sql"]))?;
    Ok(profile.folder().join("nl2sql"))
}

/// The folder of the demo's profiles and scripts.
pub fn profiles() -> PathBuf {
    checkout::root().join("profiles").join("demo")
}

/// `nl2sql <verb>` over one of the demo databases.
pub fn demo_command(nl2sql: &Path, verb: &str, name: &str, profiles: &Path, folder: &Path) -> Command {
    let database = folder.join(format!("{name}.sqlite"));
    let mut demo = command(nl2sql);
    demo.arg(verb)
        .arg("--profile")
        .arg(profiles.join(format!("{name}.toml")))
        .arg("--set")
        .arg(format!(
            "database.path={}",
            toml::Value::from(database.display().to_string())
        ))
        .arg("--run-dir")
        .arg(folder.join("runs").join(name));
    demo
}

/// A new SQLite file with what the script says.
pub fn make_database(script: &Path, database: &Path) -> Result<()> {
    let text = fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
    if database.exists() {
        fs::remove_file(database)?;
    }
    let connection = Connection::open(database)?;
    connection
        .execute_batch(&text)
        .with_context(|| format!("{} does not run", script.display()))
}

/// An earlier demo goes, so that the times shown are those of whole stages.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
