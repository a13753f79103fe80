//! `nl2sql.lock`: what was reviewed and agreed to, to the byte.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use nl2sql_plugin_host::{Kind, is_plugin_name};
use serde::{Deserialize, Serialize};

use crate::SupplyError;

/// Version of the file that this program writes and reads.
const VERSION: u32 = 1;

/// What stands at the top of the file.
const HEAD: &str =
    "# Written by `nl2sql plugin`; belongs into version control. A run uses what stands here, or stops.\n";

/// The plugins that a profile has from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// The plugins, by name.
    #[serde(default, rename = "plugin")]
    pub plugins: Vec<LockedPlugin>,
}

/// One plugin of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Its name.
    pub name: String,
    /// Version in its manifest.
    pub version: String,
    /// Its kind.
    pub kind: Kind,
    /// Where it was fetched from, as in the profile.
    pub source: String,
    /// Digest of the manifest that a registry's tag led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Bytes of its file.
    pub size: usize,
    /// Version of the contract it was built for.
    pub contract: String,
    /// Services that it imports.
    pub imports: BTreeSet<String>,
    /// What it was granted when it was locked.
    pub grants: BTreeSet<String>,
    /// Name of the key that signed it; absent where it was accepted unsigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// The key itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The signature, so that it can be verified wherever the lock is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Default for Lock {
    fn default() -> Self {
        Self {
            version: VERSION,
            plugins: Vec::new(),
        }
    }
}

impl Lock {
    /// Reads a lock; one that does not exist is empty.
    ///
    /// # Errors
    /// When it cannot be read, is of a later version, or holds what no lock holds.
    pub fn read(path: &Path) -> Result<Self, SupplyError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(SupplyError::bad_file(path, error)),
        };
        let lock: Self = toml::from_str(&text).map_err(|error| SupplyError::bad_file(path, error.message()))?;
        match lock.fault() {
            Some(fault) => Err(SupplyError::bad_file(path, fault)),
            None => Ok(lock),
        }
    }

    fn fault(&self) -> Option<String> {
        if self.version != VERSION {
            return Some(format!(
                "it has version {}, and this nl2sql knows version {VERSION}",
                self.version
            ));
        }
        let mut names = BTreeSet::new();
        self.plugins.iter().find_map(|plugin| {
            let name = &plugin.name;
            if !is_plugin_name(name) {
                return Some(format!("`{name}` is no name of a plugin"));
            }
            if !is_digest(&plugin.sha256) {
                return Some(format!("plugin `{name}` has no digest of 64 lower-case hex digits"));
            }
            if (plugin.signer.is_some(), plugin.key.is_some())
                != (plugin.signature.is_some(), plugin.signature.is_some())
            {
                return Some(format!(
                    "plugin `{name}` has a signer, a key and a signature, or none of them"
                ));
            }
            (!names.insert(name)).then(|| format!("it names plugin `{name}` twice"))
        })
    }

    /// Writes the lock beside its place and renames it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SupplyError> {
        let text = toml::to_string(self).map_err(|error| SupplyError::unwritable(path, error))?;
        replace(path, format!("{HEAD}{text}").as_bytes())
    }

    /// The plugin of this name.
    pub fn plugin(&self, name: &str) -> Option<&LockedPlugin> {
        self.plugins.iter().find(|plugin| plugin.name == name)
    }

    /// Puts a plugin in, in place of one of its name.
    pub(crate) fn put(&mut self, plugin: LockedPlugin) {
        self.plugins.retain(|known| known.name != plugin.name);
        self.plugins.push(plugin);
        self.plugins.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Whether a text is a SHA-256 as this program writes it. It becomes part of a path.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Writes a file beside its place and renames it, so that it is whole or the old one. A link stays one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), SupplyError> {
    let failed = |error: std::io::Error| SupplyError::unwritable(path, error);
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    // Those of any file, less the mask of the process.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&place).map_err(|error| failed(error.error))?;
    Ok(())
}
