//! Holds the public interface of the SDK for Rust to its version: `cargo xtask semver --since <revision>`.

use std::path::PathBuf;

use anyhow::Result;

use crate::checkout;
use crate::process::{announce, command, run, succeeds};

/// The tool, and the version that is installed where there is none.
const TOOL: &str = "cargo-semver-checks";
const VERSION: &str = "0.51.0";

/// Compares the SDK with what it was at a revision. A change that breaks its users takes another version.
pub fn check(since: &str) -> Result<()> {
    let tool = tool()?;
    run(command(&tool).current_dir(checkout::root().join("plugins")).args([
        "semver-checks",
        "--package",
        "nl2sql-sdk",
        "--baseline-rev",
        since,
    ]))
}

/// The tool of this machine, or one below the build folder.
fn tool() -> Result<PathBuf> {
    if succeeds(command(TOOL).args(["semver-checks", "--version"])) {
        return Ok(TOOL.into());
    }
    let folder = checkout::target().join(TOOL);
    let tool = folder.join("bin").join(TOOL);
    if !tool.is_file() {
        announce("building cargo-semver-checks (some 10 minutes on two cores, once)");
        let mut install = command("cargo");
        install
            .args(["install", "--locked", "--debug", TOOL, "--version", VERSION, "--root"])
            .arg(&folder)
            .arg("--target-dir")
            .arg(folder.join("build"));
        run(&mut install)?;
        // The program is all that is kept of what building it took.
        std::fs::remove_dir_all(folder.join("build"))?;
    }
    Ok(tool)
}
