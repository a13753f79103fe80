//! Debian's LLVM in the place of the one that burn downloads.
//!
//! burn's CUDA backend lowers kernels by LLVM, which `tracel-llvm-bundler` downloads as it is built. It downloads nothing where its folder and a
//! mark in it are there, and asks that folder for `bin/llvm-config` alone. The bindings are those of LLVM 23; what burn uses of them is in LLVM 22
//! as well, which Debian has.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::bootstrap::{Need, bootstrap};
use crate::checkout;

/// What building against it takes.
pub const DEBIAN_PACKAGES: [&str; 3] = ["llvm-22-dev", "libzstd-dev", "zlib1g-dev"];

/// Where Debian installs it.
const PREFIX: &str = "/usr/lib/llvm-22";

/// The variable by which the bundler's folder is found.
pub const DATA_HOME: &str = "XDG_DATA_HOME";

const BUNDLER: &str = "tracel-llvm-bundler";

/// The file by which the bundler knows that nothing is left to download.
const MARK: &str = ".tracel-llvm-installed";

/// Whether Debian's packages are here.
pub fn is_installed() -> bool {
    Path::new(PREFIX).join("bin/llvm-config").is_file()
        && Path::new(PREFIX).join("include/llvm-c/Core.h").is_file()
        && ["/usr/include/zstd.h", "/usr/include/zlib.h"]
            .iter()
            .all(|header| Path::new(header).is_file())
}

/// Whether burn's own was downloaded before.
pub fn is_downloaded() -> Result<bool> {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = std::env::var_os(DATA_HOME).map(PathBuf::from).or_else(home);
    let folder = folder_below(&version_in(&lock()?)?);
    Ok(data.is_some_and(|data| data.join(folder).join(MARK).is_file()))
}

/// Installs what is missing, lays `llvm-config` out below the build folder, and answers what [`DATA_HOME`] must be for the bundler to find it.
///
/// # Errors
/// Debian's packages are not here and cannot be installed.
pub fn lay_out() -> Result<PathBuf> {
    bootstrap(&[Need::Llvm], false)?;
    if !is_installed() {
        bail!(
            "LLVM cannot be downloaded here and {PREFIX} lacks it: install Debian's packages {}, or build where burn's LLVM can be downloaded",
            DEBIAN_PACKAGES.join(", ")
        );
    }
    let data = checkout::target().join("gpu").join("llvm");
    let folder = data.join(folder_below(&version_in(&lock()?)?));
    write_config(&folder)?;
    Ok(data)
}

fn write_config(folder: &Path) -> Result<()> {
    let config = folder.join("bin").join("llvm-config");
    let cannot_write = || format!("cannot write {}", config.display());
    fs::create_dir_all(folder.join("bin")).with_context(cannot_write)?;
    // A build script that sees the file anew would link LLVM again.
    if fs::read_to_string(&config).is_ok_and(|there| there == CONFIG) && folder.join(MARK).is_file() {
        return Ok(());
    }
    fs::write(&config, CONFIG).with_context(cannot_write)?;
    fs::set_permissions(&config, Permissions::from_mode(0o755)).with_context(cannot_write)?;
    fs::write(folder.join(MARK), "").with_context(cannot_write)
}

/// Debian's lists of libraries name Polly, which is in another package, and libraries of the system that nothing burn uses of LLVM calls.
const CONFIG: &str = r#"#!/bin/sh
# Debian's LLVM for tracel-llvm-bundler; `cargo xtask gpu` writes this.
set -e
answer=$(/usr/lib/llvm-22/bin/llvm-config "$@")
case " $* " in
*" --libs "* | *" --libnames "* | *" --system-libs "*)
    for library in $answer; do
        case $library in
        *Polly* | *z3* | *xml2*) ;;
        *) printf '%s ' "$library" ;;
        esac
    done
    echo
    ;;
*) printf '%s\n' "$answer" ;;
esac
"#;

/// The bundler's folder below the user's data.
fn folder_below(version: &str) -> PathBuf {
    Path::new("tracel").join(format!("tracel-llvm-{version}"))
}

fn lock() -> Result<String> {
    let path = checkout::root().join("Cargo.lock");
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The bundler's version, which is that of its LLVM.
fn version_in(lock: &str) -> Result<String> {
    let lock: toml::Value = toml::from_str(lock).context("Cargo.lock is not TOML")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    packages
        .into_iter()
        .flatten()
        .find(|package| package.get("name").and_then(toml::Value::as_str) == Some(BUNDLER))
        .and_then(|package| package.get("version")?.as_str())
        .map(str::to_owned)
        .with_context(|| {
            format!("Cargo.lock has no {BUNDLER}: burn finds its LLVM in another way, which this chore does not know")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::output;

    #[test]
    fn the_bundler_s_version_is_read_from_the_lock() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"tracel-llvm-bundler\"\nversion = \"23.1.0-4\"\n";
        assert_eq!(version_in(lock).unwrap(), "23.1.0-4");
        let error = version_in("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n").unwrap_err();
        assert!(error.to_string().contains(BUNDLER), "{error}");
        assert!(version_in(&super::lock().unwrap()).is_ok());
    }

    /// The script over a stand-in for Debian's `llvm-config`.
    #[test]
    fn libraries_that_nothing_calls_are_left_out() {
        let folder = checkout::target().join("tmp").join("llvm-config-test");
        fs::create_dir_all(&folder).unwrap();
        let debian = folder.join("llvm-config");
        fs::write(&debian, "#!/bin/sh\necho -lLLVMCore -lPolly -lz3 -lxml2 -lz -lzstd\n").unwrap();
        fs::set_permissions(&debian, Permissions::from_mode(0o755)).unwrap();
        let script = CONFIG.replace("/usr/lib/llvm-22/bin/llvm-config", &debian.display().to_string());
        let asked = |question: &str| {
            let mut shell = crate::process::command("sh");
            output(shell.args(["-c", &script, "llvm-config", "--link-static", question])).unwrap()
        };
        assert_eq!(asked("--libs"), "-lLLVMCore -lz -lzstd");
        assert_eq!(asked("--system-libs"), "-lLLVMCore -lz -lzstd");
        assert_eq!(asked("--cxxflags"), "-lLLVMCore -lPolly -lz3 -lxml2 -lz -lzstd");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_script_and_its_mark_are_laid_out() {
        let folder = checkout::target().join("tmp").join("llvm-layout-test");
        write_config(&folder).unwrap();
        let written = fs::metadata(folder.join("bin/llvm-config")).unwrap();
        assert_eq!(written.permissions().mode() & 0o111, 0o111);
        assert!(folder.join(MARK).is_file());
        write_config(&folder).unwrap();
        let again = fs::metadata(folder.join("bin/llvm-config")).unwrap();
        assert_eq!(written.modified().unwrap(), again.modified().unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }
}
