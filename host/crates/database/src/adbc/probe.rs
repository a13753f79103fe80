//! A driver library is loaded by another process first: one that crashes while it loads takes that process along, not this one.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use adbc_core::options::AdbcVersion;
use adbc_driver_manager::ManagedDriver;

use super::library::PinnedLibrary;
use crate::ConnectError;

/// Longest that a library may take to load.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks at the other process.
const PAUSE: Duration = Duration::from_millis(10);

/// What a [`ProbeCommand`] says of a library that was loaded: one that ends the process while it loads leaves this unsaid.
pub const LIBRARY_LOADED: &str = "the driver library was loaded";

/// A command that says [`LIBRARY_LOADED`] and ends with 0 when [`load_adbc_library`] succeeds, and else says why in one line of its output. It is
/// given the path of the library and its entry point, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeCommand {
    /// The program.
    pub program: OsString,
    /// Its first arguments.
    pub arguments: Vec<OsString>,
}

/// Loads a driver library into this process and forgets it: what the command of a [`ProbeCommand`] does.
///
/// # Errors
/// What the library or the system says.
pub fn load_adbc_library(library: &Path, entrypoint: &str) -> Result<(), String> {
    let entrypoint = Some(entrypoint.to_owned()).filter(|name| !name.is_empty());
    let library = PinnedLibrary {
        path: library.to_owned(),
        entrypoint,
    };
    load(&library).map(drop)
}

/// Loads a library; drivers that know version 1.0 alone are taken too.
pub(super) fn load(library: &PinnedLibrary) -> Result<ManagedDriver, String> {
    let entrypoint = library.entrypoint.as_deref().map(str::as_bytes);
    let load = |version| ManagedDriver::load_dynamic_from_filename(&library.path, entrypoint, version);
    load(AdbcVersion::V110)
        .or_else(|_| load(AdbcVersion::V100))
        .map_err(|error| error.message)
}

/// Loads the library in a process of its own.
pub(super) fn probe(command: &ProbeCommand, library: &PinnedLibrary) -> Result<(), ConnectError> {
    let place = library.path.display().to_string();
    let failed = |detail: String| ConnectError::Settings(format!("{place}: {detail}"));
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .arg(&library.path)
        .arg(library.entrypoint.as_deref().unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("no process can be started to try it in: {error}")))?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            _ => {
                child.kill().ok();
                child.wait().ok();
                return Err(failed(format!(
                    "it did not load within {} s in a process of its own, so it is not loaded here",
                    PATIENCE.as_secs()
                )));
            }
        }
    };
    let said = child
        .stdout
        .take()
        .and_then(|output| std::io::read_to_string(output).ok());
    let said = said.unwrap_or_default();
    if status.success() && said.contains(LIBRARY_LOADED) {
        return Ok(());
    }
    let reason = said.lines().last().unwrap_or_default();
    Err(failed(match status.code() {
        Some(0) => {
            "it ended the process that tried it, so it is not loaded here; use a build of the driver for this system"
                .to_owned()
        }
        Some(_) if !reason.is_empty() => format!(
            "it is no ADBC driver that can be used: {reason}; check database.adbc.library and database.adbc.entrypoint"
        ),
        _ => format!(
            "it crashed while it loaded in a process of its own ({status}), so it is not loaded here; use a build of the driver for this system"
        ),
    }))
}
