//! Installs what the chores need and this machine lacks: `cargo xtask bootstrap`; `demo` and `test` begin with it.
//!
//! Says first what it will install. On a terminal it asks; with `--yes`, in CI and without a terminal it does not.

use std::env;
use std::io::{IsTerminal, Write, stdin, stdout};

use anyhow::{Result, bail};

use crate::gpu::debian_llvm;
use crate::guest_toolchain::{self, GuestToolchain, TARGET};
use crate::process::{announce, command, run, succeeds};
use crate::{debian, devices, page, services};

/// Something that a chore needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A toolchain that builds plugins. Nothing works without it.
    GuestToolchain,
    /// The programs of PostgreSQL, MariaDB and a registry. Tests that want a server are skipped without them.
    Servers,
    /// Node and npm. The program has no page without them.
    Page,
    /// A browser. The test of the page is skipped without it.
    Browser,
    /// A Vulkan driver. The test on wgpu is skipped without it.
    Vulkan,
    /// A clock that is wrong. The test of a worker with such a clock is skipped without it.
    WrongClock,
    /// Networks of their own. The test of a worker behind a bad cable is skipped without them.
    Networks,
    /// LLVM, for the CUDA build where burn's own cannot be downloaded; nothing else takes it.
    Llvm,
}

impl Need {
    /// Everything that building and testing may need, without the CUDA build.
    pub const ALL: [Self; 7] = [
        Self::GuestToolchain,
        Self::Servers,
        Self::Page,
        Self::Browser,
        Self::Vulkan,
        Self::WrongClock,
        Self::Networks,
    ];

    fn purpose(self) -> &'static str {
        match self {
            Self::GuestToolchain => "to build plugins for WASM",
            Self::Servers => "private servers for the tests of drivers and plugins",
            Self::Page => "Node, to build the page that the program serves",
            Self::Browser => "a browser, for the test of the page",
            Self::Vulkan => "software Vulkan, for the test of the wgpu backend",
            Self::WrongClock => "faketime, for the test of a worker whose clock is wrong",
            Self::Networks => "iproute2, for the test of a worker behind a bad cable",
            Self::Llvm => "LLVM, for the CUDA build",
        }
    }

    /// Debian packages that are missing for it; none where it is met.
    fn missing_packages(self) -> Vec<&'static str> {
        match self {
            Self::GuestToolchain if GuestToolchain::find().is_some() => Vec::new(),
            Self::GuestToolchain => guest_toolchain::DEBIAN_PACKAGES.to_vec(),
            Self::Servers => services::missing_packages(),
            Self::Page if page::has_node() => Vec::new(),
            Self::Page => page::DEBIAN_PACKAGES.to_vec(),
            Self::Browser if succeeds(command("chromium").arg("--version")) => Vec::new(),
            Self::Browser => vec!["chromium"],
            Self::Vulkan if devices::has_vulkan() => Vec::new(),
            Self::Vulkan => vec![devices::SOFTWARE_VULKAN],
            Self::WrongClock if succeeds(command("faketime").arg("--version")) => Vec::new(),
            Self::WrongClock => vec!["faketime"],
            Self::Networks if succeeds(command("ip").arg("-Version")) => Vec::new(),
            Self::Networks => vec!["iproute2"],
            Self::Llvm if debian_llvm::is_installed() => Vec::new(),
            Self::Llvm => debian_llvm::DEBIAN_PACKAGES.to_vec(),
        }
    }
}

/// Installs what `needs` lack. What cannot be installed is an error where nothing works without it, and is said otherwise.
pub fn bootstrap(needs: &[Need], assume_yes: bool) -> Result<()> {
    if needs.contains(&Need::GuestToolchain) {
        add_rustup_target(assume_yes)?;
    }
    let lacking: Vec<(Need, Vec<&str>)> = needs
        .iter()
        .map(|need| (*need, need.missing_packages()))
        .filter(|(_, packages)| !packages.is_empty())
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    announce("this machine lacks Debian packages:");
    for (need, packages) in &lacking {
        eprintln!("    {} ({})", packages.join(" "), need.purpose());
    }
    let packages: Vec<&str> = lacking.iter().flat_map(|(_, packages)| packages.clone()).collect();
    if !debian::can_install() {
        eprintln!(
            "    They can only be installed as root where there is apt-get. As root, run: apt-get install --no-install-recommends {}",
            packages.join(" ")
        );
    } else if agreed(assume_yes, "Install them with apt-get?")? {
        debian::install(&packages)?;
    }
    if needs.contains(&Need::GuestToolchain) && GuestToolchain::find().is_none() {
        bail!(
            "no toolchain builds {TARGET}: run `rustup target add {TARGET}`, or install Debian's packages {}, or name a cargo and a rustc in \
             NL2SQL_GUEST_CARGO and NL2SQL_GUEST_RUSTC",
            guest_toolchain::DEBIAN_PACKAGES.join(", ")
        );
    }
    Ok(())
}

/// The target by rustup where there is rustup and no other toolchain; Debian's packages come after it.
fn add_rustup_target(assume_yes: bool) -> Result<()> {
    if GuestToolchain::find().is_some() || !succeeds(command("rustup").arg("--version")) {
        return Ok(());
    }
    announce(&format!(
        "this toolchain lacks the target {TARGET} (to build plugins for WASM)"
    ));
    if agreed(assume_yes, &format!("Add it with `rustup target add {TARGET}`?"))?
        && run(command("rustup").args(["target", "add", TARGET])).is_err()
    {
        eprintln!("    rustup cannot get it here");
    }
    Ok(())
}

/// Asks where somebody can answer; otherwise what was announced is done.
fn agreed(assume_yes: bool, question: &str) -> Result<bool> {
    if assume_yes || env::var_os("CI").is_some() || !stdin().is_terminal() {
        return Ok(true);
    }
    print!("{question} [Y/n] ");
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}
