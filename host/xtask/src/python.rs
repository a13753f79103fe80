//! Python environments below the build folder, for official clients and for the peers of benches.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process::{command, run, succeeds};

/// Asks whether every distribution named on the command line is installed.
const ALL_INSTALLED: &str =
    "import importlib.metadata, sys; [importlib.metadata.version(name) for name in sys.argv[1:]]";

/// The interpreter of the environment in `folder`, which is made and given `packages` where it lacks them.
///
/// # Errors
/// There is no Python 3 with `venv`, or pip cannot get a package.
pub fn with_packages(folder: &Path, packages: &[&str]) -> Result<PathBuf> {
    let python = folder.join("bin/python");
    if !python.is_file() {
        run(command("python3").args(["-m", "venv"]).arg(folder))
            .context("there is no Python 3 with the module venv")?;
    }
    let names = packages
        .iter()
        .map(|package| package.split(['[', '=']).next().unwrap_or(package));
    if !succeeds(command(&python).args(["-c", ALL_INSTALLED]).args(names)) {
        run(command(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages))
        .with_context(|| format!("pip could not install {}", packages.join(", ")))?;
    }
    Ok(python)
}
