//! One archive for a machine with a card: programs, reference models and the script that measures.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::programs::{Built, Program};
use crate::checkout;
use crate::demo::Profile;
use crate::process::{announce, command, output, run};

/// The largest archive, in bytes: it is copied to rented machines, whose hours cost while it is on its way.
const LARGEST: u64 = 60_000_000;

/// The folder in the archive.
const FOLDER: &str = "nl2sql-gpu";

/// Libraries that every Linux with a card's driver has; CUDA's own are opened as the program runs.
const LIBRARIES: [&str; 9] = [
    "ld-linux-x86-64.so",
    "libc.so",
    "libdl.so",
    "libgcc_s.so",
    "libm.so",
    "libpthread.so",
    "libstdc++.so",
    "libz.so",
    "libzstd.so",
];

/// Packs `<target>/gpu/nl2sql-gpu.tar.xz`.
///
/// # Errors
/// A program was not built or needs a library that the other machine may lack, or the archive is too large.
pub fn pack(built: &Built, profile: Profile) -> Result<()> {
    let target = checkout::target().join("gpu");
    let folder = target.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for program in Program::ALL {
        strip(built.path(program)?, &folder.join(program.name()))?;
    }
    let root = checkout::root();
    copy(&root.join("host/xtask/src/gpu/on_a_card.py"), &folder)?;
    copy(&root.join("host/crates/model/tests/fixtures"), &folder)?;
    fs::write(folder.join("build.json"), built_of(profile)?)?;
    let archive = compress(&target)?;
    let size = fs::metadata(&archive)?.len();
    check_size(size)?;
    announce("copy it to the machine with the card, and run there:");
    eprintln!("    python3 -m tarfile -e {FOLDER}.tar.xz && python3 {FOLDER}/on_a_card.py figures.json");
    println!("{} ({:.1} MB)", archive.display(), size as f64 / 1e6);
    Ok(())
}

fn strip(program: &Path, to: &Path) -> Result<()> {
    let mut strip = command("strip");
    run(strip.arg("-o").arg(to).arg(program)).context("binutils are needed")?;
    let headers = output(command("readelf").arg("--dynamic").arg(to)).context("readelf cannot read a program")?;
    let foreign = foreign_libraries(&headers);
    ensure!(
        foreign.is_empty(),
        "{} is linked to {}, which another machine may lack",
        program.display(),
        foreign.join(", ")
    );
    Ok(())
}

/// Libraries that a program needs and that may not be everywhere.
fn foreign_libraries(headers: &str) -> Vec<&str> {
    let needed = headers.lines().filter(|line| line.contains("(NEEDED)"));
    let names = needed.filter_map(|line| line.rsplit_once('[')?.1.strip_suffix(']'));
    names
        .filter(|name| !LIBRARIES.iter().any(|known| name.starts_with(known)))
        .collect()
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    run(command("cp").args(["--recursive", "--dereference"]).arg(from).arg(into))
}

/// What the figures are figures of.
fn built_of(profile: Profile) -> Result<String> {
    let git = |words: &[&str]| output(command("git").current_dir(checkout::root()).args(words));
    let revision = git(&["rev-parse", "HEAD"]).context("git does not say which revision this is")?;
    let changed = git(&["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty());
    let release = profile == Profile::Release;
    Ok(json!({ "revision": revision, "changed": changed, "release": release }).to_string())
}

/// The programs are much alike: a dictionary larger than two of them lets each be told by the one before.
fn compress(target: &Path) -> Result<PathBuf> {
    announce("packing (some minutes, and 3 GiB of memory)");
    let archive = target.join(format!("{FOLDER}.tar.xz"));
    run(command("tar")
        .args([
            "--create",
            "--use-compress-program",
            "xz -T1 --lzma2=preset=4,dict=256MiB",
            "--file",
        ])
        .arg(&archive)
        .arg("--directory")
        .arg(target)
        .arg(FOLDER))?;
    Ok(archive)
}

fn check_size(size: u64) -> Result<()> {
    if size > LARGEST {
        bail!(
            "the archive has {:.1} MB and may have {:.0}, so that copying it to a rented machine takes little of its time: leave a program of `Program::ALL` out",
            size as f64 / 1e6,
            LARGEST as f64 / 1e6
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_may_have_60_mb() {
        assert!(check_size(60_000_000).is_ok());
        let error = check_size(60_000_001).unwrap_err();
        assert!(error.to_string().contains("60.0 MB"), "{error}");
    }

    #[test]
    fn libraries_of_the_build_machine_are_foreign() {
        let headers = " 0x01 (NEEDED)  Shared library: [libstdc++.so.6]\n 0x01 (NEEDED)  Shared library: [libLLVM.so.22.1]\n \
                       0x01 (SONAME)  Library soname: [libcuda.so.1]\n 0x01 (NEEDED)  Shared library: [libnvrtc.so.13]";
        assert_eq!(foreign_libraries(headers), ["libLLVM.so.22.1", "libnvrtc.so.13"]);
    }
}
