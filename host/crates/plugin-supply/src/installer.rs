//! Adding, removing, updating and installing plugins of others.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nl2sql_plugin_host::sha256_hex;
use nl2sql_profile::{PluginSettings, Profile, Resolved};

use crate::candidate::Candidate;
use crate::change::UpdateReview;
use crate::fetch::fetch;
use crate::lock::{Lock, LockedPlugin};
use crate::lock_check::{self, Finding};
use crate::profile_entry::{self, ProfileEntry};
use crate::search::{self, Offer};
use crate::source::Source;
use crate::{Store, SupplyError, Trust};

/// Folders and files of the user's that do not belong to a profile.
#[derive(Clone, Debug)]
pub struct Places {
    /// Fetched plugins.
    pub store: PathBuf,
    /// Keys that the user trusts in every profile; need not exist.
    pub trust: Option<PathBuf>,
}

/// What is to be added.
#[derive(Clone, Debug, Default)]
pub struct AddRequest {
    /// Where from: a file, `https://...` or `oci://registry/name:tag`. A file's path begins at `folder`.
    pub source: String,
    /// Where the user is.
    pub folder: PathBuf,
    /// Services that it is granted.
    pub grants: BTreeSet<String>,
    /// Whether it may go without a signature.
    pub unsigned: bool,
}

/// How plugins are to be updated.
#[derive(Clone, Debug, Default)]
pub struct UpdateRequest {
    /// Another source.
    pub to: Option<String>,
    /// Where the user is, for a source that is a file.
    pub folder: PathBuf,
    /// Services that it is granted beyond those it has.
    pub grants: BTreeSet<String>,
    /// Whether it may go without a signature from now on.
    pub unsigned: bool,
}

/// Changes a profile's plugins of others, with the lock beside it.
#[derive(Debug)]
pub struct Installer {
    profile: Profile,
    file: PathBuf,
    lock: PathBuf,
    trust: Trust,
    store: Store,
    built_in: Vec<String>,
}

/// Digits of a digest that at least have to be named.
const MIN_DIGEST: usize = 12;

impl Installer {
    /// The installer of a profile; `built_in` names the plugins of the program.
    ///
    /// # Errors
    /// When there is no profile file, or keys and lists cannot be read.
    pub fn of(resolved: &Resolved, places: &Places, built_in: &[&str]) -> Result<Self, SupplyError> {
        let file = resolved.file.clone().filter(|file| file.is_file());
        let file = file.ok_or(SupplyError::NoProfile)?;
        let profile = resolved.profile.clone();
        Ok(Self {
            lock: profile
                .trust
                .lock
                .clone()
                .unwrap_or_else(|| file.with_extension("lock")),
            trust: Trust::load(&profile.trust, places.trust.as_deref())?,
            store: Store::new(places.store.clone()),
            built_in: built_in.iter().map(|name| (*name).to_owned()).collect(),
            profile,
            file,
        })
    }

    /// Fetches a plugin, verifies it, and writes it into profile and lock.
    ///
    /// # Errors
    /// When it cannot be fetched, is not trusted, asks for what is not granted, or has a name that is taken. Then nothing was changed.
    pub async fn add(&self, request: &AddRequest) -> Result<LockedPlugin, SupplyError> {
        let _held = self.store.hold()?;
        let source = self.rebased(&request.source, &request.folder)?;
        let candidate = self.fetch(&source, request.unsigned).await?;
        let name = &candidate.artifact.manifest.name;
        self.refuse_built_in(&candidate)?;
        self.refuse_taken(name, &source)?;
        candidate.check_grants(&request.grants)?;
        let locked = candidate.locked(&request.grants);
        self.agree(&candidate, &locked)?;
        Ok(locked)
    }

    /// Takes a plugin out of profile and lock. What was fetched stays in the store, for other profiles may use it.
    ///
    /// # Errors
    /// When no such plugin was added, or a file cannot be written.
    pub fn remove(&self, name: &str) -> Result<LockedPlugin, SupplyError> {
        let _held = self.store.hold()?;
        let mut lock = Lock::read(&self.lock)?;
        let locked = self.locked(&lock, name)?.clone();
        lock.plugins.retain(|plugin| plugin.name != name);
        profile_entry::remove(&self.file, name)?;
        lock.write(&self.lock)?;
        Ok(locked)
    }

    /// Fetches every plugin that is locked and not on this machine yet, exactly as it is locked.
    ///
    /// # Errors
    /// When one cannot be fetched, or its source serves other bytes now.
    pub async fn install(&self) -> Result<Vec<LockedPlugin>, SupplyError> {
        let _held = self.store.hold()?;
        let mut fetched = Vec::new();
        for plugin in Lock::read(&self.lock)?.plugins {
            let kept = self.store.read(&plugin.sha256)?;
            if kept.is_some_and(|bytes| sha256_hex(&bytes) == plugin.sha256) {
                continue;
            }
            let bytes = self.fetch_locked(&plugin).await?;
            self.store.keep(&plugin.sha256, &bytes)?;
            fetched.push(plugin);
        }
        Ok(fetched)
    }

    /// The bytes of the lock's line; a tag that moved since does not matter, for the manifest is asked for by its digest.
    async fn fetch_locked(&self, plugin: &LockedPlugin) -> Result<Vec<u8>, SupplyError> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let source = match (Source::parse(&plugin.source, folder)?, &plugin.resolved) {
            (Source::Registry(reference), Some(digest)) => {
                Source::Registry(reference.clone_with_digest(digest.clone()))
            }
            (source, _) => source,
        };
        let fetched = fetch(&source, &plugin.source, &self.profile.trust.registries).await?;
        let found = sha256_hex(&fetched.bytes);
        if found == plugin.sha256 {
            return Ok(fetched.bytes);
        }
        Err(SupplyError::OtherBytes {
            source_text: plugin.source.clone(),
            expected: plugin.sha256.clone(),
            found,
            locked: true,
        })
    }

    /// The file in the store that holds a plugin's bytes.
    pub fn file_of(&self, plugin: &LockedPlugin) -> PathBuf {
        self.store.path(&plugin.sha256)
    }

    /// Names of the plugins that were added.
    ///
    /// # Errors
    /// When the lock cannot be read.
    pub fn names(&self) -> Result<Vec<String>, SupplyError> {
        Ok(Lock::read(&self.lock)?
            .plugins
            .into_iter()
            .map(|plugin| plugin.name)
            .collect())
    }

    /// Fetches what a plugin's source holds now and says what an update would change. Nothing is changed but the store.
    ///
    /// # Errors
    /// When it cannot be fetched, or is not trusted.
    pub async fn review(&self, name: &str, request: &UpdateRequest) -> Result<(UpdateReview, Candidate), SupplyError> {
        let lock = Lock::read(&self.lock)?;
        let before = self.locked(&lock, name)?.clone();
        let source = match &request.to {
            Some(source) => self.rebased(source, &request.folder)?,
            None => self.settings(name).source.unwrap_or_else(|| before.source.clone()),
        };
        let settings = self.settings(name);
        let candidate = self.fetch(&source, request.unsigned || settings.unsigned).await?;
        let found = &candidate.artifact.manifest.name;
        if found != name {
            return Err(SupplyError::OtherPlugin {
                name: name.to_owned(),
                source_text: source,
                found: found.clone(),
            });
        }
        let asks = |word: &String| candidate.imports.contains(word) || word == nl2sql_plugin_host::DISCLOSE_ROWS;
        let granted = settings.grant.into_iter().flatten().filter(asks);
        let grants: BTreeSet<String> = granted.chain(request.grants.iter().cloned()).collect();
        let ungranted = candidate.ungranted(&grants);
        self.store.keep(&candidate.artifact.sha256, &candidate.bytes)?;
        Ok((
            UpdateReview::new(before, candidate.locked(&grants), ungranted),
            candidate,
        ))
    }

    /// Makes the update to the file that was reviewed, by the beginning of its digest.
    ///
    /// # Errors
    /// When the source holds another file by now, it asks for what is not granted, or a file cannot be written.
    pub fn accept(&self, review: &UpdateReview, candidate: &Candidate, reviewed: &str) -> Result<(), SupplyError> {
        let _held = self.store.hold()?;
        let found = &review.after.sha256;
        if reviewed.len() < MIN_DIGEST || !found.starts_with(&reviewed.to_lowercase()) {
            return Err(SupplyError::OtherThanReviewed {
                name: review.name.clone(),
                reviewed: reviewed.to_owned(),
                found: found.clone(),
            });
        }
        candidate.check_grants(&review.after.grants)?;
        self.agree(candidate, &review.after)
    }

    /// Components of a registry whose name or description contains a text.
    ///
    /// # Errors
    /// When the registry does not list what it has.
    pub async fn search(&self, registry: &str, text: &str) -> Result<Vec<Offer>, SupplyError> {
        search::search(registry, text, &self.profile.trust.registries).await
    }

    /// Holds the lock to profile, store, keys and lists.
    ///
    /// # Errors
    /// When the lock cannot be understood.
    pub fn check(&self) -> Result<Vec<Finding>, SupplyError> {
        lock_check::check(&self.profile, &self.trust, &self.store)
    }

    async fn fetch(&self, source: &str, unsigned: bool) -> Result<Candidate, SupplyError> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let place = Source::parse(source, folder)?;
        let fetched = fetch(&place, source, &self.profile.trust.registries).await?;
        Candidate::of(fetched, source, &self.trust, unsigned)
    }

    /// Keeps the bytes and writes profile and lock, the lock last: until it stands, a run stops.
    fn agree(&self, candidate: &Candidate, locked: &LockedPlugin) -> Result<(), SupplyError> {
        let mut lock = Lock::read(&self.lock)?;
        self.store.keep(&locked.sha256, &candidate.bytes)?;
        let entry = ProfileEntry {
            name: &locked.name,
            source: &locked.source,
            grants: &locked.grants,
            unsigned: locked.signature.is_none(),
        };
        entry.write(&self.file)?;
        lock.put(locked.clone());
        lock.write(&self.lock)
    }

    fn settings(&self, name: &str) -> PluginSettings {
        self.profile.plugins.get(name).cloned().unwrap_or_default()
    }

    fn locked<'l>(&self, lock: &'l Lock, name: &str) -> Result<&'l LockedPlugin, SupplyError> {
        lock.plugin(name).ok_or_else(|| {
            let names: Vec<_> = lock.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
            SupplyError::Unknown {
                name: name.to_owned(),
                known: if names.is_empty() {
                    "none".to_owned()
                } else {
                    names.join(", ")
                },
            }
        })
    }

    /// Nothing takes the place of a plugin of the program, under its whole name or the short one.
    fn refuse_built_in(&self, candidate: &Candidate) -> Result<(), SupplyError> {
        let manifest = &candidate.artifact.manifest;
        let stands_for = |built_in: &&String| {
            **built_in == manifest.name || **built_in == format!("{}-{}", manifest.kind, manifest.name)
        };
        match self.built_in.iter().find(stands_for) {
            None => Ok(()),
            Some(built_in) => Err(SupplyError::TakesBuiltIn {
                source_text: candidate.source.clone(),
                name: manifest.name.clone(),
                built_in: built_in.clone(),
            }),
        }
    }

    /// A name that the profile uses for a file of the user's, or for another source, is not taken over.
    fn refuse_taken(&self, name: &str, source: &str) -> Result<(), SupplyError> {
        let settings = self.settings(name);
        let what = match (settings.path, settings.source) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(known)) if known != source => known,
            _ => return Ok(()),
        };
        Err(SupplyError::Taken {
            name: name.to_owned(),
            what,
        })
    }

    /// A source as profile and lock hold it: a file's path begins at the profile's folder where it lies below it.
    fn rebased(&self, text: &str, folder: &Path) -> Result<String, SupplyError> {
        let Source::File(path) = Source::parse(text, folder)? else {
            return Ok(text.to_owned());
        };
        let unreachable = |error: std::io::Error| SupplyError::Unreachable {
            source_text: text.to_owned(),
            reason: error.to_string(),
        };
        let path = path.canonicalize().map_err(unreachable)?;
        let home = self.file.canonicalize().map_err(unreachable)?;
        let below = home.parent().and_then(|home| path.strip_prefix(home).ok());
        let path = below.unwrap_or(&path);
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| SupplyError::BadSource {
            text: path.display().to_string(),
            reason: "its path is no text".to_owned(),
        })
    }
}
