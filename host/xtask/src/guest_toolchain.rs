//! Finds a toolchain that builds `wasm32-unknown-unknown`.
//!
//! In this order: what `NL2SQL_GUEST_CARGO` and `NL2SQL_GUEST_RUSTC` name; the toolchain in use, when the target is installed; Debian's
//! `rustc-web`, which builds the standard library from `rust-web-src`. `cargo xtask bootstrap` installs one.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{command, output, succeeds};

/// The target of every plugin.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's way to build guests.
pub const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// A way to build guests.
#[derive(Debug)]
pub struct GuestToolchain {
    cargo: PathBuf,
    rustc: Option<PathBuf>,
    /// Whether the standard library is built along, because no prebuilt one comes with the toolchain.
    builds_std: bool,
}

impl GuestToolchain {
    /// The first toolchain that works, if there is one.
    pub fn find() -> Option<Self> {
        if let Some(cargo) = env::var_os("NL2SQL_GUEST_CARGO") {
            let rustc = env::var_os("NL2SQL_GUEST_RUSTC").map(PathBuf::from);
            let builds_std = rustc.as_deref().is_some_and(|rustc| !has_prebuilt_std(rustc, TARGET));
            return Some(Self {
                cargo: cargo.into(),
                rustc,
                builds_std,
            });
        }
        Self::for_target(TARGET)
    }

    /// The toolchain in use where it has the target, otherwise Debian's, which builds the standard library from source.
    pub fn for_target(target: &str) -> Option<Self> {
        if has_prebuilt_std(Path::new("rustc"), target) {
            return Some(Self {
                cargo: "cargo".into(),
                rustc: None,
                builds_std: false,
            });
        }
        Self::debian()
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
        let mut build = self.cargo(verb, TARGET, workspace, target_folder);
        build.arg("--release");
        if self.builds_std {
            build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        }
        build
    }

    /// A verb of cargo for a target.
    pub fn cargo(&self, verb: &str, target: &str, workspace: &Path, target_folder: &Path) -> Command {
        let mut build = command(&self.cargo);
        build
            .current_dir(workspace)
            .args([verb, "--target", target])
            .env("CARGO_TARGET_DIR", target_folder);
        if let Some(rustc) = &self.rustc {
            build.env("RUSTC", rustc);
        }
        if self.builds_std {
            // Building the standard library is a nightly feature; RUSTC_BOOTSTRAP opens it on the distribution's stable compiler.
            build.env("RUSTC_BOOTSTRAP", "1").arg("-Zbuild-std=std,panic_abort");
        }
        build
    }
}

impl fmt::Display for GuestToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cargo.display())?;
        if self.builds_std {
            f.write_str(", its standard library from source")?;
        }
        Ok(())
    }
}

fn has_prebuilt_std(rustc: &Path, target: &str) -> bool {
    let libraries = output(command(rustc).args(["--print", "target-libdir", "--target", target]));
    let mut files = libraries
        .and_then(|folder| std::fs::read_dir(folder).ok())
        .into_iter()
        .flatten()
        .flatten();
    files.any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}
