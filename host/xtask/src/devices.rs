//! The builds for graphics cards: training on wgpu agrees with the CPU, and the CUDA build type-checks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::bootstrap::{Need, bootstrap};
use crate::checkout;
use crate::process::{command, run};

/// Debian's Vulkan that computes on the CPU, for machines without a card.
pub const SOFTWARE_VULKAN: &str = "mesa-vulkan-drivers";

/// Where the Vulkan loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Runs the tests of the wgpu build and checks the CUDA build.
pub fn check() -> Result<()> {
    bootstrap(&[Need::Vulkan], false)?;
    run(of_workspace("test", "nl2sql-training/wgpu").args([
        "--test",
        "integration",
        "--",
        "--show-output",
        "graphics_card",
    ]))?;
    // Without this variable the build of the CUDA backend downloads LLVM.
    run(of_workspace("check", "nl2sql/cuda")
        .args(["--bin", "nl2sql"])
        .env("DOCS_RS", "1"))
}

/// Over the whole workspace, so that only what the feature changes is compiled again.
fn of_workspace(verb: &str, feature: &str) -> Command {
    let mut cargo = command("cargo");
    cargo
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .args([verb, "--workspace", "--features", feature]);
    cargo
}

/// Whether some Vulkan driver is installed.
pub fn has_vulkan() -> bool {
    DRIVERS
        .iter()
        .any(|folder| fs::read_dir(Path::new(folder)).is_ok_and(|mut drivers| drivers.next().is_some()))
}
