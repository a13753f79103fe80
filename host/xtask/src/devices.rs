//! The builds for graphics cards: training on wgpu agrees with the CPU, and the CUDA build type-checks.
//!
//! They take many minutes and depend on little, so that what they last passed with is committed (`.ci/devices.passed`): where nothing of it has
//! changed, continuous integration leaves them out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::bootstrap::{Need, bootstrap};
use crate::checkout;
use crate::process::{announce, command, output, run};

/// Debian's Vulkan that computes on the CPU, for machines without a card.
pub const SOFTWARE_VULKAN: &str = "mesa-vulkan-drivers";

/// Where the Vulkan loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Digest of what passed last.
const PASSED: &str = ".ci/devices.passed";

/// What the builds are made of, beside the dependencies.
const SOURCES: [&str; 4] = [
    "host/crates/model",
    "host/crates/inference",
    "host/crates/training",
    "host/xtask/src/devices.rs",
];

/// Runs the tests of the wgpu build and checks the CUDA build; with `if_changed` only where they are made of something else than when they
/// last passed.
pub fn check(if_changed: bool) -> Result<()> {
    let mark = checkout::root().join(PASSED);
    let passed = fs::read_to_string(&mark).unwrap_or_default();
    if if_changed && digest()? == passed.trim() {
        announce("the builds for graphics cards are made of what they last passed with");
        return Ok(());
    }
    bootstrap(&[Need::Vulkan], false)?;
    announce("building the test on wgpu (5 minutes on two cores the first time)");
    run(of_training("test", "wgpu").args(["--test", "integration", "--", "--show-output", "graphics_card"]))?;
    announce("checking the CUDA build");
    // Without this variable the build of the CUDA backend downloads LLVM.
    run(of_training("check", "cuda").env("DOCS_RS", "1"))?;
    fs::write(&mark, format!("{}\n", digest()?)).with_context(|| format!("cannot write {}", mark.display()))?;
    announce(&format!(
        "commit {PASSED}: until something changes, nobody has to run this again"
    ));
    Ok(())
}

/// A digest of the sources, and of every dependency with its version and features.
fn digest() -> Result<String> {
    let mut inputs = Sha256::new();
    let files = output(
        command("git")
            .current_dir(checkout::root())
            .args(["ls-files", "--"])
            .args(SOURCES),
    )
    .context("git does not list the sources")?;
    for file in files.lines() {
        let path = checkout::root().join(file);
        let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        inputs.update(format!("{file} {}\n", content.len()));
        inputs.update(content);
    }
    let dependencies = output(of_training("tree", "wgpu,cuda").args([
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}|{f}",
    ]))
    .context("cargo does not list the dependencies")?;
    for dependency in dependencies
        .lines()
        .filter_map(name_version_features)
        .collect::<BTreeSet<_>>()
    {
        inputs.update(dependency);
        inputs.update("\n");
    }
    Ok(hex::encode(inputs.finalize()))
}

/// A dependency without the folder that it lies in.
fn name_version_features(line: &str) -> Option<String> {
    let (package, features) = line.split_once('|')?;
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?);
    Some(format!(
        "{name} {version} {}",
        features.trim_end_matches("(*)").trim_end()
    ))
}

/// How cargo is told to unify features over a workspace.
const UNIFICATION: &str = "CARGO_RESOLVER_FEATURE_UNIFICATION";

/// Of the crate that computes on cards, for the features of a card change half of what the rest of the workspace is made of. Its features are
/// its own, whatever the caller's shell unifies: the digest lists them, and must be that of continuous integration.
fn of_training(verb: &str, feature: &str) -> Command {
    let mut cargo = command("cargo");
    cargo
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .env_remove(UNIFICATION)
        .args([verb, "--package", "nl2sql-training", "--features", feature]);
    cargo
}

/// Whether some Vulkan driver is installed.
pub fn has_vulkan() -> bool {
    DRIVERS
        .iter()
        .any(|folder| fs::read_dir(Path::new(folder)).is_ok_and(|mut drivers| drivers.next().is_some()))
}

#[cfg(test)]
mod tests {
    use super::name_version_features;

    #[test]
    fn a_dependency_is_the_same_wherever_it_lies() {
        let named = |line| name_version_features(line).unwrap();
        assert_eq!(named("burn v0.22.1|cuda,std (*)"), "burn v0.22.1 cuda,std");
        assert_eq!(
            named("nl2sql-model v0.1.0 (/home/a b/model)|wgpu"),
            "nl2sql-model v0.1.0 wgpu"
        );
        assert_eq!(named("paste v1.0.15 (proc-macro)|"), "paste v1.0.15 ");
    }
}
