//! Processes that share a store ask no question twice: the first takes a lease on it, the others wait for the answer.
//!
//! A lease names its process by a lock file beside the store. The operating system gives the lock up with the process, so the lease of one that
//! was killed is known to be void.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// This process as others see it.
#[derive(Debug)]
pub struct LeaseHolder {
    name: String,
    path: PathBuf,
    /// Locked as long as the process lives.
    _file: File,
}

impl LeaseHolder {
    /// Announces this process beside the store, and takes away what dead ones left.
    ///
    /// # Errors
    /// When no file can be made or locked there.
    pub fn announce(store: &Path) -> io::Result<Self> {
        sweep(store);
        let name = format!("{}-{:016x}", std::process::id(), rand::random::<u64>());
        let path = lock_file(store, &name);
        // Locked under a name of its own before it gets the one that others look for, so that nobody sees it unlocked.
        let draft = tempfile::Builder::new().prefix(".asking-").tempfile_in(folder(store))?;
        draft.as_file().lock()?;
        let file = draft.persist_noclobber(&path).map_err(|failed| failed.error)?;
        Ok(Self {
            name,
            path,
            _file: file,
        })
    }

    /// The name that leases carry.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for LeaseHolder {
    fn drop(&mut self) {
        // What stays behind is swept by the next process.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process of this name still lives.
pub fn lives(store: &Path, name: &str) -> bool {
    File::open(lock_file(store, name)).is_ok_and(|file| file.try_lock().is_err())
}

fn lock_file(store: &Path, name: &str) -> PathBuf {
    store.with_file_name(format!("{}{name}", prefix(store)))
}

fn prefix(store: &Path) -> String {
    format!("{}.asking-", store.file_name().unwrap_or_default().to_string_lossy())
}

fn folder(store: &Path) -> &Path {
    let named = store.parent().filter(|folder| !folder.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

fn sweep(store: &Path) {
    let Ok(entries) = fs::read_dir(folder(store)) else {
        return;
    };
    let prefix = prefix(store);
    for entry in entries.flatten() {
        let path = entry.path();
        let named = entry.file_name().to_string_lossy().starts_with(&prefix);
        if named && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lease_holders_count_as_alive_while_they_hold_their_lock() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("llm.sqlite");
        let first = LeaseHolder::announce(&store).unwrap();
        let name = first.name().to_owned();
        let _second = LeaseHolder::announce(&store).unwrap();
        assert!(lives(&store, &name), "sweeping leaves the living alone");
        drop(first);
        assert!(!lives(&store, &name) && !lives(&store, "4711-0"));
        // A killed process leaves its file without a lock.
        fs::write(lock_file(&store, "4711-0"), "").unwrap();
        assert!(!lives(&store, "4711-0"));
        let _third = LeaseHolder::announce(&store).unwrap();
        assert!(!lock_file(&store, "4711-0").exists());
    }

    #[test]
    fn lease_holders_that_announce_themselves_at_once_all_live() {
        const HOLDERS: usize = 8;
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("llm.sqlite");
        for _ in 0..50 {
            let start = std::sync::Barrier::new(HOLDERS);
            let announce = || {
                start.wait();
                LeaseHolder::announce(&store).unwrap()
            };
            let holders: Vec<LeaseHolder> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..HOLDERS).map(|_| scope.spawn(announce)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(holders.iter().all(|holder| lives(&store, holder.name())));
        }
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            0,
            "nothing is left behind"
        );
    }
}
