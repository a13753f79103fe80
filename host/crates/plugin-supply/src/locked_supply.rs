//! What a run asks for the plugins of others: what is locked, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_plugin_host::{Artifact, LoadError, Supply, sha256_hex};
use nl2sql_profile::{PluginSettings, Profile};

use crate::SupplyError;
use crate::change::words;
use crate::lock::{Lock, LockedPlugin};
use crate::store::Store;
use crate::trust::Trust;

/// The plugins of a lock, verified each time they are read.
#[derive(Debug)]
pub struct LockedSupply {
    settings: BTreeMap<String, PluginSettings>,
    lock: Lock,
    trust: Trust,
    store: Store,
}

impl LockedSupply {
    /// The plugins that a profile has from elsewhere.
    ///
    /// # Errors
    /// When the lock cannot be understood.
    pub fn of(profile: &Profile, trust: Trust, store: Store) -> Result<Self, SupplyError> {
        let lock = profile.trust.lock.as_deref().map(Lock::read).transpose()?;
        Ok(Self {
            settings: profile.plugins.clone(),
            lock: lock.unwrap_or_default(),
            trust,
            store,
        })
    }

    /// The plugin of this name: agreed to, unchanged, signed as agreed, and what the lock says it is.
    ///
    /// # Errors
    /// At the first of these that does not hold.
    pub fn verified(&self, name: &str) -> Result<Artifact, SupplyError> {
        let settings = self.settings.get(name).cloned().unwrap_or_default();
        let locked = self.agreed(name, &settings)?;
        let bytes = self.bytes(locked)?;
        let origin = format!("plugin `{name}` of {}", locked.source);
        self.trust.refuse_known_bad(&origin, &locked.sha256)?;
        let signer = self.signer(locked, &bytes, settings.unsigned, &origin)?;
        let artifact = Artifact::read(&bytes, &origin)?.signed_by(signer);
        check_facts(locked, &artifact)?;
        Ok(artifact)
    }

    /// The line of the lock, where it says what the profile says.
    fn agreed(&self, name: &str, settings: &PluginSettings) -> Result<&LockedPlugin, SupplyError> {
        let source = settings.source.clone().unwrap_or_default();
        let not_locked = |reason: String| SupplyError::NotLocked {
            name: name.to_owned(),
            reason,
            source_text: source.clone(),
        };
        let locked = self
            .lock
            .plugin(name)
            .ok_or_else(|| not_locked("the lock does not name it".to_owned()))?;
        if locked.source != source {
            return Err(not_locked(format!(
                "the profile has it from {source}, and the lock from {}",
                locked.source
            )));
        }
        let granted: BTreeSet<String> = settings.grant.iter().flatten().cloned().collect();
        if granted != locked.grants {
            return Err(SupplyError::OtherGrants {
                name: name.to_owned(),
                profile: words(&granted),
                lock: words(&locked.grants),
            });
        }
        Ok(locked)
    }

    fn bytes(&self, locked: &LockedPlugin) -> Result<Vec<u8>, SupplyError> {
        let bytes = self
            .store
            .read(&locked.sha256)?
            .ok_or_else(|| SupplyError::NotInstalled {
                name: locked.name.clone(),
            })?;
        let found = sha256_hex(&bytes);
        if found == locked.sha256 {
            return Ok(bytes);
        }
        Err(SupplyError::Tampered {
            name: locked.name.clone(),
            path: self.store.path(&locked.sha256),
            found,
        })
    }

    /// Who signed it, verified again. A lock from which the signature was taken out needs the word that allows that.
    fn signer(
        &self,
        locked: &LockedPlugin,
        bytes: &[u8],
        unsigned: bool,
        origin: &str,
    ) -> Result<Option<String>, SupplyError> {
        let signatures: Vec<String> = locked.signature.iter().cloned().collect();
        if signatures.is_empty() && unsigned {
            return Ok(None);
        }
        let signer = self.trust.signer(bytes, &signatures, origin)?;
        if locked.key.as_ref() != Some(&signer.key) {
            return Err(SupplyError::LyingLock {
                name: locked.name.clone(),
                field: "the key",
                locked: locked.key.clone().unwrap_or_default(),
                found: signer.key,
            });
        }
        Ok(Some(signer.name))
    }
}

/// Holds every line of the lock to the plugin itself.
fn check_facts(locked: &LockedPlugin, artifact: &Artifact) -> Result<(), SupplyError> {
    let manifest = &artifact.manifest;
    let facts = [
        ("the name", locked.name.clone(), manifest.name.clone()),
        ("version", locked.version.clone(), manifest.version.clone()),
        ("the kind", locked.kind.to_string(), manifest.kind.to_string()),
        ("the contract", locked.contract.clone(), artifact.contract.clone()),
        ("the imports", words(&locked.imports), words(&artifact.services()?)),
        ("the size", locked.size.to_string(), artifact.size.to_string()),
    ];
    match facts.into_iter().find(|(_, locked, found)| locked != found) {
        None => Ok(()),
        Some((field, in_lock, found)) => Err(SupplyError::LyingLock {
            name: locked.name.clone(),
            field,
            locked: in_lock,
            found,
        }),
    }
}

impl Supply for LockedSupply {
    fn plugin(&self, name: &str) -> Result<Artifact, LoadError> {
        Ok(self.verified(name)?)
    }

    fn refuse_known_bad(&self, origin: &str, sha256: &str) -> Result<(), LoadError> {
        Ok(self.trust.refuse_known_bad(origin, sha256)?)
    }
}
