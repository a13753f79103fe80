//! Builds the page that the program serves: TypeScript, checked and bundled into `<target>/page`, which the build of the program embeds.
//!
//! It takes Node and a package registry. Where there is none the program is built without its page, and says so at `/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::checkout;
use crate::process::{announce, command, output, run};

/// Debian's packages of Node and its package manager.
pub const DEBIAN_PACKAGES: [&str; 2] = ["nodejs", "npm"];

/// First version of Node that the bundler runs on.
const MIN_NODE: u32 = 18;

/// Whether the page can be built here.
pub fn has_node() -> bool {
    let version = output(command("node").arg("--version"));
    let major = version.and_then(|version| version.trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= MIN_NODE) && output(command("npm").arg("--version")).is_some()
}

/// Builds the page, or says that the program will have none.
pub fn build_if_possible() {
    if !has_node() {
        announce("there is no Node: the program is built without its page");
    } else if let Err(error) = build() {
        announce(&format!("the program is built without its page: {error:#}"));
    }
}

/// Builds the page, unless what it is made of is as it was.
pub fn build() -> Result<()> {
    if !has_node() {
        bail!("the page takes Node {MIN_NODE} or later and npm: run `cargo xtask bootstrap`");
    }
    let sources = sources();
    let (folder, mark) = (checkout::target().join("page"), checkout::target().join("page-sources"));
    let digest = digest(&sources)?;
    if folder.join("index.html").is_file() && fs::read_to_string(&mark).is_ok_and(|built| built == digest) {
        return Ok(());
    }
    announce("building the page");
    install(&sources)?;
    let npm = || {
        let mut npm = command("npm");
        npm.current_dir(&sources).args(["run", "--silent"]);
        npm
    };
    run(npm().arg("check"))?;
    run(npm().args(["build", "--"]).arg(&folder))?;
    fs::write(&mark, digest).with_context(|| format!("cannot write {}", mark.display()))
}

/// The packages of the lock file, where they are not there yet. Scripts of packages do not run.
fn install(sources: &Path) -> Result<()> {
    let modified = |name: &str| fs::metadata(sources.join(name)).and_then(|metadata| metadata.modified());
    if let (Ok(installed), Ok(locked)) = (
        modified("node_modules/.package-lock.json"),
        modified("package-lock.json"),
    ) && installed >= locked
    {
        return Ok(());
    }
    let install = || {
        run(command("npm").current_dir(sources).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))
    };
    // A registry that does not answer once may well do so a moment later.
    install().or_else(|_| {
        announce("npm could not install the page's packages; trying once more");
        install()
    })
}

fn sources() -> PathBuf {
    checkout::root().join("host/crates/serving/page")
}

/// Digest of everything that the page is made of.
fn digest(sources: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(sources, &mut files)?;
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.strip_prefix(sources)?.to_string_lossy().as_bytes());
        hasher.update(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(hex::encode(hasher.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let is_made = ["node_modules", "tests"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_made {
            collect(&path, files)?;
        } else if path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
