//! Debian packages that tests need.

use std::process::Stdio;

use anyhow::Result;

use crate::process::{command, is_root, run, succeeds};

/// Installs a package where that is possible: as root, on a system that has apt. Says whether it was.
pub fn install(package: &str) -> Result<bool> {
    if !is_root() || !succeeds(command("apt-get").arg("--version")) {
        return Ok(false);
    }
    println!("installing {package}");
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get");
        // Servers are not to be started by their packages; at run level 1 none is.
        apt.args(["-qq", "-y"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1")
            .stdout(Stdio::null());
        run(&mut apt)
    };
    if !succeeds(command("apt-cache").args(["show", package])) {
        apt(&["update"])?;
    }
    apt(&["install", "--no-install-recommends", package])?;
    Ok(true)
}
