//! The builds for graphics cards: training on wgpu agrees with the CPU, and the CUDA build type-checks.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::process::{command, run};
use crate::{checkout, debian};

/// Vulkan that computes on the CPU, for machines without a card.
const SOFTWARE_VULKAN: &str = "mesa-vulkan-drivers";

/// Where the Vulkan loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Runs the tests of the wgpu build and checks the CUDA build.
pub fn check() -> Result<()> {
    if !has_vulkan() && !debian::install(SOFTWARE_VULKAN)? {
        println!(
            "there is no Vulkan driver, and {SOFTWARE_VULKAN} cannot be installed: the test on wgpu will be skipped"
        );
    }
    let training = |verb: &str, feature: &str| {
        let mut cargo = command("cargo");
        cargo.current_dir(checkout::root()).args([
            verb,
            "--quiet",
            "--package",
            "nl2sql-training",
            "--features",
            feature,
        ]);
        cargo
    };
    run(training("test", "wgpu").args(["--test", "parity", "--", "--show-output", "graphics_card"]))?;
    // Without this variable the build of the CUDA backend downloads LLVM.
    run(training("check", "cuda").env("DOCS_RS", "1"))
}

fn has_vulkan() -> bool {
    DRIVERS
        .iter()
        .any(|folder| fs::read_dir(Path::new(folder)).is_ok_and(|mut drivers| drivers.next().is_some()))
}
