//! Runs programs.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Variables that cargo and rustup set for a running xtask, and which would bend a nested build to the outer toolchain.
const OF_THE_OUTER_BUILD: [&str; 9] = [
    "CARGO",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_NAME",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "LD_LIBRARY_PATH",
];

/// A command free of what the outer build left in the environment.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    OF_THE_OUTER_BUILD.iter().for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Runs a command, its output going to the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Says on standard error what begins now, and how long it may take.
pub fn announce(what: &str) {
    eprintln!("==> {what}");
}

/// Whether a command can be run and succeeds; what it prints is dropped.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a command prints, when it succeeds.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}

fn shown(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words: Vec<_> = std::iter::once(command.get_program().to_string_lossy())
        .chain(arguments)
        .collect();
    format!("`{}`", words.join(" "))
}

/// Whether this runs as root.
pub fn is_root() -> bool {
    output(command("id").arg("-u")).as_deref() == Some("0")
}
