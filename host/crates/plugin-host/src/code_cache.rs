//! Compiled code, kept between runs.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Length of the digest in front of the code.
const DIGEST: usize = 32;

/// A private folder of compiled components, one file each: the SHA-256 of the code, then the code.
#[derive(Clone, Debug)]
pub struct CodeCache {
    folder: PathBuf,
}

impl CodeCache {
    /// Opens the folder, creates it where it is missing, and makes sure that nobody else can write to it.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        make_private(&folder)?;
        Ok(Self { folder })
    }

    /// The compiled component, from the folder or by compiling. A folder that cannot be written to costs time, not the run.
    pub(crate) fn component(&self, engine: &Engine, sha256: &str, bytes: &[u8]) -> wasmtime::Result<Component> {
        let path = self
            .folder
            .join(format!("{sha256}-{:016x}.code", compatibility(engine)));
        if let Some(component) = fetch(engine, &path) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes)?;
        if let Err(error) = self.store(&path, &component.serialize()?) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept; the next start compiles it again");
        }
        Ok(component)
    }

    /// Writes beside and renames, so that a reader meets a whole file or none.
    fn store(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&Sha256::digest(code))?;
        file.write_all(code)?;
        file.persist(path)?;
        Ok(())
    }
}

/// What an engine needs of compiled code, in one number.
fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// The component of a file, when it is there and whole.
fn fetch(engine: &Engine, path: &Path) -> Option<Component> {
    let content = fs::read(path).ok()?;
    let (digest, code) = content.split_at_checked(DIGEST)?;
    if Sha256::digest(code).as_slice() != digest {
        return None;
    }
    // SAFETY: `deserialize` needs bytes that `Component::serialize` made, unaltered. The folder belongs to this user and nobody else may
    // enter it (`make_private` refuses any other), files appear in it whole (`store` renames) and only `store` writes them; the digest,
    // checked on the very bytes that are handed over, excludes decay since. wasmtime itself refuses code of another version or
    // configuration.
    unsafe { Component::deserialize(engine, code) }.ok()
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let found = fs::symlink_metadata(folder)?;
    let user = rustix::process::geteuid().as_raw();
    if !found.is_dir() || found.uid() != user {
        return Err(io::Error::other(format!(
            "{} is not a folder of this user's own",
            folder.display()
        )));
    }
    if found.permissions().mode() & 0o777 != 0o700 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    // A user's profile folder is private by its inherited access list.
    fs::create_dir_all(folder)
}
