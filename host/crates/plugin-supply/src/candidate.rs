//! A plugin that was fetched and verified, and is not agreed to yet.

use std::collections::BTreeSet;

use nl2sql_plugin_host::{Artifact, DISCLOSE_ROWS, sha256_hex};

use crate::SupplyError;
use crate::fetch::Fetched;
use crate::lock::LockedPlugin;
use crate::trust::{Signer, Trust};

/// A plugin that was fetched.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is.
    pub artifact: Artifact,
    /// Services that it imports.
    pub imports: BTreeSet<String>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) source: String,
    pub(crate) resolved: Option<String>,
    pub(crate) signer: Option<Signer>,
}

impl Candidate {
    /// Verifies what was fetched, and only then reads it.
    ///
    /// # Errors
    /// When it is known to be bad, nobody trusted signed it and it is not to go `unsigned`, or it is no plugin.
    pub(crate) fn of(fetched: Fetched, source: &str, trust: &Trust, unsigned: bool) -> Result<Self, SupplyError> {
        let Fetched {
            bytes,
            signatures,
            resolved,
        } = fetched;
        trust.refuse_known_bad(source, &sha256_hex(&bytes))?;
        let signer = match trust.signer(&bytes, &signatures, source) {
            Ok(signer) => Some(signer),
            Err(SupplyError::Unsigned { .. } | SupplyError::UntrustedSigner { .. }) if unsigned => None,
            Err(error) => return Err(error),
        };
        let name = signer.as_ref().map(|signer| signer.name.clone());
        let artifact = Artifact::read(&bytes, source)?.signed_by(name);
        Ok(Self {
            imports: artifact.services()?,
            artifact,
            bytes,
            source: source.to_owned(),
            resolved,
            signer,
        })
    }

    /// Services that it imports and that these grants do not name, with its reasons.
    pub(crate) fn ungranted(&self, grants: &BTreeSet<String>) -> Vec<(String, String)> {
        let missing = self.imports.difference(grants);
        missing
            .map(|service| {
                let reason = self.artifact.manifest.imports.get(service);
                (service.clone(), reason.cloned().unwrap_or_default())
            })
            .collect()
    }

    /// Refuses grants that leave out what it imports, or name what it does not ask for.
    pub(crate) fn check_grants(&self, grants: &BTreeSet<String>) -> Result<(), SupplyError> {
        let name = self.artifact.manifest.name.clone();
        let asked = self.ungranted(grants);
        if !asked.is_empty() {
            return Err(SupplyError::Ungranted { name, asked });
        }
        let asks = |word: &&String| self.imports.contains(*word) || *word == DISCLOSE_ROWS;
        match grants.iter().find(|word| !asks(word)) {
            Some(word) => Err(SupplyError::NeedlessGrant {
                name,
                word: word.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The line of a lock.
    pub fn locked(&self, grants: &BTreeSet<String>) -> LockedPlugin {
        let signer = self.signer.as_ref();
        LockedPlugin {
            name: self.artifact.manifest.name.clone(),
            version: self.artifact.manifest.version.clone(),
            kind: self.artifact.manifest.kind,
            source: self.source.clone(),
            resolved: self.resolved.clone(),
            sha256: self.artifact.sha256.clone(),
            size: self.artifact.size,
            contract: self.artifact.contract.clone(),
            imports: self.imports.clone(),
            grants: grants.clone(),
            signer: signer.map(|signer| signer.name.clone()),
            key: signer.map(|signer| signer.key.clone()),
            signature: signer.map(|signer| signer.signature.clone()),
        }
    }
}
