//! Lists of what is known to be bad.

use std::path::Path;

use serde::Deserialize;

use crate::SupplyError;

/// What must not be used, from every list there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Revocations(Vec<Revocation>);

/// A list as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    #[serde(default)]
    revoked: Vec<Revocation>,
}

/// One line of a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    /// Digest of a file.
    sha256: Option<String>,
    /// Public key of minisign.
    key: Option<String>,
    /// Why, in one sentence.
    reason: String,
}

impl Revocations {
    /// Adds a list.
    pub(crate) fn add(&mut self, path: &Path) -> Result<(), SupplyError> {
        let text = std::fs::read_to_string(path).map_err(|error| SupplyError::bad_file(path, error))?;
        let list: List = toml::from_str(&text).map_err(|error| SupplyError::bad_file(path, error.message()))?;
        if list
            .revoked
            .iter()
            .any(|entry| entry.sha256.is_some() == entry.key.is_some())
        {
            return Err(SupplyError::bad_file(
                path,
                "an entry names either a `sha256` or a `key`",
            ));
        }
        self.0.extend(list.revoked);
        Ok(())
    }

    /// Refuses a file that is listed.
    pub(crate) fn check_digest(&self, origin: &str, sha256: &str) -> Result<(), SupplyError> {
        let listed = |entry: &&Revocation| {
            entry
                .sha256
                .as_ref()
                .is_some_and(|bad| bad.eq_ignore_ascii_case(sha256))
        };
        self.refuse(self.0.iter().find(listed), origin)
    }

    /// Refuses a key that is listed.
    pub(crate) fn check_key(&self, name: &str, key: &str) -> Result<(), SupplyError> {
        let listed = |entry: &&Revocation| entry.key.as_ref().is_some_and(|bad| bad.trim() == key);
        self.refuse(self.0.iter().find(listed), &format!("the key `{name}`"))
    }

    fn refuse(&self, listed: Option<&Revocation>, what: &str) -> Result<(), SupplyError> {
        match listed {
            None => Ok(()),
            Some(entry) => Err(SupplyError::Revoked {
                what: what.to_owned(),
                reason: entry.reason.clone(),
            }),
        }
    }
}
