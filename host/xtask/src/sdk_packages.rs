//! What a plugin author depends on, as `cargo package` makes it: nothing of it reaches back into the checkout.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::checkout;
use crate::process::{command, run};

/// The crates.
const CRATES: [&str; 2] = ["nl2sql-sdk", "nl2sql-sqlparser-dialect"];

/// Packages the crates and unpacks them below `folder`; gives what makes cargo take these in place of those of the registry.
pub fn unpack(folder: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let packaged = folder.join("target");
    let mut package = command("cargo");
    package
        .current_dir(checkout::root().join("plugins"))
        .args([
            "package",
            "--quiet",
            "--no-verify",
            "--allow-dirty",
            "--exclude-lockfile",
            "--target-dir",
        ])
        .arg(&packaged);
    for name in CRATES {
        package.args(["--package", name]);
    }
    run(&mut package)?;
    let mut settings = Vec::new();
    for name in CRATES {
        let archive = archive_of(name, &packaged.join("package"))?;
        let unpacked = folder.join(archive.file_stem().unwrap_or_default());
        // What is equal keeps its time, so that cargo does not build it again.
        run(command("tar").arg("xzf").arg(&archive).arg("--directory").arg(&folder))?;
        settings.push("--config".to_owned());
        settings.push(format!("patch.crates-io.{name}.path='{}'", unpacked.display()));
    }
    Ok(settings)
}

/// The archive of this crate, whatever its version.
fn archive_of(name: &str, folder: &Path) -> Result<std::path::PathBuf> {
    let of_crate = |path: &std::path::PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let version = stem.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
        path.extension().is_some_and(|extension| extension == "crate")
            && version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mut files = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    files
        .find(of_crate)
        .with_context(|| format!("`cargo package` made no archive of {name}"))
}
