//! Node packages below the build folder, for official clients and for what plugins in TypeScript are built with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process::{command, run};

/// Keeps npm from waiting: by default it asks a registry that does not answer for a quarter of an hour, package by package.
pub const IMPATIENT: [&str; 6] = [
    "--fetch-timeout=60000",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--no-audit",
    "--no-fund",
];

/// The folder, whose `node_modules` is given `packages` where it lacks the last of them.
///
/// # Errors
/// There is no npm, or it cannot get a package.
pub fn with_packages(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let name = |package: &str| match package.rfind('@') {
        Some(at) if at > 0 => package[..at].to_owned(),
        _ => package.to_owned(),
    };
    let installed = |package: &&str| folder.join("node_modules").join(name(package)).is_dir();
    if !packages.iter().all(installed) {
        fs::create_dir_all(folder)?;
        run(command("npm")
            .args(["install", "--silent", "--no-save"])
            .args(IMPATIENT)
            .arg("--prefix")
            .arg(folder)
            .args(packages))?;
    }
    Ok(folder.to_owned())
}
