//! Debian packages that chores need.

use std::process::Stdio;

use anyhow::Result;

use crate::process::{command, is_root, run, succeeds};

/// Whether packages can be installed here: as root, on a system that has apt.
pub fn can_install() -> bool {
    is_root() && succeeds(command("apt-get").arg("--version"))
}

/// Installs packages; call it where [`can_install`] says so.
pub fn install(packages: &[&str]) -> Result<()> {
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
    if !succeeds(command("apt-cache").arg("show").args(packages)) {
        apt(&["update"])?;
    }
    apt(&[&["install", "--no-install-recommends"], packages].concat())
}
