//! Node packages below the build folder, for official clients and for what plugins in TypeScript are built with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process::{command, run};

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
            .args(["install", "--silent", "--no-save", "--prefix"])
            .arg(folder)
            .args(packages))?;
    }
    Ok(folder.to_owned())
}
