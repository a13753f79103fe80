//! Finds a toolchain that builds `wasm32-unknown-unknown`.
//!
//! In this order: what `NL2SQL_GUEST_CARGO` and `NL2SQL_GUEST_RUSTC` name; the toolchain in use, when the target is installed; Debian's
//! `rustc-web`, which builds the standard library from `rust-web-src`; `rustup target add`; Debian's packages installed by us, when we may.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{command, output, run, succeeds};

/// The target of every guest.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// A way to build guests.
#[derive(Debug)]
pub struct GuestToolchain {
    cargo: PathBuf,
    rustc: Option<PathBuf>,
    /// Whether the standard library is built along, because no prebuilt one comes with the toolchain.
    builds_std: bool,
}

impl GuestToolchain {
    /// The first toolchain that works, installed if need be.
    pub fn find() -> Result<Self> {
        if let Some(cargo) = env::var_os("NL2SQL_GUEST_CARGO") {
            let rustc = env::var_os("NL2SQL_GUEST_RUSTC").map(PathBuf::from);
            let builds_std = rustc.as_deref().is_some_and(|rustc| !has_prebuilt_std(rustc));
            return Ok(Self {
                cargo: cargo.into(),
                rustc,
                builds_std,
            });
        }
        if has_prebuilt_std(Path::new("rustc")) {
            return Ok(Self {
                cargo: "cargo".into(),
                rustc: None,
                builds_std: false,
            });
        }
        if let Some(debian) = Self::debian() {
            return Ok(debian);
        }
        if succeeds(command("rustup").args(["target", "add", TARGET])) && has_prebuilt_std(Path::new("rustc")) {
            return Ok(Self {
                cargo: "cargo".into(),
                rustc: None,
                builds_std: false,
            });
        }
        install_debian_packages()?;
        match Self::debian() {
            Some(debian) => Ok(debian),
            None => bail!(
                "no toolchain builds {TARGET}: run `rustup target add {TARGET}`, or install Debian's packages {}, or name a cargo and a rustc in \
                 NL2SQL_GUEST_CARGO and NL2SQL_GUEST_RUSTC",
                DEBIAN_PACKAGES.join(", ")
            ),
        }
    }

    /// Debian's rustc with the sources of its standard library, and a linker for WASM.
    fn debian() -> Option<Self> {
        let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
        let sysroot = output(command(&rustc).args(["--print", "sysroot"]))?;
        let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml");
        let complete = cargo.exists() && sources.exists() && succeeds(command("wasm-ld").arg("--version"));
        complete.then_some(Self {
            cargo,
            rustc: Some(rustc),
            builds_std: true,
        })
    }

    /// A building verb of cargo (`build`, `rustc`) for guests, in the folder of their workspace.
    pub fn command(&self, verb: &str, workspace: &Path, target_folder: &Path) -> Command {
        let mut build = command(&self.cargo);
        build
            .current_dir(workspace)
            .args([verb, "--release", "--target", TARGET])
            .env("CARGO_TARGET_DIR", target_folder);
        if let Some(rustc) = &self.rustc {
            build.env("RUSTC", rustc);
        }
        if self.builds_std {
            // Building the standard library is a nightly feature; RUSTC_BOOTSTRAP opens it on the distribution's stable compiler.
            build.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
            build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        }
        build
    }
}

fn has_prebuilt_std(rustc: &Path) -> bool {
    let libraries = output(command(rustc).args(["--print", "target-libdir", "--target", TARGET]));
    let mut files = libraries
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .flatten();
    files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn install_debian_packages() -> Result<()> {
    let is_root = output(command("id").arg("-u")).as_deref() == Some("0");
    if !is_root || !Path::new("/usr/bin/apt-get").exists() {
        return Ok(());
    }
    eprintln!("installing {}", DEBIAN_PACKAGES.join(", "));
    let apt = || {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq");
        apt
    };
    run(apt().arg("update"))?;
    run(apt()
        .args(["install", "-y", "--no-install-recommends"])
        .args(DEBIAN_PACKAGES))
}
