//! Driver libraries for the tests of ADBC: DuckDB's from npm, SQLite's and PostgreSQL's from PyPI. All are left out where they cannot be had.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::checkout;
use crate::process::{announce, command, run};

/// Names the folder with the libraries.
pub const VARIABLE: &str = "NL2SQL_TEST_ADBC";

/// DuckDB's library, as Node's bindings bring it.
const DUCKDB: &str = "@duckdb/node-bindings-linux-x64@1.5.6-r.1";
/// Drivers of Apache Arrow, as Python's bindings bring them.
const WHEELS: [&str; 2] = ["adbc-driver-sqlite==1.13.0", "adbc-driver-postgresql==1.13.0"];

/// Puts a library into the folder.
type Fetch = fn(&Path) -> Result<()>;

/// The folder with what could be had, filled once; one that is given stands as it is.
pub fn folder() -> PathBuf {
    if let Some(given) = std::env::var_os(VARIABLE) {
        return given.into();
    }
    let folder = checkout::target().join("adbc-drivers");
    let attempts: [(&str, Fetch); 2] = [("libduckdb.so", duckdb), ("libadbc_driver_postgresql.so", arrow)];
    for (library, fetch) in attempts {
        if cfg!(all(target_os = "linux", target_arch = "x86_64"))
            && !folder.join(library).is_file()
            && let Err(error) = fs::create_dir_all(&folder)
                .map_err(Into::into)
                .and_then(|()| fetch(&folder))
        {
            announce(&format!(
                "{library} cannot be had, so the tests that need it are skipped: {error:#}"
            ));
        }
    }
    folder
}

fn duckdb(folder: &Path) -> Result<()> {
    let packed = empty_folder(folder, "npm")?;
    run(command("npm").args(["pack", "--silent", DUCKDB]).current_dir(&packed))?;
    unpack(&packed, "tgz", |archive| {
        run(command("tar").args(["xzf"]).arg(archive).current_dir(&packed))
    })?;
    keep(&packed, folder)
}

fn arrow(folder: &Path) -> Result<()> {
    let packed = empty_folder(folder, "pypi")?;
    run(command("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(&packed)
        .args(WHEELS))?;
    unpack(&packed, "whl", |archive| {
        run(command("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(archive)
            .arg(&packed))
    })?;
    keep(&packed, folder)
}

/// An empty folder for what is unpacked.
fn empty_folder(folder: &Path, name: &str) -> Result<PathBuf> {
    let place = folder.join(name);
    fs::remove_dir_all(&place).ok();
    fs::create_dir_all(&place)?;
    Ok(place)
}

/// Does something to every file of this kind.
fn unpack(folder: &Path, extension: &str, unpack: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let archives = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension));
    archives.into_iter().try_for_each(|archive| unpack(archive))
}

/// Moves the libraries of all folders below `from` to `folder`, and forgets the rest.
fn keep(from: &Path, folder: &Path) -> Result<()> {
    for below in fs::read_dir(from)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
    {
        for file in fs::read_dir(&below)?.filter_map(|entry| Some(entry.ok()?.path())) {
            let name = file.file_name().context("a file without a name")?.to_owned();
            if file.extension().is_some_and(|extension| extension == "so") {
                fs::rename(&file, folder.join(name))?;
            }
        }
    }
    fs::remove_dir_all(from)?;
    Ok(())
}
