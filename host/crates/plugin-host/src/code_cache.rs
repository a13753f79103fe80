//! Compiled code, kept between runs.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Length of the digest in front of the code.
const DIGEST: usize = 32;

/// Ending of the files that hold code.
const ENDING: &str = "code";

/// Most bytes kept; beyond them the code that was not used for longest goes.
const KEPT: u64 = 256 << 20;

/// Code that nobody used for so long goes too: most of it belongs to plugins and versions that are no more.
const UNUSED: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// A use is noted when the last note is older than this.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);

/// A draft older than this belongs to a process that died.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// A private folder of compiled components, one file each: the SHA-256 of the code, then the code. What is not used is forgotten.
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

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The compiled component, from the folder or by compiling. A folder that cannot be written to costs time, not the run.
    pub(crate) fn component(
        &self,
        engine: &Engine,
        sha256: &str,
        compile: impl FnOnce() -> wasmtime::Result<Component>,
    ) -> wasmtime::Result<Component> {
        let path = self
            .folder
            .join(format!("{sha256}-{:016x}.{ENDING}", compatibility(engine)));
        if let Some(component) = fetch(engine, &path) {
            return Ok(component);
        }
        let component = compile()?;
        if let Err(error) = self.store(&path, &component.serialize()?) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be kept; the next start compiles it again");
        }
        Ok(component)
    }

    /// Writes beside and renames, so that a reader meets a whole file or none; then makes room.
    fn store(&self, path: &Path, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&Sha256::digest(code))?;
        file.write_all(code)?;
        file.persist(path)?;
        self.forget(KEPT, SystemTime::now())
    }

    /// Removes what was not used for long, and then the least recently used beyond `kept` bytes. Other processes may do the same at the
    /// same time: a file that is gone is gone, and whoever has it open reads it to its end.
    fn forget(&self, kept: u64, now: SystemTime) -> io::Result<()> {
        let mut files: Vec<(PathBuf, SystemTime, u64)> = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let Ok(found) = entry.metadata() else { continue };
            let (path, used) = (entry.path(), found.modified()?);
            let age = now.duration_since(used).unwrap_or_default();
            let is_code = path.extension().is_some_and(|ending| ending == ENDING);
            if age > if is_code { UNUSED } else { ABANDONED } {
                let _ = fs::remove_file(&path);
            } else if is_code {
                files.push((path, used, found.len()));
            }
        }
        files.sort_by_key(|(_, used, _)| std::cmp::Reverse(*used));
        let mut total = 0;
        for (path, _, length) in files {
            total += length;
            if total > kept {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

/// What an engine needs of compiled code, in one number.
fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// The component of a file, when it is there, this user's own and whole.
fn fetch(engine: &Engine, path: &Path) -> Option<Component> {
    let content = read_own(path).ok()?;
    let (digest, code) = content.split_at_checked(DIGEST)?;
    if Sha256::digest(code).as_slice() != digest {
        return None;
    }
    // SAFETY: `deserialize` needs bytes that `Component::serialize` made, unaltered. The file is this user's own and no other user may write
    // to it (`read_own` asks the open file, not its name, so that swapping a folder on the way changes nothing), it stands in a folder that
    // `make_private` closed to others, files appear there whole (`store` renames) and only `store` writes them; the digest, checked on the
    // very bytes that are handed over, excludes decay since. wasmtime itself refuses code of another version or configuration.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// The content of a file that no other user can have written; notes the use.
fn read_own(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open_own(path)?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let now = SystemTime::now();
    let noted = file.metadata()?.modified()?;
    if now.duration_since(noted).is_ok_and(|age| age > NOTED) {
        // The note only decides how long the file is kept.
        let _ = file.set_modified(now);
    }
    Ok(content)
}

#[cfg(unix)]
fn open_own(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(
            rustix::fs::OFlags::NOFOLLOW.bits().cast_signed() | rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
        )
        .open(path)?;
    let found = file.metadata()?;
    let own = found.is_file() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0;
    if own {
        Ok(file)
    } else {
        Err(io::Error::other("not a file of this user's own"))
    }
}

#[cfg(not(unix))]
fn open_own(path: &Path) -> io::Result<File> {
    // A user's profile folder is private by its inherited access list.
    File::open(path)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with nothing in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn engine() -> Engine {
        crate::engine::new().unwrap().0
    }

    fn kept(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    #[test]
    fn compiled_code_is_cached_and_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let engine = engine();
        cache
            .component(&engine, "one", || Component::from_binary(&engine, EMPTY))
            .unwrap();
        let files = kept(&folder.path().join("code"));
        assert_eq!(files.len(), 1);
        assert!(fetch(&engine, &files[0]).is_some());
        // Bytes that cannot be compiled show that the kept code is what is used.
        cache
            .component(&engine, "one", || Component::from_binary(&engine, b"nonsense"))
            .unwrap();
        assert!(
            cache
                .component(&engine, "two", || Component::from_binary(&engine, b"nonsense"))
                .is_err()
        );
    }

    #[test]
    fn altered_truncated_and_foreign_cache_files_are_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let engine = engine();
        cache
            .component(&engine, "one", || Component::from_binary(&engine, EMPTY))
            .unwrap();
        let path = kept(&folder.path().join("code")).remove(0);
        let whole = fs::read(&path).unwrap();
        let mut altered = whole.clone();
        *altered.last_mut().unwrap() ^= 1;
        let other = b"code of another engine";
        let foreign = [Sha256::digest(other).as_slice(), other].concat();
        for bytes in [
            &altered[..],
            &whole[..whole.len() / 2],
            &whole[..DIGEST - 1],
            b"",
            &foreign,
        ] {
            fs::write(&path, bytes).unwrap();
            assert!(fetch(&engine, &path).is_none());
            cache
                .component(&engine, "one", || Component::from_binary(&engine, EMPTY))
                .unwrap();
            assert_eq!(
                fs::read(&path).unwrap().len(),
                whole.len(),
                "it is compiled and written again"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn cache_files_others_can_write_are_not_trusted() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("code");
        let cache = CodeCache::open(&private).unwrap();
        let engine = engine();
        cache
            .component(&engine, "one", || Component::from_binary(&engine, EMPTY))
            .unwrap();
        let path = kept(&private).remove(0);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(fetch(&engine, &path).is_none(), "anybody may write to it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = private.join("link.code");
        symlink(&path, &link).unwrap();
        assert!(fetch(&engine, &link).is_none(), "it is a link");

        fs::set_permissions(&private, fs::Permissions::from_mode(0o777)).unwrap();
        CodeCache::open(&private).unwrap();
        assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o700);
        symlink(&private, folder.path().join("elsewhere")).unwrap();
        assert!(
            CodeCache::open(folder.path().join("elsewhere")).is_err(),
            "the folder is a link"
        );
    }

    #[test]
    fn old_and_excess_cache_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CodeCache::open(folder.path().join("code")).unwrap();
        let now = SystemTime::now();
        let write = |name: &str, age: Duration| {
            let path = folder.path().join("code").join(name);
            fs::write(&path, [0; 100]).unwrap();
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(now - age)
                .unwrap();
        };
        let day = Duration::from_secs(24 * 60 * 60);
        write("new.code", Duration::ZERO);
        write("used.code", day);
        write("older.code", 2 * day);
        write("ancient.code", 100 * day);
        write(".tmp1", day);
        write(".tmp2", Duration::ZERO);
        cache.forget(250, now).unwrap();
        let mut names: Vec<_> = kept(&folder.path().join("code"))
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, [".tmp2", "new.code", "used.code"]);
    }
}
