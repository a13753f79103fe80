//! Whose plugins are trusted: keys of the profile and of the user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minisign_verify::{Error, PublicKey, Signature};
use nl2sql_profile::TrustSettings;
use serde::Deserialize;

use crate::SupplyError;
use crate::revocation::Revocations;

/// Most bytes of a signature.
pub(crate) const MAX_SIGNATURE_BYTES: usize = 4096;

/// Keys that are trusted, and what is known to be bad.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    keys: Vec<TrustedKey>,
    revoked: Revocations,
}

#[derive(Clone, Debug)]
struct TrustedKey {
    name: String,
    text: String,
    key: PublicKey,
}

/// Who signed some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signer {
    /// Name that the user gave the key.
    pub(crate) name: String,
    /// The public key.
    pub(crate) key: String,
    /// The signature.
    pub(crate) signature: String,
}

/// `trust.toml` in the user's settings.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct UserTrust {
    keys: BTreeMap<String, String>,
    revoked: Option<PathBuf>,
}

impl Trust {
    /// What the profile trusts and, where there is such a file, the user.
    ///
    /// # Errors
    /// When a file that is named cannot be read, or holds something that is not understood.
    pub fn load(settings: &TrustSettings, user: Option<&Path>) -> Result<Self, SupplyError> {
        let mut trust = Self::default();
        trust.add_keys(&settings.keys, "the profile, `[trust.keys]`")?;
        trust.add_list(settings.revoked.as_deref())?;
        if let Some(path) = user.filter(|path| path.exists()) {
            let text = std::fs::read_to_string(path).map_err(|error| SupplyError::bad_file(path, error))?;
            let file: UserTrust =
                toml::from_str(&text).map_err(|error| SupplyError::bad_file(path, error.message()))?;
            trust.add_keys(&file.keys, &path.display().to_string())?;
            let folder = path.parent().unwrap_or(Path::new(""));
            trust.add_list(file.revoked.map(|list| folder.join(list)).as_deref())?;
        }
        Ok(trust)
    }

    fn add_keys(&mut self, keys: &BTreeMap<String, String>, place: &str) -> Result<(), SupplyError> {
        for (name, text) in keys {
            let key = PublicKey::from_base64(text.trim()).map_err(|_| SupplyError::BadKey {
                name: name.clone(),
                place: place.to_owned(),
            })?;
            self.keys.push(TrustedKey {
                name: name.clone(),
                text: text.trim().to_owned(),
                key,
            });
        }
        Ok(())
    }

    fn add_list(&mut self, path: Option<&Path>) -> Result<(), SupplyError> {
        path.map_or(Ok(()), |path| self.revoked.add(path))
    }

    /// Refuses bytes that are known to be bad.
    pub(crate) fn refuse_known_bad(&self, origin: &str, sha256: &str) -> Result<(), SupplyError> {
        self.revoked.check_digest(origin, sha256)
    }

    /// The trusted key that signed the bytes. One signature of a trusted key that does not fit is enough to refuse them.
    ///
    /// # Errors
    /// When no trusted key did, a signature does not fit, or the key is revoked.
    pub(crate) fn signer(&self, bytes: &[u8], signatures: &[String], origin: &str) -> Result<Signer, SupplyError> {
        let mut found = None;
        for text in signatures {
            let unreadable = |reason: String| SupplyError::UnreadableSignature {
                origin: origin.to_owned(),
                reason,
            };
            let signature = Signature::decode(text).map_err(|error| unreadable(error.to_string()))?;
            for trusted in &self.keys {
                match trusted.key.verify(bytes, &signature, false) {
                    Ok(()) => found = found.or(Some((trusted, text))),
                    Err(Error::UnexpectedKeyId) => {}
                    Err(Error::UnexpectedAlgorithm) => {
                        return Err(unreadable("it is of minisign's old kind, without a digest".to_owned()));
                    }
                    Err(_) => {
                        return Err(SupplyError::BadSignature {
                            origin: origin.to_owned(),
                            signer: trusted.name.clone(),
                        });
                    }
                }
            }
        }
        let origin = origin.to_owned();
        match found {
            Some((trusted, signature)) => {
                self.revoked.check_key(&trusted.name, &trusted.text)?;
                Ok(Signer {
                    name: trusted.name.clone(),
                    key: trusted.text.clone(),
                    signature: signature.clone(),
                })
            }
            None if signatures.is_empty() => Err(SupplyError::Unsigned { origin }),
            None => Err(SupplyError::UntrustedSigner { origin }),
        }
    }
}
