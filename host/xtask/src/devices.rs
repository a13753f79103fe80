//! The builds for graphics cards: training on wgpu agrees with the CPU, and the CUDA build type-checks.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::bootstrap::{Need, bootstrap};
use crate::checkout;
use crate::process::{announce, command, run};

/// Debian's Vulkan that computes on the CPU, for machines without a card.
pub const SOFTWARE_VULKAN: &str = "mesa-vulkan-drivers";

/// Where the Vulkan loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Runs the tests of the wgpu build and checks the CUDA build.
pub fn check() -> Result<()> {
    bootstrap(&[Need::Vulkan], false)?;
    announce("building the test on wgpu (5 minutes on two cores the first time)");
    run(of_training("test", "wgpu").args(["--test", "integration", "--", "--show-output", "graphics_card"]))?;
    announce("checking the CUDA build");
    // Without this variable the build of the CUDA backend downloads LLVM.
    run(of_training("check", "cuda").env("DOCS_RS", "1"))
}

/// Of the crate that computes on cards, for the features of a card change half of what the rest of the workspace is made of.
fn of_training(verb: &str, feature: &str) -> Command {
    let mut cargo = command("cargo");
    cargo
        .current_dir(checkout::root())
        .env("CARGO_TARGET_DIR", checkout::target())
        .args([verb, "--package", "nl2sql-training", "--features", feature]);
    cargo
}

/// Whether some Vulkan driver is installed.
pub fn has_vulkan() -> bool {
    DRIVERS
        .iter()
        .any(|folder| fs::read_dir(Path::new(folder)).is_ok_and(|mut drivers| drivers.next().is_some()))
}
