//! Type-checks the program for Windows, its C code compiled by MinGW: `cargo xtask windows`.

use anyhow::{Context, Result, bail};

use crate::guest_toolchain::{DEBIAN_PACKAGES, GuestToolchain};
use crate::process::{announce, command, run, succeeds};
use crate::{checkout, plugins};

const TARGET: &str = "x86_64-pc-windows-gnu";

const C_COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// Checks the program and the libraries below it. It is not linked, and its tests do not run.
pub fn check() -> Result<()> {
    if !succeeds(command(C_COMPILER).arg("--version")) {
        bail!("{C_COMPILER} is missing: install MinGW (Debian: gcc-mingw-w64-x86-64)");
    }
    let toolchain = GuestToolchain::for_target(TARGET).with_context(|| {
        let packages = DEBIAN_PACKAGES.join(", ");
        format!("no toolchain has {TARGET}: run `rustup target add {TARGET}`, or install Debian's {packages}")
    })?;
    let plugins = plugins::build()?;
    announce("checking nl2sql for Windows (5 minutes on two cores the first time)");
    run(toolchain
        .cargo("check", TARGET, &checkout::root(), &checkout::target().join("windows"))
        .args(["--package", "nl2sql"])
        .env("CC_x86_64_pc_windows_gnu", C_COMPILER)
        .env("NL2SQL_BUILT_PLUGINS", plugins))
}
